import type { Prefix } from './prefix.ts';

/**
 * Which IPv4 lengths may have a prefix around an address: one word per /16, in which bit n from the
 * left stands for length n + 1. If it is not set, no prefix of that length contains an address
 * there; if it is set, one may. /0 has no bit.
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

/** The least number of slots for IPv6. */
const FEWEST_PLACES = 64;

/**
 * The same for IPv6: one word for lengths 1 to 32, and three words for the longer ones in each /32,
 * in a slot given by its hash. Two /32 with the same slot share their bits.
 */
export class LengthHints6 {
  short = 0;
  readonly words: Uint32Array;
  readonly #shift: number;
  #size = 0;

  /** @param size twice this many prefixes fit */
  constructor(size = 0) {
    const bits = Math.ceil(Math.log2(Math.max(FEWEST_PLACES, size * 2)));
    this.words = new Uint32Array(2 ** bits * 4);
    this.#shift = 32 - bits;
  }

  /** Returns false if it has become too small and must be replaced. */
  add({ a, length }: Prefix): boolean {
    if (length === 0) return true;
    const word = (length - 1) >>> 5;
    const bit = 1 << (31 - ((length - 1) & 31));
    if (word === 0) {
      this.short |= bit;
      return true;
    }
    const at = this.slotOf(a) + word;
    this.words[at] = (this.words[at] ?? 0) | bit;
    return ++this.#size * 4 <= this.words.length;
  }

  /** The offset of the words of a /32; the first of the four is not used. */
  slotOf(a: number): number {
    return (Math.imul(a, 0x9e3779b1) >>> this.#shift) * 4;
  }
}
