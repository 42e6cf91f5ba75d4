import type { Prefix } from './prefix.ts';

/**
 * Which IPv4 lengths are worth asking for an address: one word for each /16, in which bit n from
 * the left stands for the length n + 1. A bit that is not set means that no prefix of that length
 * contains an address there; one that is set, that perhaps one does. /0 has no bit.
 */
export class LengthHints4 {
  readonly words = new Uint32Array(0x10000);

  /** Linear in the number of /16 that the prefix contains. */
  add({ a, length }: Prefix): void {
    if (length === 0) return;
    const bit = 1 << (32 - length);
    const first = a >>> 16;
    const end = length >= 16 ? first + 1 : first + (1 << (16 - length));
    for (let index = first; index < end; index++) {
      this.words[index] = (this.words[index] ?? 0) | bit;
    }
  }
}

/** There are never fewer places than this for IPv6. */
const FEWEST_PLACES = 64;

/**
 * The same for IPv6: one word for the lengths 1 to 32, wherever they are, and three for the longer
 * ones under each /32, at a place found by a hash of it. Where two /32 meet, both have the bits of
 * both.
 */
export class LengthHints6 {
  short = 0;
  readonly words: Uint32Array;
  readonly #shift: number;
  #size = 0;

  /** With room for so many prefixes and as many again. */
  constructor(size = 0) {
    const bits = Math.ceil(Math.log2(Math.max(FEWEST_PLACES, size * 2)));
    this.words = new Uint32Array(2 ** bits * 4);
    this.#shift = 32 - bits;
  }

  /** Returns false if it has become too small; then it is time for another. */
  add({ a, length }: Prefix): boolean {
    if (length === 0) return true;
    const word = (length - 1) >>> 5;
    const bit = 1 << (31 - ((length - 1) & 31));
    if (word === 0) {
      this.short |= bit;
      return true;
    }
    const at = this.placeOf(a) + word;
    this.words[at] = (this.words[at] ?? 0) | bit;
    return ++this.#size * 4 <= this.words.length;
  }

  /** Where the words of the /32 start; the first of the four is not used. */
  placeOf(a: number): number {
    return (Math.imul(a, 0x9e3779b1) >>> this.#shift) * 4;
  }
}
