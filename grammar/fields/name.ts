import { inHostName, isFullStop, isSign } from './bytes';
import { portEnd } from './number';

/** RFC 1035, 2.3.4. */
const MAX_NAME_BYTES = 255;

/**
 * The end of the name at `start`: the name of a host, or a word for an unknown one, instead of an
 * address. It may be empty. -1 if it is too long.
 */
export function nameEnd(start: i32, end: i32): i32 {
  let p = start;
  while (p < end && inHostName(load<u8>(p))) {
    if (p - start === MAX_NAME_BYTES) return -1;
    p++;
  }
  // A single sign (`-`) stands for no value.
  return p - start === 1 && isSign(load<u8>(start)) ? -1 : p;
}

/** The end of the name at `start` that a full stop follows, which may be empty; -1 if there is none. */
export function beforeFullStop(start: i32, end: i32): i32 {
  let p = start;
  while (p < end && p - start <= MAX_NAME_BYTES && inHostName(load<u8>(p))) p++;
  return p > start && p - start <= MAX_NAME_BYTES && isFullStop(p - 1, end) ? p - 1 : -1;
}

/** The offset after a colon at `start` (`unix:`), or -1. */
export function pastColon(start: i32, end: i32): i32 {
  return start < end && load<u8>(start) === 0x3a ? start + 1 : -1;
}

/** The end of a name, in brackets or without, and a port. */
export function nameAndPortEnd(start: i32, end: i32): i32 {
  const isOpen = start < end && load<u8>(start) === 0x5b;
  let p = nameEnd(isOpen ? start + 1 : start, end);
  if (isOpen) p = p >= 0 && p < end && load<u8>(p) === 0x5d ? p + 1 : -1;
  const portAt = p < 0 ? -1 : pastColon(p, end);
  return portAt < 0 ? -1 : portEnd(portAt, end);
}
