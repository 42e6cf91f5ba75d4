import { compareAddresses } from './address.ts';
import { contains, type Prefix } from './prefix.ts';
import { PrefixList } from './prefix-list.ts';

/** The interface of a NetworkTable that is needed here. */
interface Networks {
  readonly size: number;
  copyTo(list: PrefixList): void;
}

/**
 * The networks of one table in order, for range queries: a sorted list, and the few that were added
 * since, unsorted. It is sorted again by a query if the changes are many more than the square root of
 * all. A change costs O(sqrt n) at most, a query O(log n + sqrt n) plus its results.
 */
export class NetworkOrder {
  readonly #table: Networks;
  /** May have networks that are no longer in the table, or that are in #added too. */
  #sorted: PrefixList;
  #added = new PrefixList();
  #deletions = 0;

  constructor(table: Networks) {
    this.#table = table;
    this.#sorted = sortedPrefixes(table);
  }

  /** To be called when a prefix is added to the table. */
  added(prefix: Prefix): void {
    this.#added.push(prefix);
  }

  /** To be called when a prefix is removed from the table. */
  deleted(): void {
    this.#deletions++;
  }

  /**
   * Adds the networks within the outer prefix to `found`. Some may no longer be in the table, or may
   * occur twice.
   */
  collect(outer: Prefix, found: PrefixList): void {
    this.#settle();
    const sorted = this.#sorted;
    for (let index = firstNotBefore(sorted, outer); index < sorted.size; index++) {
      const prefix = sorted.at(index);
      if (!contains(outer, prefix)) break;
      found.push(prefix);
    }
    for (const prefix of this.#added) if (contains(outer, prefix)) found.push(prefix);
  }

  #settle(): void {
    const changes = this.#added.size + this.#deletions;
    if (changes <= 64 + 4 * Math.sqrt(this.#table.size)) return;
    this.#sorted = sortedPrefixes(this.#table);
    this.#added = new PrefixList();
    this.#deletions = 0;
  }
}

function sortedPrefixes(table: Networks): PrefixList {
  const list = new PrefixList();
  table.copyTo(list);
  list.sort();
  return list;
}

/** The index of the first prefix whose network is not before that of `outer`. */
function firstNotBefore(sorted: PrefixList, outer: Prefix): number {
  let low = 0;
  let high = sorted.size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAddresses(sorted.at(middle), outer) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
