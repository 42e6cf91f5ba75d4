import { WORDS } from './memory-map';

const ZEROS4: u32 = 0x3030_3030;
const ZEROS8: u64 = 0x3030_3030_3030_3030;
const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
/** Added to bytes, sets the highest bit of those that are not digits, without a carry. */
const ALL_BUT_DIGITS: u64 = 0x7676_7676_7676_7676;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/**
 * The end of the four decimal octets without leading zeros (RFC 6943, 3.1.1, the strict form) at
 * `start`, which are then in the first word.
 *
 * There is no loop, and hardly a branch that depends on the digits: as their number varies, branches
 * would often be mispredicted.
 */
export function dottedAt(start: i32, end: i32): i32 {
  const room = end - start;
  // One bit for each of 16 bytes that is not a digit or is beyond the line.
  let others = noDigits(start) | (noDigits(start + 8) << 8) | (-1 << min<u32>(room, 16));
  const first = ctz<i32>(others);
  others &= others - 1;
  const second = ctz<i32>(others);
  others &= others - 1;
  const third = ctz<i32>(others);
  others &= others - 1;
  const length = ctz<i32>(others);
  if (length > room) return -1;
  if (!isDot(start + first) || !isDot(start + second) || !isDot(start + third)) return -1;
  const a = octetAt(start, first);
  const b = octetAt(start + first + 1, second - first - 1);
  const c = octetAt(start + second + 1, third - second - 1);
  const d = octetAt(start + third + 1, length - third - 1);
  if ((a | b | c | d) > 255) return -1;
  store<u32>(WORDS, (a << 24) | (b << 16) | (c << 8) | d);
  return start + length;
}

/** Which of the eight bytes at `p` are not digits, one bit each, the first lowest. */
function noDigits(p: i32): i32 {
  // Without 0x30, a digit is 0 to 9.
  const bytes = load<u64>(p) ^ ZEROS8;
  const marked = (((bytes & LOW_BITS) + ALL_BUT_DIGITS) | bytes) & HIGH_BITS;
  // Moves the bit of byte n to bit 56 + n.
  return <i32>(((marked >> 7) * 0x0102_0408_1020_4080) >> 56);
}

/** The value of the digits at `p`, more than 255 if they are not an octet. */
function octetAt(p: i32, length: i32): u32 {
  const bytes = load<u32>(p) ^ ZEROS4;
  // Moves the last digit to the highest byte; the bytes before the first are 0.
  const digits = bytes << ((4 - length) << 3);
  const value = (digits >> 24) + ((digits >> 16) & 0xff) * 10 + ((digits >> 8) & 0xff) * 100;
  return <u32>(length - 1) > 2 || (length > 1 && (bytes & 0xff) === 0) ? 256 : value;
}

function isDot(p: i32): bool {
  return load<u8>(p) === 0x2e;
}
