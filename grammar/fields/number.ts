import { PORT } from './memory-map';

export const MAX_PORT_DIGITS = 5;
const MAX_INT_DIGITS = 20;

/**
 * The end of the number from 0 to 65535 at `start`, which is then in the memory: all digits, without
 * leading zeros.
 */
export function portEnd(start: i32, end: i32): i32 {
  let value: u32 = 0;
  let p = start;
  for (; p < end; p++) {
    const digit = digitAt(p);
    if (digit > 9) break;
    if (p - start === MAX_PORT_DIGITS) return -1;
    value = value * 10 + digit;
  }
  if (p === start || value > 0xffff) return -1;
  if (digitAt(start) === 0 && p - start > 1) return -1;
  store<i32>(PORT, value);
  return p;
}

/** The end of the digits at `start`, at most 20. */
export function intEnd(start: i32, end: i32): i32 {
  let p = start;
  for (; p < end && digitAt(p) <= 9; p++) {
    if (p - start === MAX_INT_DIGITS) return -1;
  }
  return p === start ? -1 : p;
}

/** The value of the digit at `p`, more than 9 if there is none. */
function digitAt(p: i32): u32 {
  return <u32>load<u8>(p) - 0x30;
}
