import type { PrefixList } from '../../net/prefix-list.ts';
import { cellOf, SIDE } from './hilbert.ts';

/** The highest level: the whole /16 is blocked. */
export const MAX_LEVEL = 9;

/**
 * The IPv4 space as SIDE × SIDE cells, row by row: how much of each /16 is blocked, as a level from
 * 0 to MAX_LEVEL. The /16s lie along a Hilbert curve, so that every prefix is a square or half of
 * one. `rules` are disjoint.
 */
export function spaceMap(rules: PrefixList): Uint8Array {
  const addresses = new Float64Array(SIDE * SIDE);
  for (const { family, a, length } of rules) {
    if (family === 6) break;
    const first = a >>> 16;
    if (length >= 16) addresses[first] = (addresses[first] ?? 0) + 2 ** (32 - length);
    else addresses.fill(65_536, first, first + 2 ** (16 - length));
  }
  const cells = new Uint8Array(SIDE * SIDE);
  for (const [offset, count] of addresses.entries()) {
    if (count > 0) cells[cellOf(offset)] = levelOf(count);
  }
  return cells;
}

/** Each level is four times the one below: one address is 1, a /24 is 5, a /16 is 9. */
function levelOf(addresses: number): number {
  return Math.min(MAX_LEVEL, 1 + Math.floor(Math.log2(addresses) / 2));
}
