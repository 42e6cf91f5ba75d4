import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Neighbours } from '../../../src/engine/import/neighbours.ts';
import { comparePrefixes, overlaps, type Prefix } from '../../../src/net/prefix.ts';
import { PrefixList } from '../../../src/net/prefix-list.ts';
import { anyPrefixes } from '../../reference/arbitraries.ts';

describe('Neighbours', () => {
  it('finds each prefix that contains others or lies within one', () => {
    fc.assert(
      fc.property(anyPrefixes, anyPrefixes, (others, asked) => {
        const neighbours = new Neighbours(PrefixList.from(others));
        const before: Prefix[] = [];
        for (const prefix of asked.toSorted(comparePrefixes)) {
          const isAlone = ![...others, ...before].some((other) => overlaps(other, prefix));
          expect(neighbours.isAlone(prefix)).toBe(isAlone);
          before.push(prefix);
        }
      }),
    );
  });
});
