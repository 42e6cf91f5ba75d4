/** The numbers with which a block, and the end of a stream, begin: 48 bits at any bit. */
export const BLOCK_MAGIC = [0x314159, 0x265359] as const;
export const END_MAGIC = [0x177245, 0x385090] as const;
export const MAGIC_BITS = 48;
/** The magic number and the CRC of a stream's end. */
export const END_BITS = 80;
/** A magic number lies in so many bytes at most. */
export const MAGIC_BYTES = 7;
/** Of those so many pairs of bytes are known, whatever is before and behind. */
const PAIRS = 4;

/** Its upper and its lower 24 bits. */
type Magic = readonly [high: number, low: number];

/** A magic number that was found, by its first bit. */
export interface Mark {
  readonly bit: number;
  readonly isEnd: boolean;
}

/** What a pair of bytes can be part of: a magic number that begins so many bits before it. */
interface Clue {
  readonly bits: number;
  readonly isEnd: boolean;
}

const CLUES = cluesByPair();
const IS_CLUE = Uint8Array.from({ length: 65_536 }, (_, pair) => (CLUES.has(pair) ? 1 : 0));

/**
 * The marks whose first bit is in the bytes from `start` to before `end`; there must be 7 bytes from
 * the last of them. Every fourth pair of bytes is looked at: one of them is in each magic number.
 */
export function findMarks(bytes: Buffer, start: number, end: number): Mark[] {
  const marks: Mark[] = [];
  for (let at = start + 1; at < end + PAIRS; at += PAIRS) {
    const pair = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (IS_CLUE[pair] === 0) continue;
    for (const { bits, isEnd } of CLUES.get(pair) ?? []) {
      const bit = at * 8 - bits;
      if (bit < start * 8 || bit >= end * 8) continue;
      if (isMagic(bytes, bit, isEnd ? END_MAGIC : BLOCK_MAGIC)) marks.push({ bit, isEnd });
    }
  }
  return marks;
}

/** Whether a magic number begins at this bit. */
export function isMagic(bytes: Buffer, bit: number, [high, low]: Magic): boolean {
  return bitsAt(bytes, bit, 24) === high && bitsAt(bytes, bit + 24, 24) === low;
}

/** Up to 32 bits as a number. */
export function bitsAt(bytes: Buffer, bit: number, count: number): number {
  let value = 0;
  const start = bit >> 3;
  for (let at = start; at < start + 5; at++) value = value * 256 + (bytes[at] ?? 0);
  return Math.floor(value / 2 ** (40 - (bit & 7) - count)) % 2 ** count;
}

function cluesByPair(): Map<number, Clue[]> {
  const clues = new Map<number, Clue[]>();
  for (const [high, low] of [BLOCK_MAGIC, END_MAGIC]) {
    const magic = (BigInt(high) << 24n) | BigInt(low);
    for (let bits = 1; bits <= PAIRS * 8; bits++) {
      const pair = Number((magic >> BigInt(MAGIC_BITS - 16 - bits)) & 0xffffn);
      const clue = { bits, isEnd: high === END_MAGIC[0] };
      clues.set(pair, [...(clues.get(pair) ?? []), clue]);
    }
  }
  return clues;
}
