const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** The place of the next quote that no backslash escapes, where a quoted text ends. */
export function quotedEnd(start: i32, end: i32): i32 {
  let p = start;
  while (p < end) {
    const byte = load<u8>(p);
    if (byte === QUOTE) return p;
    p += byte === BACKSLASH ? 2 : 1;
  }
  return -1;
}

/** The end of the bytes that are neither a space nor a quote, of which there is at least one. */
export function bareEnd(start: i32, end: i32): i32 {
  let p = start;
  for (; p < end; p++) {
    const byte = load<u8>(p);
    if (byte === SPACE || byte === QUOTE) break;
  }
  return p === start ? -1 : p;
}
