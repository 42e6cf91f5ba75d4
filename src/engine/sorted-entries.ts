import type { Entry } from '../blocklist/entry.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { ReadEntries } from './past.ts';

/** Number of entries read at once. */
const PAGE = 1000;

/**
 * Entries in some order. Each iteration reads them again, so that a million of them take about thirty
 * bytes each.
 */
export class SortedEntries implements Iterable<Entry> {
  readonly #list = new PrefixList();
  readonly #order: Uint32Array;
  readonly #read: ReadEntries;

  /**
   * @param key sorts by it, the lowest first; undefined: by prefix
   * @param most how many to keep
   * @param read reads entries again
   */
  constructor(
    entries: Iterable<Entry>,
    key: ((entry: Entry) => number) | undefined,
    most: number,
    read: ReadEntries,
  ) {
    const keys: Record<4 | 6, number[]> = { 4: [], 6: [] };
    for (const entry of entries) {
      this.#list.push(entry.prefix);
      if (key !== undefined) keys[entry.prefix.family].push(key(entry));
    }
    this.#order = Uint32Array.from({ length: this.#list.size }, (_, index) => index);
    if (key === undefined) this.#list.sort();
    else {
      // As in PrefixList, those of IPv4 come first.
      const all = Float64Array.from([...keys[4], ...keys[6]]);
      this.#order.sort((p, q) => (all[p] ?? 0) - (all[q] ?? 0) || p - q);
    }
    this.#order = this.#order.slice(0, most);
    this.#read = read;
  }

  get size(): number {
    return this.#order.length;
  }

  [Symbol.iterator](): Generator<Entry> {
    return this.#each(1);
  }

  /** At most this many of them, evenly spread. */
  sample(most: number): Generator<Entry> {
    return this.#each(Math.max(1, Math.ceil(this.size / most)));
  }

  /** Every nth. */
  *#each(nth: number): Generator<Entry> {
    const order = nth === 1 ? this.#order : this.#order.filter((_, index) => index % nth === 0);
    for (let from = 0; from < order.length; from += PAGE) {
      const page = order.subarray(from, from + PAGE);
      yield* this.#read(Array.from(page, (index) => this.#list.at(index)));
    }
  }
}
