import { setTimeout as pause } from 'node:timers/promises';
import type { Expiry } from '../../blocklist/entry.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { VerifiedMessage } from './verify.ts';

/** What was heard on a channel with the action block. */
export interface BlockRequest extends VerifiedMessage {
  readonly channel: string;
  /** The same ban was heard as a plain address, and counted. */
  readonly isEcho: boolean;
}

/** What became of what was heard; `protected` where it would touch what is. */
type BlockOutcome = 'new' | 'reactivated' | 'extended' | 'covered' | 'evidence' | 'protected';

/** What is blocked now; of what is protected, what was asked for. */
export interface BlockResult {
  readonly outcome: BlockOutcome;
  readonly prefix: Prefix;
  readonly expiresAt: Expiry | undefined;
}

/** Stores what was heard, all of it or, if it throws, nothing; a result for each, in order. */
type StoreBans = (requests: readonly BlockRequest[]) => readonly BlockResult[];

export interface BlockDeps {
  readonly store: StoreBans;
  /**
   * Puts into the firewall what began to block, whatever else it holds. False where it has to be
   * brought up to date as a whole for that.
   */
  readonly add: (prefixes: readonly Prefix[]) => Promise<boolean>;
  /** Brings the firewall up to date with the store: the longer the more it holds. */
  readonly apply: () => Promise<void>;
  readonly onResult: (request: BlockRequest, result: BlockResult) => void;
  /** The store or the firewall failed; it is tried again. */
  readonly onFailure: (part: 'store' | 'firewall', error: unknown) => void;
}

/** Some milliseconds of work, after which new messages are looked at. */
const BATCH = 256;
/** What waits takes some 20 MB at most. What is beyond is fetched from the API. */
const MAX_WAITING = 65_536;
/** Where nothing is missing in the firewall, to look it through takes at most this part of the time. */
const PART = 1 / 10;
const LAST_DELAY_MILLISECONDS = 60_000;
/** What fails is tried again after so long, and each time after twice as long. */
const FIRST_RETRY_MILLISECONDS = 1000;
const LAST_RETRY_MILLISECONDS = 30_000;

/** What was heard, on its way into the store, and from there into the firewall. */
export class BlockQueue {
  readonly #deps: BlockDeps;
  readonly #most: number;
  #waiting: BlockRequest[] = [];
  #storing: Promise<void> | undefined;
  #applying: Promise<void> | undefined;
  #isStale = false;
  /** What is stored, and not in the firewall yet. */
  #fresh: Prefix[] = [];
  #adding: Promise<void> | undefined;
  #later: NodeJS.Timeout | undefined;
  #applyMilliseconds = 0;
  readonly #stop = new AbortController();

  constructor(deps: BlockDeps, mostWaiting = MAX_WAITING) {
    this.#deps = deps;
    this.#most = mostWaiting;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** False where the queue is full. */
  add(request: BlockRequest): boolean {
    if (this.#stop.signal.aborted || this.#waiting.length >= this.#most) return false;
    this.#waiting.push(request);
    this.#storing ??= this.#store().finally(() => {
      this.#storing = undefined;
    });
    return true;
  }

  /** Brings the firewall up to date, once for all who ask while it is done. */
  applySoon(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#isStale = true;
    this.#applying ??= this.#apply().finally(() => {
      this.#applying = undefined;
    });
  }

  /** All that waits is stored and in the firewall, or cannot be. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#storing;
    await this.#adding;
    if (this.#later !== undefined) this.applySoon();
    await this.#applying;
  }

  async #store(): Promise<void> {
    // First all that came with this message.
    await new Promise(setImmediate);
    let failures = 0;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      let results: readonly BlockResult[];
      try {
        results = this.#deps.store(batch);
      } catch (error) {
        this.#deps.onFailure('store', error);
        if (this.#stop.signal.aborted) return;
        await this.#pause(retryAfter(failures++));
        continue;
      }
      failures = 0;
      this.#waiting = this.#waiting.slice(batch.length);
      // First of all the firewall, then the telling.
      this.#addSoon(results.filter(isBeginning).map(({ prefix }) => prefix));
      for (const [index, request] of batch.entries()) {
        const result = results[index];
        if (result !== undefined) this.#deps.onResult(request, result);
      }
      await new Promise(setImmediate);
    }
  }

  #addSoon(prefixes: readonly Prefix[]): void {
    if (prefixes.length === 0) return;
    this.#fresh.push(...prefixes);
    this.#adding ??= this.#add();
  }

  async #add(): Promise<void> {
    while (this.#fresh.length > 0) {
      const fresh = this.#fresh;
      this.#fresh = [];
      if (await this.#deps.add(fresh)) this.#applyLater();
      else this.applySoon();
    }
    this.#adding = undefined;
  }

  /** Some of what was put in may be one rule with others, and somebody else may have changed them. */
  #applyLater(): void {
    const delay = Math.min(this.#applyMilliseconds / PART, LAST_DELAY_MILLISECONDS);
    this.#later ??= setTimeout(() => this.applySoon(), delay);
  }

  async #apply(): Promise<void> {
    let failures = 0;
    while (this.#isStale) {
      this.#isStale = false;
      const startedAt = performance.now();
      try {
        await this.#deps.apply();
        failures = 0;
        this.#applyMilliseconds = performance.now() - startedAt;
        // In a flood the firewall takes half of the time at most, and the store the other.
        if (this.#isStale && this.#waiting.length > 0) await this.#pause(this.#applyMilliseconds);
      } catch (error) {
        this.#deps.onFailure('firewall', error);
        if (this.#stop.signal.aborted) return;
        this.#isStale = true;
        await this.#pause(retryAfter(failures++));
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stop;
    await pause(milliseconds, undefined, { signal }).catch(() => {});
  }
}

function retryAfter(failures: number): number {
  return Math.min(FIRST_RETRY_MILLISECONDS * 2 ** failures, LAST_RETRY_MILLISECONDS);
}

/** What only lasts longer is in the firewall. */
function isBeginning({ outcome }: BlockResult): boolean {
  return outcome === 'new' || outcome === 'reactivated';
}
