const SPACES: u64 = 0x2020_2020_2020_2020;

/** Where the bytes that are no space end; `start` itself where there are none. */
export function wordEnd(start: i32, end: i32): i32 {
  let p = start;
  while (p < end) {
    // The lowest bit that is set belongs to the first byte that is 0: a space.
    const bytes = load<u64>(p) ^ SPACES;
    const spaces = (bytes - 0x0101_0101_0101_0101) & ~bytes & 0x8080_8080_8080_8080;
    if (spaces !== 0) return min(p + <i32>(ctz(spaces) >> 3), end);
    p += 8;
  }
  return end;
}
