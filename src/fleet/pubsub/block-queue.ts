import { setTimeout as pause } from 'node:timers/promises';
import type { Expiry } from '../../blocklist/entry.ts';
import type { Prefix } from '../../net/prefix.ts';
import { doubling, RepeatingTask } from '../../repeating-task.ts';
import type { VerifiedMessage } from './verify-message.ts';

/** A message on a channel with the action block. */
export interface BlockRequest extends VerifiedMessage {
  readonly channel: string;
  /** The same ban came as a plain address before, and was counted. */
  readonly isDuplicate: boolean;
}

/** Anybody can give any name where nothing is signed: then it is the channel. No user's name has a blank. */
export function sourceOf({ channel, message, isSigned }: BlockRequest): string {
  return message !== undefined && isSigned ? message.sender : `channel ${channel}`;
}

/**
 * `protected`: it overlaps what is protected. `too much`: more would be blocked than is allowed.
 * `held`: it is wide, and more machines have to report it.
 * `replayed`: it was received before. `expired`: it was ended since it was published.
 */
type BlockOutcome =
  | 'new'
  | 'reactivated'
  | 'extended'
  | 'covered'
  | 'evidence'
  | 'protected'
  | 'too much'
  | 'held'
  | 'replayed'
  | 'expired';

export interface BlockResult {
  readonly outcome: BlockOutcome;
  /** What is blocked now; if it was refused, what was requested. */
  readonly prefix: Prefix;
  readonly expiresAt: Expiry | undefined;
}

/** Stores all requests or, if it throws, none. Returns a result for each, in order. */
type StoreBans = (requests: readonly BlockRequest[]) => readonly BlockResult[];

export interface BlockDeps {
  readonly store: StoreBans;
  /**
   * Adds prefixes that became active to the firewall. Returns false if the whole firewall has to be
   * brought up to date instead.
   */
  readonly add: (prefixes: readonly Prefix[]) => Promise<boolean>;
  /** Brings the firewall up to date with the store, which takes the longer the more it holds. */
  readonly apply: () => Promise<void>;
  readonly onResult: (request: BlockRequest, result: BlockResult) => void;
  /** The store or the firewall failed. It is retried. */
  readonly onFailure: (part: 'store' | 'firewall', error: unknown) => void;
}

/** Some milliseconds of work, after which new messages are received. */
const BATCH = 256;
/** Some 20 MB. Messages beyond this are dropped, and fetched from the API later. */
const MAX_WAITING = 65_536;
const FIRST_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 30;

/** Stores received bans and puts them into the firewall. */
export class BlockQueue {
  readonly #deps: BlockDeps;
  readonly #maxWaiting: number;
  #waiting: BlockRequest[] = [];
  /** Stored, but not in the firewall yet. */
  #fresh: Prefix[] = [];
  readonly #storing: RepeatingTask;
  readonly #adding: RepeatingTask;
  readonly #applying: RepeatingTask;
  /** When the firewall was last brought up to date, and how long that took. */
  #appliedAt = Number.NEGATIVE_INFINITY;
  #applyMilliseconds = 0;
  readonly #stop = new AbortController();

  constructor(deps: BlockDeps, maxWaiting = MAX_WAITING) {
    this.#deps = deps;
    this.#maxWaiting = maxWaiting;
    const retrySeconds = doubling(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS);
    this.#storing = new RepeatingTask({
      work: () => this.#store(),
      onFailure: (error) => deps.onFailure('store', error),
      retrySeconds,
    });
    this.#adding = new RepeatingTask({
      work: () => this.#add(),
      onFailure: (error) => deps.onFailure('firewall', error),
    });
    this.#applying = new RepeatingTask({
      work: () => this.#apply(),
      onFailure: (error) => deps.onFailure('firewall', error),
      retrySeconds,
    });
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** False if the queue is full. */
  add(request: BlockRequest): boolean {
    if (this.#stop.signal.aborted || this.#waiting.length >= this.#maxWaiting) return false;
    this.#waiting.push(request);
    this.#storing.request();
    return true;
  }

  /** Brings the firewall up to date, once for all requests made meanwhile. */
  applySoon(): void {
    this.#applying.request();
  }

  /** Stores and applies what is waiting, as far as possible. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#storing.close();
    await this.#adding.close();
    await this.#applying.close();
  }

  async #store(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      const results = this.#deps.store(batch);
      this.#waiting = this.#waiting.slice(batch.length);
      // The firewall comes first, then the reports.
      this.#fresh.push(...results.filter(isBeginning).map(({ prefix }) => prefix));
      if (this.#fresh.length > 0) this.#adding.request();
      for (const [index, request] of batch.entries()) {
        const result = results[index];
        if (result !== undefined) this.#deps.onResult(request, result);
      }
      await new Promise(setImmediate);
    }
  }

  async #add(): Promise<void> {
    const fresh = this.#fresh;
    this.#fresh = [];
    let isAdded = false;
    try {
      isAdded = await this.#deps.add(fresh);
    } finally {
      if (!isAdded) this.applySoon();
    }
  }

  async #apply(): Promise<void> {
    if (this.#waiting.length > 0) await this.#yieldToStore();
    const startedAt = performance.now();
    await this.#deps.apply();
    this.#appliedAt = performance.now();
    this.#applyMilliseconds = this.#appliedAt - startedAt;
  }

  /** In a flood the firewall takes at most half of the time, and the store the other half. */
  async #yieldToStore(): Promise<void> {
    const milliseconds = this.#appliedAt + this.#applyMilliseconds - performance.now();
    if (milliseconds <= 0) return;
    const { signal } = this.#stop;
    await pause(milliseconds, undefined, { signal }).catch(() => {});
  }
}

/** An entry that only lasts longer is in the firewall already. */
function isBeginning({ outcome }: BlockResult): boolean {
  return outcome === 'new' || outcome === 'reactivated';
}

const REFUSALS = ['protected', 'too much', 'held', 'replayed', 'expired'] as const;

/** Whether nothing was blocked that was not before. */
export function isRefused(outcome: BlockOutcome): outcome is (typeof REFUSALS)[number] {
  return (REFUSALS as readonly string[]).includes(outcome);
}
