import type { Seconds } from '../../blocklist/entry.ts';
import { DAY_SECONDS } from '../../blocklist/policy.ts';
import { HOUR_SECONDS, notificationOf } from './event.ts';
import { notificationJson } from './send-notifications.ts';

export interface NoticeDeps {
  readonly deliver: (text: string) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  /** At most so many an hour. */
  readonly limit: number;
  readonly now: () => Seconds;
}

/** After a failure, nothing is sent for so long. */
const PAUSE_SECONDS = 60;

/**
 * Sends a notification of each member of a fleet that is over its budget, once a day; for the server,
 * which has no store of blocks. One that cannot be sent is sent with the member's next report.
 */
export class BudgetNotices {
  readonly #deps: NoticeDeps;
  /** When a notification of each member was sent; only those of the last day. */
  readonly #told = new Map<string, Seconds>();
  #pausedUntil: Seconds = 0;

  constructor(deps: NoticeDeps) {
    this.#deps = deps;
  }

  /** To be called when reports of the member were deferred. */
  deferred(member: string, reports: number): void {
    const { deliver, onFailure, limit, now } = this.#deps;
    const at = now();
    for (const [name, then] of this.#told) if (then <= at - DAY_SECONDS) this.#told.delete(name);
    const lately = [...this.#told.values()].filter((then) => then > at - HOUR_SECONDS);
    if (this.#told.has(member) || lately.length >= limit || at < this.#pausedUntil) return;
    this.#told.set(member, at);
    const event = { type: 'member-over-budget', member, reports } as const;
    deliver(notificationJson(notificationOf(event, at))).catch((error: unknown) => {
      this.#told.delete(member);
      this.#pausedUntil = at + PAUSE_SECONDS;
      onFailure(error);
    });
  }
}
