import type { NetworkRun } from './prefix-sort.ts';
import { sortKeys } from './radix-sort.ts';

/**
 * Coalesces IPv4 prefixes in any order. Each prefix is one 32-bit number, its code: sorting moves a
 * third of the bytes of separate networks and lengths.
 *
 * A code is the network without its first bit, ended by a one bit: the lowest one bit gives the
 * length. Ascending codes are the prefixes in order, each between those of its left and its right
 * half. Because the first bit is missing, the halves of the address space are processed separately,
 * and /0 is a special case.
 */
export function coalesce4(run: NetworkRun): NetworkRun {
  const size = run.lengths.length;
  const codes = new Uint32Array(size);
  const left = encode(run, codes);
  if (left < 0) return whole();
  const leftCodes = codes.subarray(0, left);
  const rightCodes = codes.subarray(left);
  const scratch = new Uint32Array(Math.max(left, size - left));
  sortKeys(leftCodes, scratch.subarray(0, left));
  sortKeys(rightCodes, scratch.subarray(0, size - left));
  const leftCount = coalesceCodes(leftCodes);
  const rightCount = coalesceCodes(rightCodes);
  if (leftCodes[0] === HALF && rightCodes[0] === HALF) return whole();
  codes.copyWithin(leftCount, left, left + rightCount);
  return decoded(codes.subarray(0, leftCount + rightCount), leftCount);
}

/** The code of 0.0.0.0/1, and of 128.0.0.0/1 too. */
const HALF = 0x80000000;

/** Only 0.0.0.0/0. */
function whole(): NetworkRun {
  return { networks: new Uint32Array(1), lengths: new Uint8Array(1) };
}

/** Left half from the left, right half from the right; returns the number in the left half. */
function encode({ networks, lengths }: NetworkRun, codes: Uint32Array): number {
  let left = 0;
  let right = codes.length;
  for (let index = 0; index < codes.length; index++) {
    const network = (networks[index] ?? 0) | 0;
    const length = lengths[index] ?? 0;
    if (length === 0) return -1;
    const code = (network << 1) | (1 << (32 - length));
    if (network >= 0) codes[left++] = code;
    else codes[--right] = code;
  }
  return left;
}

/**
 * Coalesces sorted codes in place, at the front of the array; returns their number. The result
 * changes only at its end: only its last codes can lie in the next or be its sibling, and only the
 * last can contain it.
 */
function coalesceCodes(codes: Uint32Array): number {
  let count = 0;
  let last = 0;
  for (let index = 0; index < codes.length; index++) {
    let code = (codes[index] ?? 0) | 0;
    let low = code & -code;
    const lastLow = last & -last;
    if (count > 0 && ((code ^ last) & sharedBits(lastLow)) === 0 && low >>> 0 <= lastLow >>> 0) {
      continue;
    }
    while (count > 0 && (((codes[count - 1] ?? 0) ^ code) & sharedBits(low)) === 0) count--;
    while (count > 0 && ((codes[count - 1] ?? 0) ^ code) === low << 1) {
      code ^= low;
      low <<= 1;
      count--;
    }
    codes[count++] = code;
    last = code;
  }
  return count;
}

/** The bits that all codes within a prefix share, by the lowest one bit of its code. */
function sharedBits(low: number): number {
  return ~((low << 1) - 1);
}

/** Replaces the codes by networks. */
function decoded(codes: Uint32Array, leftCount: number): NetworkRun {
  const lengths = new Uint8Array(codes.length);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    const half = index < leftCount ? 0 : HALF;
    codes[index] = ((code & (code - 1)) >>> 1) | half;
    lengths[index] = Math.clz32(code & -code) + 1;
  }
  return { networks: codes, lengths };
}
