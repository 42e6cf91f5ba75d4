import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/net/address.ts';
import { formatAddress, parseAddress } from '../../src/net/address-text.ts';
import {
  embeddedBeside,
  embeddedIn,
  embeddedPrefix,
  embeddingsOf,
  NAT64_LENGTHS,
} from '../../src/net/embedded.ts';
import { contains, hostPrefix, type Prefix, prefixAround } from '../../src/net/prefix.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';

const OWN = ['2001:db8:100::/40', '2001:db8:322:344::/64', '2001:db8:1::/96'].map(parsePrefix);

function found(text: string, length4 = 24) {
  const embedded = embeddedIn(parseAddress(text)!, OWN);
  return embedded && [formatAddress(embedded.address), formatPrefix(embedded.prefixOf(length4))];
}

function embeddedText(text: string): string | undefined {
  const prefix = embeddedPrefix(parsePrefix(text), []);
  return prefix && formatPrefix(prefix);
}

describe('the IPv4 address in an IPv6 one', () => {
  it.each([
    ['64:ff9b::203.0.113.7', '203.0.113.7', '64:ff9b::cb00:7100/120'],
    ['64:ff9b:1:2:3:4:203.0.113.7', '203.0.113.7', '64:ff9b:1:2:3:4:cb00:7100/120'],
    ['::ffff:0:203.0.113.7', '203.0.113.7', '::ffff:0:cb00:7100/120'],
    ['2002:cb00:7107:1:2:3:4:5', '203.0.113.7', '2002:cb00:7107::/48'],
    ['2001:0:c000:201:0:1234:34ff:8ef8', '203.0.113.7', '2001:0:c000:201:0:1234:34ff:8ef8/128'],
    // RFC 6052, 2.4.
    ['2001:db8:1c0:2:21::', '192.0.2.33', '2001:db8:1c0:2::/64'],
    ['2001:db8:322:344:c0:2:2100::', '192.0.2.33', '2001:db8:322:344:c0:2::/96'],
    ['2001:db8:1::192.0.2.33', '192.0.2.33', '2001:db8:1::c000:200/120'],
  ])('of %s is %s, and the automatic prefix %s', (text, address, prefix) => {
    expect(found(text)).toEqual([address, prefix]);
  });

  it.each([
    '203.0.113.7',
    '2001:db8::7',
    '64:ff9b:2::7',
    '64:ff9b::1:203.0.113.7',
    '2003::1',
    '::',
  ])('is none in %s', (text) => expect(found(text)).toBeUndefined());

  it('is none in a prefix that lacks bits before it', () => {
    expect(embeddedText('64:ff9b::/96')).toBe('0.0.0.0/0');
    expect(embeddedText('64:ff9b::/64')).toBeUndefined();
    expect(embeddedText('64:ff9b:1::/95')).toBeUndefined();
    expect(embeddedText('2001::/32')).toBeUndefined();
    expect(embeddedText('2002:cb00:7107::/48')).toBe('203.0.113.7/32');
    expect(embeddedText('2002:cb00::/32')).toBe('203.0.0.0/16');
    expect(embeddedText('2002:cb00:7107:1::/64')).toBe('203.0.113.7/32');
  });
});

/** A slow reference: the bits of the IPv6 address as text. */
interface Known {
  readonly prefix: Prefix;
  readonly places: readonly number[];
  readonly isInverted: boolean;
}

function known(prefix: string, from: number, isInverted = false): Known {
  const places: number[] = [];
  for (let place = from; places.length < 32; place++) {
    if (from < 72 && place >= 64 && place < 72) continue;
    places.push(place);
  }
  return { prefix: parsePrefix(prefix), places, isInverted };
}

const KNOWN: readonly Known[] = [
  ...OWN.map((prefix) => known(formatPrefix(prefix), prefix.length)),
  known('64:ff9b::/96', 96),
  known('64:ff9b:1::/48', 96),
  known('::ffff:0:0:0/96', 96),
  known('2002::/16', 16),
  known('2001::/32', 96, true),
];

function bitsOf({ a, b, c, d }: { a: number; b: number; c: number; d: number }): string {
  return [a, b, c, d].map((word) => word.toString(2).padStart(32, '0')).join('');
}

const words = fc.tuple(...([0, 1, 2, 3].map(() => fc.nat(0xffffffff)) as [fc.Arbitrary<number>]));
const embedding = fc
  .record({
    one: fc.constantFrom(...KNOWN),
    noise: words,
    length4: fc.integer({ min: 8, max: 32 }),
  })
  .map(({ one, noise, length4 }) => {
    const [a = 0, b = 0, c = 0, d = 0] = noise as number[];
    const bits =
      bitsOf(one.prefix).slice(0, one.prefix.length) +
      bitsOf({ a, b, c, d }).slice(one.prefix.length);
    const [w = 0, x = 0, y = 0, z = 0] = [0, 32, 64, 96].map((at) =>
      Number.parseInt(bits.slice(at, at + 32), 2),
    );
    return { one, bits, address: addressOf(6, w, x, y, z), length4 };
  });

describe('embeddings', () => {
  it('are read bit by bit', () => {
    fc.assert(
      fc.property(embedding, ({ one, bits, address, length4 }) => {
        const flip = (bit: string) => (one.isInverted ? (bit === '0' ? '1' : '0') : bit);
        const word = Number.parseInt(one.places.map((place) => flip(bits[place]!)).join(''), 2);
        const embedded = embeddedIn(address, OWN)!;
        expect(embedded.address).toEqual(addressOf(4, word));
        const prefix = embedded.prefixOf(length4);
        const from = formatPrefix(one.prefix);
        const length =
          from === '2002::/16' ? 48 : from === '2001::/32' ? 128 : one.places[length4 - 1]! + 1;
        expect(prefix).toEqual(prefixAround(address, length));
        for (let at = one.places[0]!; at <= 128; at++) {
          const read = one.places.filter((place) => place < at).length;
          expect(embeddedPrefix(prefixAround(address, at), OWN)).toEqual(
            prefixAround(embedded.address, read),
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of an IPv4 prefix contain the address if, and only if, the prefix contains what it embeds', () => {
    fc.assert(
      fc.property(embedding, fc.nat(0xffffffff), fc.nat(32), ({ address }, word, near) => {
        const embedded = embeddedIn(address, OWN)!.address;
        // Often a prefix around it.
        const prefix4 = prefixAround(word % 3 === 0 ? addressOf(4, word) : embedded, near);
        const around = embeddedBeside(prefix4, hostPrefix(address), OWN);
        const all = [...embeddingsOf(prefix4, OWN), ...(around ? [around] : [])];
        expect(all.some((prefix) => isIn(prefix, address))).toBe(contains(prefix4, embedded));
      }),
      { numRuns: 1000 },
    );
  });

  it('have prefixes of the lengths of RFC 6052', () => {
    expect(NAT64_LENGTHS).toEqual([32, 40, 48, 56, 64, 96]);
    for (const length of NAT64_LENGTHS) {
      const nat64 = [prefixAround(parseAddress('2001:db8:aaaa:bbbb::')!, length)];
      const [prefix] = embeddingsOf(parsePrefix('192.0.2.33'), nat64);
      const address = embeddedIn(prefix!, nat64)?.address;
      expect(address && formatAddress(address)).toBe('192.0.2.33');
    }
  });
});

/** Bits 64 to 71 are zero in what a translator writes. */
function isIn(prefix: Prefix, address: { a: number; b: number; c: number; d: number }): boolean {
  const plain = { family: 6 as const, ...address };
  const reserved = OWN.some((one) => one.length <= 64 && contains(one, plain));
  return contains(prefix, reserved ? { ...plain, c: plain.c & 0x00ff_ffff } : plain);
}
