import { COLON, DOT, ZERO } from './ascii.ts';

/** Writes an IPv4 address into the bytes from `at` on, 15 bytes at most. Returns where it ends. */
export function writeAddress4(bytes: Uint8Array, at: number, a: number): number {
  let end = writeDecimal(bytes, at, a >>> 24);
  bytes[end] = DOT;
  end = writeDecimal(bytes, end + 1, (a >>> 16) & 0xff);
  bytes[end] = DOT;
  end = writeDecimal(bytes, end + 1, (a >>> 8) & 0xff);
  bytes[end] = DOT;
  return writeDecimal(bytes, end + 1, a & 0xff);
}

/** Writes a number of at most three digits. Returns where it ends. */
export function writeDecimal(bytes: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value >= 10) {
    const tens = (value / 10) | 0;
    if (value >= 100) {
      const hundreds = (value / 100) | 0;
      bytes[end++] = ZERO + hundreds;
      bytes[end++] = ZERO + tens - hundreds * 10;
    } else {
      bytes[end++] = ZERO + tens;
    }
    bytes[end++] = ZERO + value - tens * 10;
  } else {
    bytes[end++] = ZERO + value;
  }
  return end;
}

/**
 * Writes an IPv6 address as in RFC 5952 into the bytes from `at` on, 39 bytes at most: small
 * letters, no leading zeros, the longest run of at least two zero groups as `::`, of two as long
 * the left one. Returns where it ends.
 */
export function writeAddress6(
  bytes: Uint8Array,
  at: number,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  GROUPS[0] = a >>> 16;
  GROUPS[1] = a;
  GROUPS[2] = b >>> 16;
  GROUPS[3] = b;
  GROUPS[4] = c >>> 16;
  GROUPS[5] = c;
  GROUPS[6] = d >>> 16;
  GROUPS[7] = d;
  const gap = longestZeros();
  const gapStart = gap >>> 4;
  const gapEnd = gapStart + (gap & 0xf);
  let end = at;
  for (let index = 0; index < 8; index++) {
    if (index === gapStart && gapEnd > gapStart) {
      bytes[end++] = COLON;
      bytes[end++] = COLON;
      index = gapEnd - 1;
      continue;
    }
    if (index > 0 && index !== gapEnd) bytes[end++] = COLON;
    end = writeGroup(bytes, end, GROUPS[index] ?? 0);
  }
  return end;
}

/** The groups of the address that is being written. */
const GROUPS = new Uint16Array(8);

/** Where the longest run of at least two zero groups starts, times 16, plus how long it is. */
function longestZeros(): number {
  let best = 0;
  let bestSize = 1;
  let size = 0;
  for (let index = 0; index < 8; index++) {
    size = GROUPS[index] === 0 ? size + 1 : 0;
    if (size > bestSize) {
      bestSize = size;
      best = ((index + 1 - size) << 4) | size;
    }
  }
  return best;
}

function writeGroup(bytes: Uint8Array, at: number, group: number): number {
  let end = at;
  if (group >= 0x1000) bytes[end++] = HEX[group >>> 12] ?? 0;
  if (group >= 0x100) bytes[end++] = HEX[(group >>> 8) & 0xf] ?? 0;
  if (group >= 0x10) bytes[end++] = HEX[(group >>> 4) & 0xf] ?? 0;
  bytes[end++] = HEX[group & 0xf] ?? 0;
  return end;
}

const HEX = Buffer.from('0123456789abcdef');
