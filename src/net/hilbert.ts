/**
 * The cell, counted row by row from the upper left, at an offset along the Hilbert curve that runs
 * from the upper left corner to the upper right one (Hilbert, 1891).
 * @param length the cells along each side, a power of two
 */
export function cellOf(offset: number, length: number): number {
  let x = 0;
  let y = 0;
  let rest = offset;
  for (let side = 1; side < length; side *= 2) {
    const right = (rest >>> 1) & 1;
    const down = (rest ^ right) & 1;
    if (down === 0) [x, y] = turned(x, y, right, side);
    x += side * right;
    y += side * down;
    rest >>>= 2;
  }
  return y * length + x;
}

/** The offset along the curve of a cell: the inverse of cellOf. */
export function curveOffset(cell: number, length: number): number {
  let x = cell % length;
  let y = Math.floor(cell / length);
  let offset = 0;
  for (let side = length / 2; side >= 1; side /= 2) {
    const right = (x & side) > 0 ? 1 : 0;
    const down = (y & side) > 0 ? 1 : 0;
    offset += side * side * ((3 * right) ^ down);
    x &= side - 1;
    y &= side - 1;
    if (down === 0) [x, y] = turned(x, y, right, side);
  }
  return offset;
}

/** Mirrors a square of this side as the upper half of the curve needs it. */
function turned(x: number, y: number, right: number, side: number): [number, number] {
  return right === 1 ? [side - 1 - y, side - 1 - x] : [y, x];
}
