import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coalesce } from '../../src/net/coalesce.ts';
import type { Prefix } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { subtract } from '../../src/net/subtract.ts';
import { anyPrefix, anyPrefixes } from '../reference/arbitraries.ts';
import { coalesceReference, subtractReference } from '../reference/networks.ts';

function listOf(texts: readonly string[]): PrefixList {
  return PrefixList.from(texts.map(parsePrefix));
}

function textsOf(list: Iterable<Prefix>): string[] {
  return [...list].map(formatPrefix);
}

/** No address of IPv6 is in ::ffff:0:0/96, so that no prefix is needed there. */
function isReal({ family, a, b, c, length }: Prefix): boolean {
  return family === 4 || length < 96 || a !== 0 || b !== 0 || c !== 0xffff;
}

describe('coalesce', () => {
  it.each([
    [[], []],
    [['5.149.104/24', '5.149.105/24'], ['5.149.104.0/23']],
    [
      ['5.149.105/24', '5.149.106/24'],
      ['5.149.105.0/24', '5.149.106.0/24'],
    ],
    [['10.1/16', '10/8', '10.2.3.4'], ['10.0.0.0/8']],
    [['0/1', '128/1'], ['0.0.0.0/0']],
    [['128/1', '64/2', '0/2'], ['0.0.0.0/0']],
    [['1.2.3.4', '0/0', '255.255.255.255'], ['0.0.0.0/0']],
    [['255.255.255.255', '255.255.255.254'], ['255.255.255.254/31']],
    [
      ['127.255.255.255', '128.0.0.0'],
      ['127.255.255.255/32', '128.0.0.0/32'],
    ],
    [
      ['::/1', '8000::/1', '0/0'],
      ['0.0.0.0/0', '::/0'],
    ],
    [['2001:db8::1', '2001:db8::'], ['2001:db8::/127']],
    [['2001:db8::/33', '2001:db8:8000::/33', '2001:db9::/32'], ['2001:db8::/31']],
    [['::1:0:0:0/80', '::/80'], ['::/79']],
  ])('makes of %j %j', (given, expected) => {
    expect(textsOf(coalesce(listOf(given)))).toEqual(expected);
  });

  it('gives what the reference gives, the list unchanged, and the same again', () => {
    fc.assert(
      fc.property(anyPrefixes, (prefixes) => {
        const list = PrefixList.from(prefixes);
        const before = [...list];
        const result = coalesce(list);
        expect([...result]).toEqual(coalesceReference(prefixes));
        expect([...list]).toEqual(before);
        expect([...coalesce(result)]).toEqual([...result]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives a list that takes more', () => {
    const list = coalesce(listOf(['0/0', '::/0']));
    list.push(parsePrefix('10/8'));
    expect(textsOf(list)).toEqual(['0.0.0.0/0', '10.0.0.0/8', '::/0']);
    expect(textsOf(coalesce(listOf(['0/0'])))).toEqual(['0.0.0.0/0']);
  });
});

describe('subtract', () => {
  it.each([
    [['10/8'], [], ['10.0.0.0/8']],
    [['10/8'], ['10/8'], []],
    [['10/8'], ['0/0'], []],
    [['10/8'], ['11/8'], ['10.0.0.0/8']],
    [['10/8'], ['10.128/9'], ['10.0.0.0/9']],
    [['1.2.3.0/30'], ['1.2.3.1', '1.2.3.2'], ['1.2.3.0/32', '1.2.3.3/32']],
    [
      ['1.2.3.0/30', '1.2.4.0/30'],
      ['1.2.3.0/31', '1.2.4.3'],
      ['1.2.3.2/31', '1.2.4.0/31', '1.2.4.2/32'],
    ],
    [['0/0'], ['128/1'], ['0.0.0.0/1']],
    [['255.255.255.254/31'], ['255.255.255.255'], ['255.255.255.254/32']],
    [['::/0'], ['8000::/1', '::/2'], ['4000::/2']],
    [['2001:db8::/126'], ['2001:db8::2'], ['2001:db8::/127', '2001:db8::3/128']],
    // What is left of this /95 is the IPv4-mapped half, which no IPv6 address is in.
    [['::fffe:0:0/95'], ['::fffe:0:0/96'], []],
  ])('%j less %j is %j', (given, holes, expected) => {
    expect(textsOf(subtract(listOf(given), listOf(holes)))).toEqual(expected);
  });

  it('cuts one address out of everything', () => {
    const holes = ['255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
    const rest = subtract(listOf(['0/0', '::/0']), listOf(holes));
    expect(rest.runs[4].size).toBe(32);
    expect(rest.runs[6].size).toBe(128);
    expect(textsOf(coalesce(PrefixList.from([...rest, ...listOf(holes)])))).toEqual([
      '0.0.0.0/0',
      '::/0',
    ]);
  });

  it('gives what the reference gives, both lists unchanged', () => {
    const pairs = fc.oneof(
      fc.tuple(anyPrefixes, anyPrefixes),
      fc.tuple(anyPrefixes, fc.array(anyPrefix, { maxLength: 5 })),
      // Holes from among the list and its neighbours.
      anyPrefixes.chain((prefixes) => fc.tuple(fc.constant(prefixes), fc.subarray(prefixes))),
    );
    fc.assert(
      fc.property(pairs, ([prefixes, holes]) => {
        const list = PrefixList.from(prefixes);
        const holeList = PrefixList.from(holes);
        const before = [[...list], [...holeList]];
        const rest = [...subtract(list, holeList)];
        expect(rest).toEqual(subtractReference(prefixes, holes).filter(isReal));
        expect([[...list], [...holeList]]).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});
