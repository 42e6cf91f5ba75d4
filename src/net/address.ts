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
  if (family === 6 && a === 0 && b === 0 && c === 0xffff) {
    return { family: 4, a: d >>> 0, b: 0, c: 0, d: 0 };
  }
  return { family, a: a >>> 0, b: b >>> 0, c: c >>> 0, d: d >>> 0 };
}

/** IPv4 before IPv6, then by value. */
export function compareAddresses(p: Address, q: Address): number {
  return p.family - q.family || p.a - q.a || p.b - q.b || p.c - q.c || p.d - q.d;
}

/** Network byte order: 4 bytes for IPv4, 16 for IPv6. */
export function addressBytes(address: Address): Uint8Array {
  const { family, a, b, c, d } = address;
  const words = family === 4 ? [a] : [a, b, c, d];
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setUint32(index * 4, word));
  return bytes;
}
