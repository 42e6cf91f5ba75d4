import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { cellOf, curveOffset, SIDE } from '../../../src/fleet/pubsub/hilbert.ts';
import { MAX_LEVEL, spaceMap } from '../../../src/fleet/pubsub/space-map.ts';
import { PrefixList } from '../../../src/net/prefix-list.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

it('visits each cell once, each the neighbour of the last', () => {
  const cells = Array.from({ length: SIDE * SIDE }, (_, offset) => cellOf(offset));
  expect(new Set(cells).size).toBe(SIDE * SIDE);
  for (let offset = 1; offset < cells.length; offset++) {
    const [p, q] = [cells[offset - 1]!, cells[offset]!];
    const steps =
      Math.abs((p % SIDE) - (q % SIDE)) + Math.abs(Math.floor(p / SIDE) - Math.floor(q / SIDE));
    if (steps !== 1) expect.fail(`${steps} steps from ${offset - 1} to ${offset}`);
  }
  expect(cells[0]).toBe(0);
  expect(cells.at(-1)).toBe(SIDE - 1);
});

it('finds the offset of every cell', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: SIDE * SIDE - 1 }), (offset) => {
      expect(curveOffset(cellOf(offset))).toBe(offset);
    }),
  );
});

it('shows how much of each /16 is blocked', () => {
  expect(levelAt([], 0)).toBe(0);
  expect(levelAt(['0.0.0.0/32'], 0)).toBe(1);
  expect(levelAt(['255.255.255.255/32'], 65_535)).toBe(1);
  expect(levelAt(['5.149.104.0/24'], (5 << 8) | 149)).toBe(5);
  expect(levelAt(['5.149.0.0/17', '5.149.128.0/17'], (5 << 8) | 149)).toBe(MAX_LEVEL);
  expect(levelAt(['2001:db8::/32'], 0x2001)).toBe(0);
  const half = spaceMap(PrefixList.from([parsePrefix('128.0.0.0/1')]));
  expect(half.filter((level) => level === MAX_LEVEL).length).toBe(32_768);
  expect(half.filter((level) => level === 0).length).toBe(32_768);
});

function levelAt(rules: string[], offset: number): number | undefined {
  return spaceMap(PrefixList.from(rules.map(parsePrefix)))[cellOf(offset)];
}
