import type { Seconds } from '../../blocklist/entry.ts';
import type { Address } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';

/** Both forms of a ban are published together; what comes later is another ban. */
const WINDOW_SECONDS = 60;
const MAX_PENDING = 65_536;

type Form = 'plain' | 'message';

interface Pending {
  readonly form: Form;
  readonly until: Seconds;
  count: number;
}

/**
 * Each ban is published in two forms: as a message, and as a plain address for acacia's daemons. A
 * subscriber of both counts it once.
 */
export class DualFormFilter {
  /** By address, oldest first: the form that came without the other yet, and how often. */
  readonly #pending = new Map<string, Pending>();
  readonly #maxPending: number;

  constructor(maxPending = MAX_PENDING) {
    this.#maxPending = maxPending;
  }

  /**
   * Whether this is the second form of a ban that came in the other one.
   * @param isAccepted otherwise it is not remembered
   */
  isDuplicate(form: Form, address: Address, now: Seconds, isAccepted = true): boolean {
    this.#forget(now);
    const name = formatAddress(address);
    const pending = this.#pending.get(name);
    if (pending !== undefined && pending.form !== form) {
      pending.count--;
      if (pending.count === 0) this.#pending.delete(name);
      return true;
    }
    if (!isAccepted) return false;
    this.#pending.delete(name);
    const count = (pending?.count ?? 0) + 1;
    this.#pending.set(name, { form, until: now + WINDOW_SECONDS, count });
    return false;
  }

  /** Addresses of which one form came. */
  get size(): number {
    return this.#pending.size;
  }

  #forget(now: Seconds): void {
    for (const [name, { until }] of this.#pending) {
      if (until > now && this.#pending.size < this.#maxPending) return;
      this.#pending.delete(name);
    }
  }
}
