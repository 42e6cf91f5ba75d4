const SPACES: u64 = 0x2020_2020_2020_2020;

/** The end of the bytes that are not a space, which is `start` if there are none. */
export function wordEnd(start: i32, end: i32): i32 {
  let p = start;
  while (p < end) {
    // The lowest set bit belongs to the first zero byte, which is a space.
    const bytes = load<u64>(p) ^ SPACES;
    const spaces = (bytes - 0x0101_0101_0101_0101) & ~bytes & 0x8080_8080_8080_8080;
    if (spaces !== 0) return min(p + <i32>(ctz(spaces) >> 3), end);
    p += 8;
  }
  return end;
}
