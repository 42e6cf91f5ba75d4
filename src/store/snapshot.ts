import type { Entry } from '../blocklist/entry.ts';
import type { PastActivation } from '../blocklist/fold.ts';
import { Logins } from '../blocklist/logins.ts';
import type { Login } from '../blocklist/trust.ts';
import type { Family } from '../net/address.ts';
import { comparePrefixes, contains, type Prefix, prefixAround } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { Entries } from './entries.ts';
import type { History } from './history.ts';
import type { LoginTable } from './logins.ts';
import { MAX_SUBNETS } from './subnets.ts';

/** Up to this many rows are read at once and looked up in memory. */
const FEW = 1024;
/** This many lookups take less time than that. */
const MAX_SINGLE = 64;
const NOTHING: readonly Entry[] = [];

/**
 * The entries and logins around networks, for one lookup or for thousands. Results may be as old as
 * the snapshot: nothing may be written around a network that is looked up afterwards.
 */
export class Snapshot {
  readonly #entries: Entries;
  readonly #history: History;
  readonly #logins: LoginTable;
  /** The entries of lengths that have few. */
  readonly #few = new PrefixMap<Entry>();
  /** The same in order. */
  readonly #ordered = new Map<Family, readonly Entry[]>();
  /** The lengths with many entries, the widest first. */
  readonly #many = new Map<Family, readonly number[]>();
  /** All logins, if they are few. */
  #allLogins: Logins | 'many' | undefined;
  #lookups = 0;

  constructor(entries: Entries, history: History, logins: LoginTable) {
    this.#entries = entries;
    this.#history = history;
    this.#logins = logins;
  }

  /** The entries that contain the prefix, including its own, the widest first. */
  supernets(prefix: Prefix): readonly Entry[] {
    if (this.#isSingle()) return this.#entries.supernets(prefix);
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

  /** At most a thousand entries within the prefix, without its own. */
  subnets(prefix: Prefix): readonly Entry[] {
    if (this.#isSingle()) return this.#entries.subnets(prefix);
    const many = this.#lengthsWithMany(prefix.family).filter((length) => length > prefix.length);
    const found = this.#fewWithin(prefix);
    if (many.length === 0) return found;
    return [...found, ...this.#entries.within(prefix, many)].slice(0, MAX_SUBNETS);
  }

  /** The prefixes of all entries. */
  prefixes(): PrefixList {
    return this.#entries.prefixes();
  }

  /** The activations of the entry with this prefix, oldest first. */
  activations(prefix: Prefix): readonly PastActivation[] {
    return this.#history.activationsOf(prefix);
  }

  /** The logins from addresses in the prefix. */
  loginsWithin(prefix: Prefix): readonly Login[] {
    if (this.#isSingle()) return this.#logins.within(prefix, 0);
    this.#allLogins ??= this.#readLogins();
    return this.#allLogins === 'many'
      ? this.#logins.within(prefix, 0)
      : this.#allLogins.within(prefix);
  }

  /** Reading many rows pays only for many lookups. */
  #isSingle(): boolean {
    return ++this.#lookups <= MAX_SINGLE;
  }

  #lengthsWithMany(family: Family): readonly number[] {
    const known = this.#many.get(family);
    if (known !== undefined) return known;
    const ordered: Entry[] = [];
    const many = this.#entries.lengths(family).filter((length) => {
      const entries = this.#entries.ofLength(family, length, FEW + 1);
      if (entries.length > FEW) return true;
      for (const entry of entries) this.#few.set(entry.prefix, entry);
      ordered.push(...entries);
      return false;
    });
    this.#many.set(family, many);
    this.#ordered.set(
      family,
      ordered.toSorted((p, q) => comparePrefixes(p.prefix, q.prefix)),
    );
    return many;
  }

  /** The entries within the prefix, of lengths that have few. */
  #fewWithin(prefix: Prefix): Entry[] {
    const ordered = this.#ordered.get(prefix.family) ?? NOTHING;
    // The first entry after the prefix; those within it follow one another.
    let from = 0;
    for (let end = ordered.length; from < end; ) {
      const middle = (from + end) >>> 1;
      const entry = ordered[middle];
      if (entry !== undefined && comparePrefixes(entry.prefix, prefix) <= 0) from = middle + 1;
      else end = middle;
    }
    const found: Entry[] = [];
    for (let entry = ordered[from]; entry !== undefined; entry = ordered[++from]) {
      if (!contains(prefix, entry.prefix) || found.length >= MAX_SUBNETS) break;
      found.push(entry);
    }
    return found;
  }

  #readLogins(): Logins | 'many' {
    const logins = this.#logins.first(FEW + 1);
    return logins.length > FEW ? 'many' : new Logins(logins);
  }
}
