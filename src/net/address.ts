/** IPv4 is 4, IPv6 is 6. */
export type Family = 4 | 6;

/** How many bits an address of the family has. */
export const FAMILY_BITS = { 4: 32, 6: 128 } as const satisfies Record<Family, number>;

/**
 * One address, as four unsigned 32-bit words from the left. An IPv4 address is `a` alone, the
 * others are zero, so that bit n from the left lies in the same place for both families and one
 * piece of code masks and compares both. An IPv4-mapped IPv6 address never occurs: it is its IPv4
 * address.
 */
export interface Address {
  readonly family: Family;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

/** The address with these words; IPv4-mapped IPv6 becomes IPv4 (RFC 4291, 2.5.5.2). */
export function addressOf(family: Family, a: number, b = 0, c = 0, d = 0): Address {
  if (family === 6 && isMapped(a, b, c)) {
    return { family: 4, a: d >>> 0, b: 0, c: 0, d: 0 };
  }
  return { family, a: a >>> 0, b: b >>> 0, c: c >>> 0, d: d >>> 0 };
}

/** Whether these are the first words of an IPv4-mapped IPv6 address. */
export function isMapped(a: number, b: number, c: number): boolean {
  return a === 0 && b === 0 && c === 0xffff;
}

/** IPv4 before IPv6, then by value. */
export function compareAddresses(p: Address, q: Address): number {
  return p.family - q.family || p.a - q.a || p.b - q.b || p.c - q.c || p.d - q.d;
}

/** Network byte order: 4 bytes for IPv4, 16 for IPv6. */
export function addressBytes(address: Address): Uint8Array {
  const { family, a, b, c, d } = address;
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  writeWord(bytes, 0, a);
  if (family === 4) return bytes;
  writeWord(bytes, 4, b);
  writeWord(bytes, 8, c);
  writeWord(bytes, 12, d);
  return bytes;
}

/** The same in hexadecimal: 8 or 32 digits. */
export function addressHex({ family, a, b, c, d }: Address): string {
  return family === 4 ? wordHex(a) : `${wordHex(a)}${wordHex(b)}${wordHex(c)}${wordHex(d)}`;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function wordHex(word: number): string {
  return `${HEX[word >>> 24]}${HEX[(word >>> 16) & 0xff]}${HEX[(word >>> 8) & 0xff]}${HEX[word & 0xff]}`;
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
