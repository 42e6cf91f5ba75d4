import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../src/net/address.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { type Prefix, prefixAround } from '../../src/net/prefix.ts';
import { PrefixMap } from '../../src/net/prefix-map.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { anyAddress, anyPrefix, anyPrefixes, EDGES } from '../reference/arbitraries.ts';
import { PrefixMapReference } from '../reference/prefix-map.ts';

function mapOf(...texts: string[]): PrefixMap<string> {
  const map = new PrefixMap<string>();
  for (const text of texts) map.set(parsePrefix(text), text);
  return map;
}

function address(text: string): Address {
  return parseAddress(text)!;
}

function valuesOf(matches: Iterable<{ readonly value: string }>): string[] {
  return [...matches].map(({ value }) => value);
}

describe('PrefixMap', () => {
  it('holds one value for each prefix, and a parent another than its child', () => {
    const map = mapOf('10/8', '10/16', '0/0', '::/0', '255.255.255.255');
    expect(map.size).toBe(5);
    expect(map.get(parsePrefix('10/8'))).toBe('10/8');
    expect(map.get(parsePrefix('10.0/16'))).toBe('10/16');
    expect(map.get(parsePrefix('10/9'))).toBeUndefined();
    map.set(parsePrefix('10/8'), 'other');
    expect(map.size).toBe(5);
    expect(map.get(parsePrefix('10/8'))).toBe('other');
    expect(map.get(parsePrefix('10/16'))).toBe('10/16');
    expect(map.delete(parsePrefix('10/8'))).toBe(true);
    expect(map.delete(parsePrefix('10/8'))).toBe(false);
    expect(map.has(parsePrefix('10/8'))).toBe(false);
    expect(map.has(parsePrefix('10/16'))).toBe(true);
    expect(map.size).toBe(4);
  });

  it('finds the longest match', () => {
    const map = mapOf('10/8', '10.1/16', '10.1.2.3', '0/0', '2001:db8::/32', '2001:db8::1', '::/0');
    const match = (text: string) => map.longestMatch(address(text))?.value;
    expect(match('10.1.2.3')).toBe('10.1.2.3');
    expect(match('10.1.2.4')).toBe('10.1/16');
    expect(match('10.2.2.4')).toBe('10/8');
    expect(match('11.0.0.0')).toBe('0/0');
    expect(match('2001:db8::1')).toBe('2001:db8::1');
    expect(match('2001:db8::2')).toBe('2001:db8::/32');
    expect(match('::')).toBe('::/0');
    expect(new PrefixMap<string>().longestMatch(address('::'))).toBeUndefined();
    expect(new PrefixMap<string>().longestMatch(address('0.0.0.0'))).toBeUndefined();
  });

  it('gives what contains a prefix and what it contains', () => {
    const map = mapOf('10.1.2.3', '10.1/16', '10/8', '0/0', '10.1.0.0/24', '10.0.0.0', '::/0');
    expect(valuesOf(map.supernets(parsePrefix('10.1.2/24')))).toEqual(['0/0', '10/8', '10.1/16']);
    expect(valuesOf(map.supernets(parsePrefix('10/8')))).toEqual(['0/0', '10/8']);
    expect(valuesOf(map.subnets(parsePrefix('10.1/16')))).toEqual([
      '10.1/16',
      '10.1.0.0/24',
      '10.1.2.3',
    ]);
    expect(valuesOf(map.subnets(parsePrefix('0/0')))).toEqual([
      '0/0',
      '10/8',
      '10.0.0.0',
      '10.1/16',
      '10.1.0.0/24',
      '10.1.2.3',
    ]);
  });

  it('walks on when what is to come is deleted', () => {
    const map = mapOf('10/8', '11/8', '12/8');
    const seen: string[] = [];
    for (const { value } of map.walk()) {
      seen.push(value);
      map.delete(parsePrefix('11/8'));
    }
    expect(seen).toEqual(['10/8', '12/8']);
  });

  it('does what the reference does', () => {
    const step = fc.record({
      kind: fc.constantFrom('set', 'set', 'set', 'delete'),
      pick: fc.nat(),
      value: fc.nat({ max: 9 }),
      ask: anyAddress,
    });
    // Few different prefixes and many steps, so that they are set, deleted and set again.
    fc.assert(
      fc.property(anyPrefixes, fc.array(step, { maxLength: 120 }), (some, steps) => {
        const prefixes = [...some, ...EDGES];
        const map = new PrefixMap<number>();
        const reference = new PrefixMapReference<number>();
        for (const { kind, pick, value, ask } of steps) {
          const prefix = prefixes[pick % prefixes.length]!;
          if (kind === 'delete') expect(map.delete(prefix)).toBe(reference.delete(prefix));
          else {
            map.set(prefix, value);
            reference.set(prefix, value);
          }
          const other = prefixes[(pick + value) % prefixes.length]!;
          expect(map.get(other)).toBe(reference.get(other));
          expect(map.supernets(other)).toEqual(reference.supernets(other));
          expect(map.subnets(other)).toEqual(reference.subnets(other));
          expect(map.longestMatch(ask)).toEqual(reference.longestMatch(ask));
          expect(map.longestMatch(other)).toEqual(reference.longestMatch(other));
        }
        expect(map.size).toBe(reference.size);
        expect([...map.walk()]).toEqual(reference.all());
      }),
      { numRuns: 60 },
    );
  });

  it('stays right through thousands of changes', () => {
    const networks = fc.sample(anyAddress, { numRuns: 1000, seed: 1 });
    const lengths = fc.sample(fc.integer({ min: 0, max: 32 }), { numRuns: 1000, seed: 2 });
    const prefixes = networks.map((network, index) =>
      prefixAround(network, network.family === 4 ? lengths[index]! : lengths[index]! * 4),
    );
    const map = new PrefixMap<string>();
    const reference = new Map<string, Prefix>();
    const compare = () => {
      const expected = [...reference.keys()].toSorted();
      expect([...map.walk()].map(({ prefix }) => formatPrefix(prefix)).toSorted()).toEqual(
        expected,
      );
      const covered = EDGES.filter(({ length }) => length === 0).flatMap((all) => map.subnets(all));
      expect(valuesOf(covered).toSorted()).toEqual(expected);
      expect(map.size).toBe(reference.size);
      for (const prefix of reference.values()) {
        const longest = map.supernets(prefixAround(prefix, prefix.family === 4 ? 32 : 128)).at(-1);
        expect(map.longestMatch(prefix)).toEqual(longest);
      }
    };
    for (const round of [0, 1, 2]) {
      for (const prefix of prefixes) {
        const text = formatPrefix(prefix);
        map.set(prefix, text);
        reference.set(text, prefix);
      }
      compare();
      for (const [index, prefix] of prefixes.entries()) {
        if (index % 4 === round) continue;
        expect(map.delete(prefix)).toBe(reference.delete(formatPrefix(prefix)));
      }
      compare();
    }
  });

  it('does not mind networks whose low words are all zero', () => {
    const map = new PrefixMap<number>();
    for (let index = 0; index < 20_000; index++) {
      map.set(prefixAround({ family: 6, a: index * 0x10000, b: 0, c: 0, d: 0 }, 32), index);
    }
    expect(map.size).toBe(20_000);
    for (let index = 0; index < 20_000; index += 97) {
      const found = map.longestMatch({ family: 6, a: index * 0x10000, b: 2, c: 3, d: 4 });
      expect(found?.value).toBe(index);
    }
  });

  it('answers for any prefix at all', () => {
    fc.assert(
      fc.property(fc.array(anyPrefix, { maxLength: 40 }), anyPrefix, (prefixes, asked) => {
        const map = new PrefixMap<number>();
        const reference = new PrefixMapReference<number>();
        for (const [value, prefix] of prefixes.entries()) {
          map.set(prefix, value);
          reference.set(prefix, value);
        }
        expect(map.supernets(asked)).toEqual(reference.supernets(asked));
        expect(map.subnets(asked)).toEqual(reference.subnets(asked));
        expect([...map.walk()]).toEqual(reference.all());
      }),
      { numRuns: 150 },
    );
  });
});
