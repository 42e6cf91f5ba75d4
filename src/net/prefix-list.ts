import type { Family } from './address.ts';
import { NetworkRun } from './network-run.ts';
import type { Prefix } from './prefix.ts';

/**
 * Many prefixes in little memory: a run for each family. Invariant, to be kept by callers that
 * push words: as in a Prefix, host bits are zero, and no IPv6 prefix lies in ::ffff:0:0/96, which
 * is IPv4.
 */
export class PrefixList {
  readonly runs: Readonly<Record<Family, NetworkRun>>;

  /** @param of a list to copy */
  constructor(of?: PrefixList) {
    this.runs = { 4: new NetworkRun(4, of?.runs[4]), 6: new NetworkRun(6, of?.runs[6]) };
  }

  static from(prefixes: Iterable<Prefix>): PrefixList {
    const list = new PrefixList();
    for (const prefix of prefixes) list.push(prefix);
    return list;
  }

  get size(): number {
    return this.runs[4].size + this.runs[6].size;
  }

  push({ family, a, b, c, d, length }: Prefix): void {
    this.runs[family].push(a, b, c, d, length);
  }

  /** IPv4 before IPv6, each as pushed or, once sorted and until the next push, in order. */
  *[Symbol.iterator](): Generator<Prefix, void> {
    for (let index = 0; index < this.size; index++) yield this.at(index);
  }

  /** The prefix with this index, below `size`: first those of IPv4, then those of IPv6. */
  at(index: number): Prefix {
    const { size } = this.runs[4];
    return index < size ? this.runs[4].at(index) : this.runs[6].at(index - size);
  }

  /** Sorts by comparePrefixes. Linear; a single pass if it is sorted already. */
  sort(): void {
    this.runs[4].sort();
    this.runs[6].sort();
  }
}
