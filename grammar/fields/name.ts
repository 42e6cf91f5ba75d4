import { inHostName, isSign } from './bytes';
import { portEnd } from './number';

/** RFC 1035, 2.3.4. */
const MAX_NAME_BYTES = 255;

/**
 * The end of the name at `start`, where the name of a host, or a word for one that is not known,
 * stands in the place of an address; nothing at all is one too. -1 where it is longer than names are.
 */
export function nameEnd(start: i32, end: i32): i32 {
  let p = start;
  while (p < end && inHostName(load<u8>(p))) {
    if (p - start === MAX_NAME_BYTES) return -1;
    p++;
  }
  // A sign alone says that nothing is told (`-`).
  return p - start === 1 && isSign(load<u8>(start)) ? -1 : p;
}

/** The same with the colon that follows it (`unix:`), -1 where none does. */
export function pastColon(start: i32, end: i32): i32 {
  return start < end && load<u8>(start) === 0x3a ? start + 1 : -1;
}

/** The same where a port follows it, in brackets or without. */
export function nameAndPortEnd(start: i32, end: i32): i32 {
  const isOpen = start < end && load<u8>(start) === 0x5b;
  let p = nameEnd(isOpen ? start + 1 : start, end);
  if (isOpen) p = p >= 0 && p < end && load<u8>(p) === 0x5d ? p + 1 : -1;
  const portAt = p < 0 ? -1 : pastColon(p, end);
  return portAt < 0 ? -1 : portEnd(portAt, end);
}
