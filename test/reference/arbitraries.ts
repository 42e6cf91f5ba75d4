import * as fc from 'fast-check';
import { type Address, addressOf, type Family } from '../../src/net/address.ts';
import { type Prefix, prefixAround } from '../../src/net/prefix.ts';
import { bitsOf, prefixOf } from './networks.ts';

/** Bits that meet often: a few in a corner of a word, or all ones or zeros, or anything. */
const word = fc.oneof(
  fc.integer({ min: 0, max: 15 }),
  fc.integer({ min: 0, max: 15 }).map((bits) => (bits << 28) >>> 0),
  fc.constantFrom(0, 0x80000000, 0xffffffff, 0x7fffffff, 0xffff),
  fc.nat({ max: 0xffffffff }),
);

export const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  word.map((a) => addressOf(4, a)),
  fc.tuple(word, word, word, word).map(([a, b, c, d]) => addressOf(6, a, b, c, d)),
);

/** The edges that every test goes through: the whole space, its last address, and the first. */
export const EDGES: readonly Prefix[] = ([4, 6] as const).flatMap((family) => [
  prefixOf(family, 0n, 0),
  prefixOf(family, 0n, 1),
  prefixOf(family, 1n << BigInt(bitsOf(family) - 1), 1),
  prefixOf(family, 0n, bitsOf(family)),
  prefixOf(family, (1n << BigInt(bitsOf(family))) - 1n, bitsOf(family)),
]);

export const anyPrefix: fc.Arbitrary<Prefix> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...EDGES) },
  {
    weight: 9,
    arbitrary: anyAddress.chain((address) =>
      lengthOf(address.family).map((length) => prefixAround(address, length)),
    ),
  },
);

/** No IPv6 prefix in ::ffff:0:0/96: there are no such addresses. */
function lengthOf(family: Family): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer({ min: 0, max: bitsOf(family) }),
    fc.integer({ min: bitsOf(family) - 4, max: bitsOf(family) }),
  );
}

/** Prefixes among 64 neighbours, so that they cover each other, meet and fill each other up. */
function crowdedPrefix(family: Family, base: bigint): fc.Arbitrary<Prefix> {
  const bits = bitsOf(family);
  return fc
    .tuple(fc.bigInt({ min: 0n, max: 63n }), fc.integer({ min: bits - 6, max: bits }))
    .map(([value, length]) => prefixOf(family, base + value, length));
}

const CROWDS = [
  crowdedPrefix(4, 0n),
  crowdedPrefix(4, 0x7fffffe0n),
  crowdedPrefix(4, 0xffffffc0n),
  crowdedPrefix(6, 0n),
  crowdedPrefix(6, 0x20010db8_00000000_ffffffff_ffffffe0n),
  crowdedPrefix(6, (1n << 128n) - 64n),
];

/** Lists in which much happens: all around one place, or from everywhere. */
export const anyPrefixes: fc.Arbitrary<Prefix[]> = fc.oneof(
  ...CROWDS.map((crowd) => fc.array(crowd, { maxLength: 60 })),
  fc.array(fc.oneof(...CROWDS, anyPrefix), { maxLength: 60 }),
);
