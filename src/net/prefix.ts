import { type Address, addressOf, FAMILY_BITS } from './address.ts';

/**
 * A network with a length. The host bits are zero, 0 <= length <= 32 or 128. Being an Address too,
 * it is its own first address.
 */
export interface Prefix extends Address {
  readonly length: number;
}

/** The prefix of this length around the address. Throws RangeError for an invalid length. */
export function prefixAround(address: Address, length: number): Prefix {
  const { family } = address;
  if (!Number.isInteger(length) || length < 0 || length > FAMILY_BITS[family]) {
    throw new RangeError(`an IPv${family} prefix has no length ${length}`);
  }
  return {
    family,
    a: (address.a & wordMask(length, 0)) >>> 0,
    b: (address.b & wordMask(length, 1)) >>> 0,
    c: (address.c & wordMask(length, 2)) >>> 0,
    d: (address.d & wordMask(length, 3)) >>> 0,
    length,
  };
}

/** The prefix of this address alone. */
export function hostPrefix(address: Address): Prefix {
  return prefixAround(address, FAMILY_BITS[address.family]);
}

/** A prefix itself, and that of an address alone. */
export function prefixOf(given: Address | Prefix): Prefix {
  return 'length' in given ? given : hostPrefix(given);
}

/** Word 0 to 3 of the netmask of this length, as a signed 32-bit integer. */
export function wordMask(length: number, word: number): number {
  const bits = length - word * 32;
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

/** Whether all host bits are zero. */
export function isNetwork({ a, b, c, d, length }: Prefix): boolean {
  return (
    (a & ~wordMask(length, 0)) === 0 &&
    (b & ~wordMask(length, 1)) === 0 &&
    (c & ~wordMask(length, 2)) === 0 &&
    (d & ~wordMask(length, 3)) === 0
  );
}

/** Whether every address of `inner` lies in `outer`; a prefix contains itself. */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && contains(outer, inner);
}

/** Whether the address lies in the prefix. */
export function contains(prefix: Prefix, address: Address): boolean {
  const { length } = prefix;
  return (
    prefix.family === address.family &&
    ((prefix.a ^ address.a) & wordMask(length, 0)) === 0 &&
    ((prefix.b ^ address.b) & wordMask(length, 1)) === 0 &&
    ((prefix.c ^ address.c) & wordMask(length, 2)) === 0 &&
    ((prefix.d ^ address.d) & wordMask(length, 3)) === 0
  );
}

/** Whether one prefix contains the other. */
export function overlaps(p: Prefix, q: Prefix): boolean {
  return contains(p.length <= q.length ? p : q, p.length <= q.length ? q : p);
}

/** IPv4 before IPv6, then by network, then the wider first. */
export function comparePrefixes(p: Prefix, q: Prefix): number {
  return (
    p.family - q.family || p.a - q.a || p.b - q.b || p.c - q.c || p.d - q.d || p.length - q.length
  );
}

/** The last address of the prefix: all host bits one. */
export function lastAddress(prefix: Prefix): Address {
  const { family, length } = prefix;
  if (family === 4) return addressOf(4, prefix.a | ~wordMask(length, 0));
  // Not through addressOf: the last address of a prefix is never narrowed into another family.
  return {
    family,
    a: (prefix.a | ~wordMask(length, 0)) >>> 0,
    b: (prefix.b | ~wordMask(length, 1)) >>> 0,
    c: (prefix.c | ~wordMask(length, 2)) >>> 0,
    d: (prefix.d | ~wordMask(length, 3)) >>> 0,
  };
}
