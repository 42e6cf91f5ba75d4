/** The bytes of an ASCII text. */
export function asciiBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

/** Whether bytes[at, end) begins with the expected bytes. */
export function startsWith(
  bytes: Uint8Array,
  at: number,
  end: number,
  expected: Uint8Array,
): boolean {
  if (end - at < expected.length) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** Whether bytes[start, end) equal the expected bytes. */
export function sameBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  expected: Uint8Array,
): boolean {
  return end - start === expected.length && startsWith(bytes, start, end, expected);
}

/** Decodes UTF-8; invalid bytes become U+FFFD. */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

const BYTE_ORDER_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/**
 * The offset after what may precede a line: NUL bytes, which a power failure can leave, and a byte
 * order mark.
 */
export function lineStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === 0) at++;
  if (bytes[at] !== BYTE_ORDER_MARK[0]) return at;
  return startsWith(bytes, at, end, BYTE_ORDER_MARK) ? at + BYTE_ORDER_MARK.length : at;
}

/** 0 to 9, or -1 if the byte is no decimal digit. */
export function decimalDigit(byte: number): number {
  const digit = byte - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
