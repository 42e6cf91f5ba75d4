import type { PrefixList } from '../../net/prefix-list.ts';

/** Cells along each side; each cell is a /16. */
export const SIDE = 256;
/** 0: nothing in it is blocked; the highest: all of it. */
export const LEVELS = 9;

/**
 * The IPv4 space as SIDE × SIDE cells, row by row: how much of each /16 is blocked, as a level. The
 * /16s lie along a Hilbert curve from the upper left corner to the upper right one, so that
 * whatever is a prefix is a square or half of one. `rules` are disjoint.
 */
export function spaceMap(rules: PrefixList): Uint8Array {
  const blocked = new Float64Array(SIDE * SIDE);
  for (let index = 0; index < rules.size4; index++) {
    const first = (rules.networks4[index] ?? 0) >>> 16;
    const length = rules.lengths4[index] ?? 0;
    if (length >= 16) {
      blocked[first] = (blocked[first] ?? 0) + 2 ** (32 - length);
    } else {
      blocked.fill(65_536, first, first + 2 ** (16 - length));
    }
  }
  const cells = new Uint8Array(SIDE * SIDE);
  for (const [place, count] of blocked.entries()) {
    if (count > 0) cells[cellOf(place)] = levelOf(count);
  }
  return cells;
}

/** The cell, row by row, of place d along the curve (Hilbert, 1891). */
export function cellOf(place: number): number {
  let x = 0;
  let y = 0;
  let rest = place;
  for (let side = 1; side < SIDE; side *= 2) {
    const right = (rest >>> 1) & 1;
    const down = (rest ^ right) & 1;
    if (down === 0) {
      if (right === 1) {
        x = side - 1 - x;
        y = side - 1 - y;
      }
      [x, y] = [y, x];
    }
    x += side * right;
    y += side * down;
    rest >>>= 2;
  }
  return y * SIDE + x;
}

/** Each level is four times the one below: one address is 1, a /24 is 5, all of it is 9. */
function levelOf(addresses: number): number {
  return Math.min(LEVELS, 1 + Math.floor(Math.log2(addresses) / 2));
}
