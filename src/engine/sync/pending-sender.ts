import type { Seconds } from '../../blocklist/entry.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import { RateLimiter } from '../../fleet/rate-limit.ts';
import { PENDING_REVISION } from '../../fleet/revision.ts';
import type { Store } from '../../store/store.ts';

const PAGE_SIZE = 100;
/** Half of `limits.user-rate`, so that there is room for blocks. */
const PER_SECOND = 5;
const BURST_SECONDS = 60;

export interface SentPending {
  /** The server has them. */
  readonly reported: number;
  /** How many of them completed a block. */
  readonly blocks: number;
}

/** Sends offences that blocked nobody here to a server that knows what they are. */
export class PendingSender {
  readonly #limiter: RateLimiter;
  readonly #windowSeconds: Seconds;
  readonly #now: () => Seconds;

  /**
   * @param windowSeconds older offences are dropped
   * @param milliseconds a clock that never goes back
   */
  constructor(
    windowSeconds: Seconds,
    now: () => Seconds,
    milliseconds: () => number = () => performance.now(),
  ) {
    this.#limiter = new RateLimiter(PER_SECOND, BURST_SECONDS, milliseconds);
    this.#windowSeconds = windowSeconds;
    this.#now = now;
  }

  /**
   * Sends the oldest ones, as many as may be sent by now. Throws what the client throws; then the rest
   * waits.
   */
  async send({ outbox: { pending } }: Store, client: FleetClient): Promise<SentPending> {
    const sent = { reported: 0, blocks: 0 };
    if (pending.isEmpty || client.version1 !== undefined) return sent;
    if ((await client.revision()) < PENDING_REVISION) return sent;
    for (;;) {
      const items = pending.after(this.#now() - this.#windowSeconds, PAGE_SIZE);
      const last = items.at(-1);
      if (last === undefined || this.#limiter.take('', items.length) > 0) return sent;
      const response = await client.report(items);
      if (response.kind === 'later') return sent;
      pending.removeTo(last.id);
      if (response.kind !== 'processed') continue;
      const outcomes = response.results.map(({ outcome }) => outcome);
      sent.reported += items.length;
      sent.blocks += outcomes.filter((one) => one === 'new' || one === 'reactivated').length;
    }
  }
}
