/** Longer parts of a request are cut. */
const MAX_PART_BYTES = 4096;
/** How often a text may be percent-encoded. */
const MAX_ENCODINGS = 3;
const SLASH = 0x2f;
const PERCENT = 0x25;
const BACKSLASH = 0x5c;

/** What each byte is compared as: lower case, `/` for a backslash, `+` for a space. */
export const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === BACKSLASH) return SLASH;
  if (byte === 0x20) return 0x2b;
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
});

/**
 * A part of a request as it is compared: what the writer of the log escaped and the client encoded is
 * decoded, with one slash for several. One object is reused.
 */
export class RequestText {
  readonly #decoded = new Uint8Array(MAX_PART_BYTES);
  /** The text is bytes[start, end). */
  bytes: Uint8Array = this.#decoded;
  start = 0;
  end = 0;

  read(bytes: Uint8Array, start: number, partEnd: number): void {
    const end = Math.min(partEnd, start + MAX_PART_BYTES);
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    let last = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === PERCENT || byte === BACKSLASH || (byte === SLASH && last === SLASH)) {
        this.bytes = this.#decoded;
        this.start = 0;
        this.end = withoutDoubleSlashes(this.#decoded, this.#decode(bytes, start, end));
        return;
      }
      last = byte;
    }
  }

  #decode(bytes: Uint8Array, start: number, end: number): number {
    const decoded = this.#decoded;
    let length = 0;
    for (let at = start; at < end; ) {
      const byte = bytes[at] ?? 0;
      const escaped = byte === BACKSLASH ? escapeLength(bytes, at, end) : 0;
      // \xNN and \u00NN end with the number, \" and \\ with the byte itself.
      const value = escaped > 2 ? hexAt(bytes, at + escaped - 2, end) : bytes[at + escaped - 1];
      decoded[length++] = escaped === 0 ? byte : (value ?? 0);
      at += Math.max(1, escaped);
    }
    for (let round = 0; round < MAX_ENCODINGS; round++) {
      const shorter = decodePercents(decoded, length);
      if (shorter === length) break;
      length = shorter;
    }
    return length;
  }
}

function withoutDoubleSlashes(bytes: Uint8Array, end: number): number {
  let length = 0;
  for (let at = 0; at < end; at++) {
    const byte = bytes[at] === BACKSLASH ? SLASH : (bytes[at] ?? 0);
    if (byte !== SLASH || length === 0 || bytes[length - 1] !== SLASH) bytes[length++] = byte;
  }
  return length;
}

/** The length of what Apache, nginx or JSON write for one byte; 0 if it is none of these. */
function escapeLength(bytes: Uint8Array, at: number, end: number): number {
  const next = at + 1 < end ? bytes[at + 1] : undefined;
  if (next === BACKSLASH || next === 0x22) return 2;
  if (next === 0x78 && hexAt(bytes, at + 2, end) >= 0) return 4;
  const isLatin = next === 0x75 && hexAt(bytes, at + 2, end) === 0;
  return isLatin && hexAt(bytes, at + 4, end) >= 0 ? 6 : 0;
}

function decodePercents(bytes: Uint8Array, end: number): number {
  let length = 0;
  for (let at = 0; at < end; at++) {
    const value = bytes[at] === PERCENT ? hexAt(bytes, at + 1, end) : -1;
    bytes[length++] = value < 0 ? (bytes[at] ?? 0) : value;
    if (value >= 0) at += 2;
  }
  return length;
}

/** The value of two hexadecimal digits; -1 if they are not. */
function hexAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return -1;
  const [high, low] = [digitOf(bytes[at] ?? 0), digitOf(bytes[at + 1] ?? 0)];
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
