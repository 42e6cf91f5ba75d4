import { FAMILY_BITS, type Family } from './address.ts';
import type { Prefix } from './prefix.ts';

const FIRST_CAPACITY = 16;
/** From this size on, a few passes with many digits are quicker than many with few. */
const MANY = 4096;

/**
 * The prefixes of one family without an object for each: an array of networks and one of lengths,
 * of which the first `size` are used. Network i is the word networks[i], or for IPv6 the four words
 * from networks[i * 4]. The arrays are replaced when they grow.
 */
export class NetworkRun {
  readonly family: Family;
  readonly stride: number;
  networks: Uint32Array;
  lengths: Uint8Array;
  size: number;

  /** @param of a run to copy */
  constructor(family: Family, of?: NetworkRun) {
    this.family = family;
    this.stride = FAMILY_BITS[family] / 32;
    this.networks = of?.networks.slice(0, of.size * of.stride) ?? new Uint32Array();
    this.lengths = of?.lengths.slice(0, of.size) ?? new Uint8Array();
    this.size = this.lengths.length;
  }

  push(a: number, b: number, c: number, d: number, length: number): void {
    const { size, stride } = this;
    if (size === this.lengths.length) this.#grow();
    const at = size * stride;
    this.networks[at] = a;
    if (stride === 4) {
      this.networks[at + 1] = b;
      this.networks[at + 2] = c;
      this.networks[at + 3] = d;
    }
    this.lengths[size] = length;
    this.size = size + 1;
  }

  at(index: number): Prefix {
    const { family, stride, networks } = this;
    const length = this.lengths[index] ?? 0;
    const at = index * stride;
    const a = networks[at] ?? 0;
    if (stride === 1) return { family, a, b: 0, c: 0, d: 0, length };
    const [b, c, d] = [networks[at + 1] ?? 0, networks[at + 2] ?? 0, networks[at + 3] ?? 0];
    return { family, a, b, c, d, length };
  }

  /** The number of common leading bits; 32 or 128 if all. */
  commonBits(p: number, q: number): number {
    const { stride, networks } = this;
    for (let word = 0; word < stride; word++) {
      const differing = (networks[p * stride + word] ?? 0) ^ (networks[q * stride + word] ?? 0);
      if (differing !== 0) return word * 32 + Math.clz32(differing);
    }
    return stride * 32;
  }

  /** By network, then the wider first. */
  sort(): void {
    if (this.#isSorted()) return;
    const { size, stride } = this;
    const networks = this.networks.subarray(0, size * stride);
    const lengths = this.lengths.subarray(0, size);
    const order = this.order();
    this.networks = new Uint32Array(size * stride);
    this.lengths = new Uint8Array(size);
    for (let index = 0; index < size; index++) {
      this.#copy(networks, lengths, order[index] ?? 0, index);
    }
  }

  /**
   * The indices in sorted order; equal prefixes keep the order in which they were pushed. A radix sort,
   * least significant digit first, in linear time.
   */
  order(): Uint32Array {
    const { size, stride } = this;
    const networks = this.networks.subarray(0, size * stride);
    const lengths = this.lengths.subarray(0, size);
    const bits = size < MANY ? 8 : 16;
    let order = new Uint32Array(size);
    let next = new Uint32Array(size);
    for (let index = 0; index < size; index++) order[index] = index;
    if (sortByDigit(lengths, 1, 0, 0, 8, order, next)) [order, next] = [next, order];
    for (let word = stride - 1; word >= 0; word--) {
      for (let shift = 0; shift < 32; shift += bits) {
        if (sortByDigit(networks, stride, word, shift, bits, order, next)) {
          [order, next] = [next, order];
        }
      }
    }
    return order;
  }

  #isSorted(): boolean {
    const { size, stride, networks, lengths } = this;
    for (let index = 1; index < size; index++) {
      let at = index * stride;
      const end = at + stride;
      while (at < end && networks[at - stride] === networks[at]) at++;
      const [before, after] =
        at === end ? [lengths[index - 1], lengths[index]] : [networks[at - stride], networks[at]];
      if ((before ?? 0) > (after ?? 0)) return false;
    }
    return true;
  }

  /** Overwrites one prefix with another of this run. */
  move(from: number, to: number): void {
    this.#copy(this.networks, this.lengths, from, to);
  }

  #copy(networks: Uint32Array, lengths: Uint8Array, from: number, to: number): void {
    const { stride } = this;
    this.networks[to * stride] = networks[from * stride] ?? 0;
    for (let word = 1; word < stride; word++) {
      this.networks[to * stride + word] = networks[from * stride + word] ?? 0;
    }
    this.lengths[to] = lengths[from] ?? 0;
  }

  #grow(): void {
    const { networks, lengths, stride } = this;
    const capacity = Math.max(lengths.length * 2, FIRST_CAPACITY);
    this.networks = new Uint32Array(capacity * stride);
    this.networks.set(networks);
    this.lengths = new Uint8Array(capacity);
    this.lengths.set(lengths);
  }
}

/**
 * Sorts the order by some bits of the keys, stably, into `sorted`. Key i is keys[i * stride + word].
 * Returns false, and writes nothing, if all are equal.
 */
function sortByDigit(
  keys: Uint32Array | Uint8Array,
  stride: number,
  word: number,
  shift: number,
  bits: number,
  order: Uint32Array,
  sorted: Uint32Array,
): boolean {
  const mask = (1 << bits) - 1;
  const offsets = new Uint32Array(mask + 2);
  for (let at = word; at < keys.length; at += stride) {
    const next = (((keys[at] ?? 0) >>> shift) & mask) + 1;
    offsets[next] = (offsets[next] ?? 0) + 1;
  }
  if (offsets.includes(order.length)) return false;
  for (let digit = 1; digit <= mask; digit++) {
    offsets[digit] = (offsets[digit] ?? 0) + (offsets[digit - 1] ?? 0);
  }
  for (let index = 0; index < order.length; index++) {
    const item = order[index] ?? 0;
    const digit = ((keys[item * stride + word] ?? 0) >>> shift) & mask;
    const offset = offsets[digit] ?? 0;
    offsets[digit] = offset + 1;
    sorted[offset] = item;
  }
  return true;
}
