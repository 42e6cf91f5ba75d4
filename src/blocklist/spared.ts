import type { Address } from '../net/address.ts';
import type { Offence } from './offence.ts';
import type { ProtectionReason } from './request.ts';

/** Offences that were not counted because their address is protected. */
export interface Spared {
  readonly address: Address;
  readonly reason: ProtectionReason;
  /** The number of offences. */
  readonly count: number;
}

interface Sum extends Spared {
  count: number;
}

const NONE: readonly Spared[] = [];

/** Sums by address and reason. */
export class SparedAddresses {
  readonly #sums = new Map<string, Sum>();
  /** The last sum: offences often repeat. */
  #last: Sum | undefined;

  add({ address, count }: Offence, reason: ProtectionReason): void {
    if (this.#last?.address !== address || this.#last.reason !== reason) {
      this.#last = this.#sumOf(address, reason);
    }
    this.#last.count += count;
  }

  /** Takes back what was added. */
  remove({ address, count }: Offence, reason: ProtectionReason): void {
    this.#sumOf(address, reason).count -= count;
  }

  /** Removes and returns all, in order of arrival. */
  take(): readonly Spared[] {
    if (this.#last === undefined) return NONE;
    const spared = [...this.#sums.values()].filter(({ count }) => count > 0);
    this.#sums.clear();
    this.#last = undefined;
    return spared;
  }

  #sumOf(address: Address, reason: ProtectionReason): Sum {
    const { family, a, b, c, d } = address;
    const key = `${reason}:${family}:${a}:${b}:${c}:${d}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const sum = { address, reason, count: 0 };
    this.#sums.set(key, sum);
    return sum;
  }
}
