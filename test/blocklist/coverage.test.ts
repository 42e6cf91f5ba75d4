import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  coverageOf,
  exceededFamily,
  mostAddresses,
  narrowestWithin,
  sizeOf,
} from '../../src/blocklist/coverage.ts';
import { CoveredSpace } from '../../src/blocklist/covered-space.ts';
import { containsPrefix, type Prefix } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { prefixOf, valueOf } from '../reference/networks.ts';

function listOf(...texts: string[]): PrefixList {
  return PrefixList.from(texts.map((text) => parsePrefix(text)));
}

/** 2000::/3, whose first number and the one after its last are these. */
const GLOBAL = [2n ** 125n, 2n ** 126n] as const;

/** Counts range by range, without coalescing. */
function coverageReference(prefixes: readonly Prefix[], family: 4 | 6): bigint {
  const bits = family === 4 ? 32n : 128n;
  const [least, most] = family === 4 ? ([0n, 2n ** 32n] as const) : GLOBAL;
  const ranges = prefixes
    .filter((prefix) => prefix.family === family)
    .map((prefix): [bigint, bigint] => {
      const first = valueOf(prefix);
      return [first, first + (1n << (bits - BigInt(prefix.length)))];
    })
    .toSorted(([p], [q]) => (p < q ? -1 : p > q ? 1 : 0));
  let sum = 0n;
  let end = least;
  for (const [first, last] of ranges) {
    const from = first > end ? first : end;
    const to = last < most ? last : most;
    if (to > from) sum += to - from;
    if (to > end) end = to;
  }
  return sum;
}

/** In a small part of the space, and often one in the other. */
const prefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.constantFrom<4 | 6>(4, 6), fc.bigInt(0n, 255n), fc.integer({ min: 0, max: 10 }))
  .map(([family, top, length]) => prefixOf(family, top << (family === 4 ? 24n : 120n), length));

const narrowPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(fc.constantFrom<4 | 6>(4, 6), fc.bigInt(0n, 63n), fc.integer({ min: 26, max: 32 }))
  .map(([family, host, length]) =>
    family === 4
      ? prefixOf(4, 0xffff_ffc0n | host, length)
      : prefixOf(6, (0x3fffn << 112n) | host, length + 96),
  );

const prefixes = fc.array(fc.oneof(prefix, narrowPrefix), { maxLength: 40 });

describe('coverageOf', () => {
  it('counts an address once, however many prefixes contain it', () => {
    const list = listOf('10.0.0.0/8', '10.0.0.0/9', '10.1.2.3', '11.0.0.0/8', '192.0.2.0/31');
    expect(coverageOf(list)).toEqual({ 4: 2n ** 25n + 2n, 6: 0n });
  });

  it('counts of IPv6 what lies in 2000::/3', () => {
    expect(coverageOf(listOf('2001:db8::/32', 'fc00::/7', 'fe80::/10'))[6]).toBe(2n ** 96n);
    expect(coverageOf(listOf('::/0'))[6]).toBe(2n ** 125n);
    expect(coverageOf(listOf('::/1'))[6]).toBe(2n ** 125n);
    expect(coverageOf(listOf('::/3', '4000::/2', '8000::/1'))[6]).toBe(0n);
    expect(coverageOf(listOf('3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))[6]).toBe(1n);
  });

  it('agrees with a reference that counts ranges', () => {
    fc.assert(
      fc.property(prefixes, (list) => {
        for (const family of [4, 6] as const) {
          expect(coverageOf(PrefixList.from(list))[family]).toBe(coverageReference(list, family));
        }
      }),
    );
  });
});

describe('exceededFamily', () => {
  it('allows exactly the share', () => {
    const quarter = listOf('0.0.0.0/2', '2000::/5');
    expect(exceededFamily(coverageOf(quarter), 25)).toBeUndefined();
    expect(exceededFamily(coverageOf(listOf('0.0.0.0/2', '255.255.255.255')), 25)).toBe(4);
    expect(exceededFamily(coverageOf(listOf('2000::/5', '3fff::/128')), 25)).toBe(6);
    expect(exceededFamily(coverageOf(listOf('0.0.0.0/0', '::/0')), 100)).toBeUndefined();
  });
});

describe('CoveredSpace', () => {
  it('has the coverage of all that was added', () => {
    fc.assert(
      fc.property(prefixes, prefixes, (first, more) => {
        const space = new CoveredSpace(PrefixList.from(first));
        const all = [...first];
        for (const one of more) {
          const before = space.coverage[one.family];
          const gain = space.gainOf(one);
          space.add(one);
          all.push(one);
          expect(space.coverage[one.family] - before).toBe(gain);
        }
        expect(space.coverage).toEqual(coverageOf(PrefixList.from(all)));
      }),
    );
  });
});

describe('narrowestWithin', () => {
  it('leaves out the widest', () => {
    const list = listOf('1.2.3.0/24', '5.0.0.0/8', '64.0.0.0/2', '2001:db8::/32', '2000::/4');
    expect([...narrowestWithin(list, 25)]).toEqual([
      parsePrefix('1.2.3.0/24'),
      parsePrefix('5.0.0.0/8'),
      parsePrefix('2001:db8::/32'),
    ]);
  });

  it('keeps what is within the share, and of the widest kept length as many as fit', () => {
    const all = Array.from({ length: 223 }, (_, index) => `${index + 1}.0.0.0/8`);
    expect(narrowestWithin(listOf(...all), 25).size).toBe(64);
    expect(narrowestWithin(listOf(...all.slice(0, 64)), 25).size).toBe(64);
  });

  it('never keeps more than the share, nor a wider prefix where a narrower one was left out', () => {
    fc.assert(
      fc.property(prefixes, fc.integer({ min: 1, max: 100 }), (list, share) => {
        const kept = [...narrowestWithin(PrefixList.from(list), share)];
        expect(exceededFamily(coverageOf(PrefixList.from(kept)), share)).toBeUndefined();
        for (const family of [4, 6] as const) {
          const widest = Math.min(
            129,
            ...kept.filter((p) => p.family === family).map((p) => p.length),
          );
          const narrower = list.filter((p) => p.family === family && p.length > widest);
          for (const one of narrower) expect(kept).toContainEqual(one);
          const isAll = coverageOf(PrefixList.from(list))[family] <= mostAddresses(family, share);
          const rest = list.filter((p) => p.family === family && p.length > 0);
          if (isAll) for (const one of rest) expect(kept).toContainEqual(one);
        }
      }),
    );
  });
});

it('gives the size of a prefix as far as it counts', () => {
  expect(sizeOf(parsePrefix('10.0.0.0/8'))).toBe(2n ** 24n);
  expect(sizeOf(parsePrefix('2001:db8::/32'))).toBe(2n ** 96n);
  expect(sizeOf(parsePrefix('fc00::/7'))).toBe(0n);
  expect(containsPrefix(parsePrefix('::/2'), parsePrefix('2000::/3'))).toBe(true);
  expect(sizeOf(parsePrefix('::/2'))).toBe(2n ** 125n);
});
