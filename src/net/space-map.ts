import { cellOf } from './hilbert.ts';
import { containsPrefix, type Prefix } from './prefix.ts';
import type { PrefixList } from './prefix-list.ts';

/** Cells along each side of the map of the whole space. */
export const SIDE = 256;
/** The highest level: the whole cell is blocked. */
export const MAX_LEVEL = 9;

const WHOLE: Prefix = { family: 4, a: 0, b: 0, c: 0, d: 0, length: 0 };

/** How much of each part of an IPv4 prefix is blocked. */
export interface SpaceMap {
  readonly prefix: Prefix;
  readonly width: number;
  /** The length of the side of the Hilbert curve. An odd prefix is its left half. */
  readonly height: number;
  /** The length of the prefix that a cell is. */
  readonly cellLength: number;
  /** A level from 0 to MAX_LEVEL for each cell, row by row. */
  readonly levels: Uint8Array;
}

/**
 * The map of an IPv4 prefix: up to SIDE × SIDE prefixes along a Hilbert curve, so that every prefix in
 * it is a square or half of one. `rules` are disjoint.
 */
export function spaceMap(rules: PrefixList, prefix: Prefix = WHOLE): SpaceMap {
  const isOdd = prefix.length % 2;
  const height = Math.min(SIDE, 2 ** ((32 - prefix.length + isOdd) / 2));
  const width = isOdd ? height / 2 : height;
  const shift = 32 - prefix.length - Math.log2(width * height);
  const size = 2 ** shift;
  const addresses = new Float64Array(width * height);
  for (const rule of rules) {
    if (rule.family === 6) break;
    if (containsPrefix(rule, prefix)) addresses.fill(size);
    else if (containsPrefix(prefix, rule)) {
      const first = (rule.a - prefix.a) >>> shift;
      const count = 2 ** (32 - rule.length);
      if (count < size) addresses[first] = (addresses[first] ?? 0) + count;
      else addresses.fill(size, first, first + count / size);
    }
  }
  const levels = new Uint8Array(width * height);
  for (const [offset, count] of addresses.entries()) {
    const cell = cellOf(offset, height);
    const at = Math.floor(cell / height) * width + (cell % height);
    if (count > 0) levels[at] = levelOf(count / size);
  }
  return { prefix, width, height, cellLength: 32 - shift, levels };
}

/** Each level is four times the one below: of a /16, one address is 1, a /24 is 5, all is 9. */
function levelOf(share: number): number {
  return Math.max(1, MAX_LEVEL + Math.floor(Math.log2(share) / 2));
}
