const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
/** `,"` as the memory has it. */
const COMMA_QUOTE: u16 = 0x222c;

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

/** The quote at the end of the last text of a JSON array; `start` is in its first. */
export function arrayEnd(start: i32, end: i32): i32 {
  let p = quotedEnd(start, end);
  while (p >= 0 && p + 2 < end && load<u16>(p + 1) === COMMA_QUOTE) p = quotedEnd(p + 3, end);
  return p;
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
