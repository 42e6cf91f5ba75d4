import { coalesce } from '../net/coalesce.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { PrefixMap } from '../net/prefix-map.ts';

/** How much one user of a fleet has active: IPv4 addresses and IPv6 prefixes. */
export interface Usage {
  readonly addresses4: number;
  readonly prefixes6: number;
}

const NOTHING: Usage = { addresses4: 0, prefixes6: 0 };

/**
 * Keeps what one user has active within a budget. As long as an upper bound is within it, an answer
 * costs an addition; then what is active has to be counted.
 */
export class UserUsage {
  readonly #most: Usage;
  #usage: Usage | undefined;
  /** What was admitted since the bound was known. */
  readonly #admitted: Prefix[] = [];
  /** What is active, once it is counted; no prefix in it contains another. */
  #active: PrefixMap<true> | undefined;
  readonly #full = new Set<Prefix['family']>();

  /** @param bound the user has no more than this active; undefined: not known */
  constructor(most: Usage, bound: Usage | undefined) {
    this.#most = most;
    this.#usage = bound;
  }

  /** The most that the user has active; undefined if not known. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  /**
   * Whether the user may have this active too; if so it counts from now on. Undefined: what is
   * active has to be counted first.
   */
  admits(prefix: Prefix): boolean | undefined {
    const gain = this.#gainOf(prefix);
    // Once it is full, not every further prefix is compared with all that is active.
    if (gain > 0 && this.#full.has(prefix.family)) return false;
    if (this.#usage === undefined) return undefined;
    const next = plus(this.#usage, prefix, gain);
    const kind = prefix.family === 4 ? 'addresses4' : 'prefixes6';
    if (gain > 0 && next[kind] > this.#most[kind]) {
      if (this.#active === undefined) return undefined;
      this.#full.add(prefix.family);
      return false;
    }
    this.#usage = next;
    this.#add(prefix);
    return true;
  }

  /** @param active all that the user has active, but for what was admitted here */
  count(active: PrefixList): void {
    const list = new PrefixList(active);
    for (const prefix of this.#admitted) list.push(prefix);
    this.#active = new PrefixMap();
    this.#usage = NOTHING;
    for (const prefix of coalesce(list)) {
      this.#active.set(prefix, true);
      this.#usage = plus(this.#usage, prefix, weightOf(prefix));
    }
  }

  /** What the prefix adds to what is active; negative for IPv6 if it contains several prefixes. */
  #gainOf(prefix: Prefix): number {
    if (this.#active === undefined) return weightOf(prefix);
    if (this.#active.supernets(prefix).length > 0) return 0;
    const inside = this.#active.subnets(prefix);
    return inside.reduce((rest, match) => rest - weightOf(match.prefix), weightOf(prefix));
  }

  #add(prefix: Prefix): void {
    const active = this.#active;
    if (active === undefined) this.#admitted.push(prefix);
    else if (active.supernets(prefix).length === 0) {
      for (const { prefix: inner } of active.subnets(prefix)) active.delete(inner);
      active.set(prefix, true);
    }
  }
}

function weightOf({ family, length }: Prefix): number {
  return family === 4 ? 2 ** (32 - length) : 1;
}

function plus({ addresses4, prefixes6 }: Usage, { family }: Prefix, gain: number): Usage {
  return family === 4
    ? { addresses4: addresses4 + gain, prefixes6 }
    : { addresses4, prefixes6: prefixes6 + gain };
}
