/** The characters that addresses and prefixes are written with, as bytes. */
export const NEWLINE = 0x0a;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const COLON = 0x3a;

/** Copies the text into the bytes. Returns its length, or -1 if it is too long or no ASCII. */
export function copyAscii(text: string, bytes: Uint8Array): number {
  const { length } = text;
  if (length > bytes.length) return -1;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return -1;
    bytes[index] = code;
  }
  return length;
}

/** 0 to 9, or -1 if the byte is no decimal digit. */
export function decimalDigit(byte: number): number {
  const digit = byte - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
