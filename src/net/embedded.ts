import { type Address, addressOf } from './address.ts';
import { contains, type Prefix, prefixAround, wordMask } from './prefix.ts';

/** IPv6 addresses that hold an IPv4 address. */
interface Embedding {
  readonly prefix: Prefix;
  /** The bit at which the IPv4 address begins. */
  readonly from: number;
  /** Its bits are inverted. */
  readonly isInverted: boolean;
  /** The length of the prefix that belongs to one IPv4 address alone; default: by its own length. */
  readonly siteLength: number | undefined;
  /** Whether the bits before the IPv4 address are always those of the prefix. */
  readonly isFixed: boolean;
}

/** What an IPv6 address embeds. */
export interface Embedded {
  /** IPv4. */
  readonly address: Address;
  /** The prefix around the IPv6 address that stands for the IPv4 prefix of this length. */
  readonly prefixOf: (length4: number) => Prefix;
}

/** The lengths that a NAT64 prefix can have (RFC 6052, 2.2). */
export const NAT64_LENGTHS: readonly number[] = [32, 40, 48, 56, 64, 96];

/** Bits 64 to 71 are reserved; an IPv4 address goes on after them (RFC 6052, 2.2). */
const RESERVED_AT = 64;
const RESERVED_BITS = 8;

const WELL_KNOWN: readonly Embedding[] = [
  // NAT64 (RFC 6052), and for local use with any bits before the address (RFC 8215).
  embedding([0x0064_ff9b], 96, 96),
  embedding([0x0064_ff9b, 0x0001_0000], 48, 96, { isFixed: false }),
  // SIIT, ::ffff:0:a.b.c.d (RFC 2765).
  embedding([0, 0, 0xffff_0000], 96, 96),
  // 6to4 (RFC 3056): a /48 for each IPv4 address.
  embedding([0x2002_0000], 16, 16, { siteLength: 48 }),
  // Teredo (RFC 4380): the client's address, inverted, after those of a server and a port.
  embedding([0x2001_0000], 32, 96, { siteLength: 128, isInverted: true, isFixed: false }),
];

/**
 * The IPv4 address that an IPv6 address embeds; undefined if it embeds none.
 * @param nat64 the prefixes of NAT64 translators besides the well-known one
 */
export function embeddedIn(address: Address, nat64: readonly Prefix[]): Embedded | undefined {
  const found = embeddingOf(address, nat64);
  if (found === undefined) return undefined;
  return {
    address: addressOf(4, wordIn(address, found)),
    prefixOf: (length4) => prefixAround(address, found.siteLength ?? endOf(found, length4)),
  };
}

/**
 * The IPv4 prefix that a prefix within one of the embeddings stands for. Undefined if it is IPv4, in
 * no embedding, or so wide that it lacks bits before the IPv4 address which are not always the same.
 */
export function embeddedPrefix(prefix: Prefix, nat64: readonly Prefix[]): Prefix | undefined {
  const found = embeddingOf(prefix, nat64);
  if (found === undefined || prefix.length < (found.isFixed ? found.prefix.length : found.from)) {
    return undefined;
  }
  let length = 0;
  while (length < 32 && endOf(found, length + 1) <= prefix.length) length++;
  return prefixAround(addressOf(4, wordIn(prefix, found)), length);
}

/** The prefixes that stand for an IPv4 prefix, wherever the bits before it are known. */
export function embeddingsOf(prefix4: Prefix, nat64: readonly Prefix[]): Prefix[] {
  return [...nat64.map(translator), ...WELL_KNOWN]
    .filter(({ isFixed }) => isFixed)
    .map((one) => embed(prefix4, one.prefix, one));
}

/**
 * The prefix that stands for an IPv4 prefix beside this one, which has all bits before the IPv4
 * address; undefined if it lacks some, or if all of them are known without it.
 */
export function embeddedBeside(
  prefix4: Prefix,
  prefix: Prefix,
  nat64: readonly Prefix[],
): Prefix | undefined {
  const found = embeddingOf(prefix, nat64);
  if (found === undefined || found.isFixed || prefix.length < found.from) return undefined;
  return embed(prefix4, prefixAround(prefix, found.from), found);
}

function embeddingOf(address: Address, nat64: readonly Prefix[]): Embedding | undefined {
  if (address.family === 4) return undefined;
  let configured: Prefix | undefined;
  for (const prefix of nat64) {
    const isLonger = configured === undefined || prefix.length > configured.length;
    if (isLonger && contains(prefix, address)) configured = prefix;
  }
  return configured === undefined
    ? WELL_KNOWN.find(({ prefix }) => contains(prefix, address))
    : translator(configured);
}

function translator(prefix: Prefix): Embedding {
  const from = prefix.length === RESERVED_AT ? RESERVED_AT + RESERVED_BITS : prefix.length;
  return { prefix, from, isInverted: false, siteLength: undefined, isFixed: true };
}

function embedding(
  words: readonly number[],
  length: number,
  from: number,
  more: Partial<Embedding> = {},
): Embedding {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  const prefix = prefixAround(addressOf(6, a, b, c, d), length);
  return { prefix, from, isInverted: false, siteLength: undefined, isFixed: true, ...more };
}

/** The length of the IPv6 prefix that ends with this many bits of the IPv4 address. */
function endOf({ from, prefix }: Embedding, length4: number): number {
  if (length4 === 0) return prefix.length;
  const end = from + length4;
  return from < RESERVED_AT && end > RESERVED_AT ? end + RESERVED_BITS : end;
}

/** The IPv4 address as an unsigned 32-bit number. */
function wordIn(address: Address, { from, isInverted }: Embedding): number {
  const before = Math.max(0, Math.min(32, RESERVED_AT - from));
  const after = before === 32 || before === 0 ? from : RESERVED_AT + RESERVED_BITS - before;
  const word =
    (bitsAt(address, from) & wordMask(before, 0)) | (bitsAt(address, after) & ~wordMask(before, 0));
  return (isInverted ? ~word : word) >>> 0;
}

/** 32 bits from this one on. */
function bitsAt({ a, b, c, d }: Address, from: number): number {
  const words = [a, b, c, d, 0];
  const [index, shift] = [from >>> 5, from & 31];
  const [first = 0, second = 0] = words.slice(index);
  return shift === 0 ? first : (first << shift) | (second >>> (32 - shift));
}

/** Puts an IPv4 prefix into an IPv6 prefix that ends where it begins. */
function embed(prefix4: Prefix, into: Prefix, at: Embedding): Prefix {
  const word = at.isInverted ? ~prefix4.a : prefix4.a;
  const words = [into.a, into.b, into.c, into.d];
  for (let bit = 0; bit < prefix4.length; bit++) {
    if (((word >>> (31 - bit)) & 1) === 0) continue;
    const position = endOf(at, bit + 1) - 1;
    words[position >>> 5] = (words[position >>> 5] ?? 0) | (1 << (31 - (position & 31)));
  }
  const [a = 0, b = 0, c = 0, d = 0] = words;
  return prefixAround({ family: 6, a, b, c, d }, endOf(at, prefix4.length));
}
