import type { Prefix } from './prefix.ts';
import { type NetworkRun, sortNetworks4, sortNetworks6 } from './prefix-sort.ts';

/**
 * Many prefixes without an object for each: per family an array of networks and one of lengths, of
 * which the first `size4` or `size6` are used. Network i of IPv6 is the four words from
 * networks6[i * 4]. Invariant, to be kept by callers that push words: as in a Prefix, host bits are
 * zero, and no IPv6 prefix lies in ::ffff:0:0/96, which is IPv4. Only this class writes the arrays.
 */
export class PrefixList {
  networks4: Uint32Array;
  lengths4: Uint8Array;
  size4 = 0;
  networks6: Uint32Array;
  lengths6: Uint8Array;
  size6 = 0;

  /** The capacities are initial: the list grows. */
  constructor(capacity4 = 0, capacity6 = 0) {
    this.networks4 = new Uint32Array(capacity4);
    this.lengths4 = new Uint8Array(capacity4);
    this.networks6 = new Uint32Array(capacity6 * 4);
    this.lengths6 = new Uint8Array(capacity6);
  }

  static from(prefixes: Iterable<Prefix>): PrefixList {
    const list = new PrefixList();
    for (const prefix of prefixes) list.push(prefix);
    return list;
  }

  get size(): number {
    return this.size4 + this.size6;
  }

  push(prefix: Prefix): void {
    const { family, a, b, c, d, length } = prefix;
    if (family === 4) this.push4(a, length);
    else this.push6(a, b, c, d, length);
  }

  push4(network: number, length: number): void {
    const index = this.size4;
    if (index === this.lengths4.length) {
      this.networks4 = largerWords(this.networks4, 1);
      this.lengths4 = largerBytes(this.lengths4);
    }
    this.networks4[index] = network;
    this.lengths4[index] = length;
    this.size4 = index + 1;
  }

  push6(a: number, b: number, c: number, d: number, length: number): void {
    const index = this.size6;
    if (index === this.lengths6.length) {
      this.networks6 = largerWords(this.networks6, 4);
      this.lengths6 = largerBytes(this.lengths6);
    }
    this.networks6[index * 4] = a;
    this.networks6[index * 4 + 1] = b;
    this.networks6[index * 4 + 2] = c;
    this.networks6[index * 4 + 3] = d;
    this.lengths6[index] = length;
    this.size6 = index + 1;
  }

  /** IPv4 before IPv6, each as pushed or, once sorted and until the next push, in order. */
  *[Symbol.iterator](): Generator<Prefix, void> {
    for (let index = 0; index < this.size; index++) yield this.at(index);
  }

  /** The prefix with this index, below `size`: first those of IPv4, then those of IPv6. */
  at(index: number): Prefix {
    const { size4, networks4, lengths4, networks6: words, lengths6 } = this;
    if (index < size4) {
      const a = networks4[index] ?? 0;
      return { family: 4, a, b: 0, c: 0, d: 0, length: lengths4[index] ?? 0 };
    }
    const index6 = index - size4;
    const start = index6 * 4;
    return {
      family: 6,
      a: words[start] ?? 0,
      b: words[start + 1] ?? 0,
      c: words[start + 2] ?? 0,
      d: words[start + 3] ?? 0,
      length: lengths6[index6] ?? 0,
    };
  }

  /**
   * Sorts by comparePrefixes. Linear (radix sort); a single pass if it is sorted already.
   */
  sort(): void {
    const run4 = sortNetworks4(this.run4());
    this.networks4 = run4.networks;
    this.lengths4 = run4.lengths;
    const run6 = sortNetworks6(this.run6());
    this.networks6 = run6.networks;
    this.lengths6 = run6.lengths;
  }

  /** Makes a list of these arrays, which the caller must no longer write to. */
  static of(run4: NetworkRun, run6: NetworkRun): PrefixList {
    const list = new PrefixList();
    list.networks4 = run4.networks;
    list.lengths4 = run4.lengths;
    list.size4 = run4.lengths.length;
    list.networks6 = run6.networks;
    list.lengths6 = run6.lengths;
    list.size6 = run6.lengths.length;
    return list;
  }

  /** The IPv4 prefixes; only to be read, and only until the next push or sort. */
  run4(): NetworkRun {
    const { size4 } = this;
    return {
      networks: this.networks4.subarray(0, size4),
      lengths: this.lengths4.subarray(0, size4),
    };
  }

  /** The IPv6 prefixes; only to be read, and only until the next push or sort. */
  run6(): NetworkRun {
    const { size6 } = this;
    return {
      networks: this.networks6.subarray(0, size6 * 4),
      lengths: this.lengths6.subarray(0, size6),
    };
  }
}

const FIRST_CAPACITY = 16;

function largerWords(words: Uint32Array, stride: number): Uint32Array {
  const larger = new Uint32Array(Math.max(words.length * 2, FIRST_CAPACITY * stride));
  larger.set(words);
  return larger;
}

function largerBytes(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(Math.max(bytes.length * 2, FIRST_CAPACITY));
  larger.set(bytes);
  return larger;
}
