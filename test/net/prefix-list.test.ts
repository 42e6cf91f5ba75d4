import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePrefixes } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { anyPrefix, anyPrefixes, EDGES } from '../reference/arbitraries.ts';

const many = fc.oneof(anyPrefixes, fc.array(anyPrefix, { minLength: 500, maxLength: 700 }));

describe('PrefixList', () => {
  it('gives what was pushed, IPv4 first, in the order of pushing', () => {
    fc.assert(
      fc.property(anyPrefixes, (prefixes) => {
        const list = PrefixList.from(prefixes);
        expect(list.size).toBe(prefixes.length);
        expect([...list]).toEqual(prefixes.toSorted((p, q) => p.family - q.family));
      }),
    );
  });

  it('sorts as comparePrefixes does, and again after a push', () => {
    fc.assert(
      fc.property(many, fc.constantFrom(...EDGES), (prefixes, edge) => {
        const list = PrefixList.from(prefixes);
        list.sort();
        expect([...list]).toEqual(prefixes.toSorted(comparePrefixes));
        list.push(edge);
        list.sort();
        expect([...list]).toEqual([...prefixes, edge].toSorted(comparePrefixes));
      }),
      { numRuns: 60 },
    );
  });

  it('takes words as they are', () => {
    const list = new PrefixList();
    list.runs[6].push(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 128);
    list.runs[4].push(0xffffffff, 0, 0, 0, 32);
    list.runs[4].push(0, 0, 0, 0, 0);
    expect([...list].map(({ a, d, length }) => [a, d, length])).toEqual([
      [0xffffffff, 0, 32],
      [0, 0, 0],
      [0xffffffff, 0xffffffff, 128],
    ]);
  });
});
