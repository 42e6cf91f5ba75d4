import type { Family } from '../net/address.ts';
import { coalesce } from '../net/coalesce.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import { type Coverage, coverageOfCoalesced, mostAddresses, sizeOf } from './coverage.ts';

/** What prefixes cover together, exactly, while more are added. */
export class CoveredSpace {
  /** No prefix in it contains another. */
  readonly #prefixes = new PrefixMap<true>();
  readonly #coverage: Record<Family, bigint>;

  constructor(list: PrefixList) {
    const whole = coalesce(list);
    for (const prefix of whole) this.#prefixes.set(prefix, true);
    this.#coverage = { ...coverageOfCoalesced(whole) };
  }

  get coverage(): Coverage {
    return this.#coverage;
  }

  /** Adds the prefix if no more than this share in percent is covered with it. Whether it was. */
  addWithin(sharePercent: number, prefix: Prefix): boolean {
    const { family } = prefix;
    const next = this.#coverage[family] + this.gainOf(prefix);
    if (next > mostAddresses(family, sharePercent)) return false;
    this.add(prefix);
    return true;
  }

  /** How many addresses the prefix would add. */
  gainOf(prefix: Prefix): bigint {
    if (this.#prefixes.supernets(prefix).length > 0) return 0n;
    const inside = this.#prefixes.subnets(prefix);
    return inside.reduce((rest, match) => rest - sizeOf(match.prefix), sizeOf(prefix));
  }

  add(prefix: Prefix): void {
    if (this.#prefixes.supernets(prefix).length > 0) return;
    this.#coverage[prefix.family] += this.gainOf(prefix);
    for (const { prefix: inner } of this.#prefixes.subnets(prefix)) this.#prefixes.delete(inner);
    this.#prefixes.set(prefix, true);
  }
}
