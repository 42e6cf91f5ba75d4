const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = 0x8080_8080_8080_8080;
const NEWLINES: u64 = 0x0a0a_0a0a_0a0a_0a0a;

/** The first newline from `start` on, -1 where none is before `end`. Eight bytes at a time. */
export function newlineAt(start: i32, end: i32): i32 {
  for (let p = start; p < end; p += 8) {
    const bytes = load<u64>(p) ^ NEWLINES;
    // The lowest bit that is set is that of the first byte that is 0.
    const found = (bytes - ONES) & ~bytes & HIGHEST;
    if (found) {
      const at = p + <i32>(ctz(found) >> 3);
      return at < end ? at : -1;
    }
  }
  return -1;
}
