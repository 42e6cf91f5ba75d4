import type { Seconds } from '../../blocklist/entry.ts';
import type { Address } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';

/** The two follow each other at once; a later one is another ban. */
const WITHIN_SECONDS = 60;
const MOST = 65_536;

type Form = 'plain' | 'message';

interface Waiting {
  readonly form: Form;
  readonly until: Seconds;
  count: number;
}

/**
 * Each ban goes out twice: as a message of ours, and as a plain address for acacia's daemons.
 * Whoever hears both must count it once.
 */
export class Echoes {
  /** By address, those that came first, first: which form came and how often without the other. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  /** Whether this is the second form of a ban that was heard in the other one. */
  isEcho(form: Form, address: Address, now: Seconds): boolean {
    this.#forget(now);
    const name = formatAddress(address);
    const waiting = this.#waiting.get(name);
    if (waiting !== undefined && waiting.form !== form) {
      waiting.count--;
      if (waiting.count === 0) this.#waiting.delete(name);
      return true;
    }
    this.#waiting.delete(name);
    const count = (waiting?.count ?? 0) + 1;
    this.#waiting.set(name, { form, until: now + WITHIN_SECONDS, count });
    return false;
  }

  /** How many are waited for. */
  get size(): number {
    return this.#waiting.size;
  }

  #forget(now: Seconds): void {
    for (const [name, { until }] of this.#waiting) {
      if (until > now && this.#waiting.size < this.#most) return;
      this.#waiting.delete(name);
    }
  }
}
