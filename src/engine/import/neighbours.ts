import { comparePrefixes, contains, containsPrefix, type Prefix } from '../../net/prefix.ts';
import type { PrefixList } from '../../net/prefix-list.ts';

/**
 * Says whether any entry contains a prefix or lies within it, for prefixes in order. Nearly all
 * prefixes of a long list have none; this saves a query of the store for each.
 */
export class Neighbours {
  readonly #others: PrefixList;
  #next = 0;
  /** The prefixes so far that may contain the next one, the widest first. */
  readonly #open: Prefix[] = [];

  constructor(others: PrefixList) {
    others.sort();
    this.#others = others;
  }

  /**
   * Whether no entry and no earlier prefix contains the prefix or lies within it.
   * @param prefix not before the previous one in the order of comparePrefixes
   */
  isAlone(prefix: Prefix): boolean {
    this.#leave(prefix);
    let other = this.#other();
    while (other !== undefined && comparePrefixes(other, prefix) <= 0) {
      if (containsPrefix(other, prefix)) this.#open.push(other);
      this.#next++;
      other = this.#other();
    }
    const isAlone = this.#open.length === 0 && !(other && contains(prefix, other));
    this.#open.push(prefix);
    return isAlone;
  }

  #leave(prefix: Prefix): void {
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) {
      if (containsPrefix(last, prefix)) return;
      this.#open.pop();
    }
  }

  #other(): Prefix | undefined {
    return this.#next < this.#others.size ? this.#others.at(this.#next) : undefined;
  }
}
