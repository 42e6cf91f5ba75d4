/** A hash of the bytes, 53 bits: a whole number that a float holds. */
export function hash(start: i32, end: i32, seed: i32): f64 {
  let h = ((<u64>(<u32>seed)) << 32) ^ <u64>(end - start);
  let p = start;
  for (; p + 8 <= end; p += 8) h = mix(h ^ load<u64>(p));
  const rest = end - p;
  if (rest > 0) h = mix(h ^ (load<u64>(p) & (((<u64>1) << (rest << 3)) - 1)));
  h = mix(h);
  return <f64>(<i64>((h ^ (h >> 29)) & 0x1f_ffff_ffff_ffff));
}

function mix(h: u64): u64 {
  const m = h * 0x9e37_79b9_7f4a_7c15;
  return m ^ (m >> 32);
}
