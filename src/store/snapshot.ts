import type { Entry } from '../blocklist/entry.ts';
import { Logins } from '../blocklist/logins.ts';
import type { Login } from '../blocklist/protect.ts';
import type { Family } from '../net/address.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { Entries } from './entries.ts';
import type { LoginTable } from './logins.ts';

/** Up to this many rows are read at once and looked up in memory. */
const FEW = 1024;
const NOTHING: readonly Entry[] = [];

/**
 * The entries and logins around many networks, for thousands of lookups. Results may be as old as
 * the snapshot: nothing may be written around a network that is looked up afterwards.
 */
export class Snapshot {
  readonly #entries: Entries;
  readonly #logins: LoginTable;
  /** The entries of lengths that have few. */
  readonly #few = new PrefixMap<Entry>();
  /** The lengths with many entries, the widest first. */
  readonly #many = new Map<Family, readonly number[]>();
  /** All logins, if they are few. */
  #allLogins: Logins | 'many' | undefined;

  constructor(entries: Entries, logins: LoginTable) {
    this.#entries = entries;
    this.#logins = logins;
  }

  /** The entries that contain the prefix, including its own, the widest first. */
  supernets(prefix: Prefix): readonly Entry[] {
    const many = this.#lengthsWithMany(prefix.family);
    const few = this.#few.supernets(prefix);
    // Most networks have no entries.
    if (few.length === 0 && many.length === 0) return NOTHING;
    const found = few.map(({ value }) => value);
    for (const length of many) {
      if (length > prefix.length) break;
      const entry = this.#entries.get(prefixAround(prefix, length));
      if (entry !== undefined) found.push(entry);
    }
    return many.length === 0 || found.length < 2
      ? found
      : found.toSorted((p, q) => p.prefix.length - q.prefix.length);
  }

  /** The logins from addresses in the prefix. */
  loginsWithin(prefix: Prefix): readonly Login[] {
    this.#allLogins ??= this.#readLogins();
    return this.#allLogins === 'many'
      ? this.#logins.within(prefix, 0)
      : this.#allLogins.within(prefix);
  }

  #lengthsWithMany(family: Family): readonly number[] {
    const known = this.#many.get(family);
    if (known !== undefined) return known;
    const many = this.#entries.lengths(family).filter((length) => {
      const entries = this.#entries.ofLength(family, length, FEW + 1);
      if (entries.length > FEW) return true;
      for (const entry of entries) this.#few.set(entry.prefix, entry);
      return false;
    });
    this.#many.set(family, many);
    return many;
  }

  #readLogins(): Logins | 'many' {
    const logins = this.#logins.first(FEW + 1);
    return logins.length > FEW ? 'many' : new Logins(logins);
  }
}
