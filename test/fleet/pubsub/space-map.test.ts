import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { PAGE_SCRIPT } from '../../../src/fleet/pubsub/page-script.ts';
import { cellOf, LEVELS, SIDE, spaceMap } from '../../../src/fleet/pubsub/space-map.ts';
import { PrefixList } from '../../../src/net/prefix-list.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

it('goes through each cell once, from one to its neighbour', () => {
  const cells = Array.from({ length: SIDE * SIDE }, (_, place) => cellOf(place));
  expect(new Set(cells).size).toBe(SIDE * SIDE);
  for (let place = 1; place < cells.length; place++) {
    const [p, q] = [cells[place - 1]!, cells[place]!];
    const steps =
      Math.abs((p % SIDE) - (q % SIDE)) + Math.abs(Math.floor(p / SIDE) - Math.floor(q / SIDE));
    if (steps !== 1) expect.fail(`from ${place - 1} to ${place} are ${steps} steps`);
  }
  expect(cells[0]).toBe(0);
  expect(cells.at(-1)).toBe(SIDE - 1);
});

it('is turned round by the page', () => {
  const source = /function placeOf[^]*?\n}/.exec(PAGE_SCRIPT)?.[0] ?? '';
  const placeOf = runInNewContext(`const SIDE = ${SIDE}; ${source}; placeOf;`) as (
    x: number,
    y: number,
  ) => number;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: SIDE * SIDE - 1 }), (place) => {
      const cell = cellOf(place);
      expect(placeOf(cell % SIDE, Math.floor(cell / SIDE))).toBe(place);
    }),
  );
});

it('tells how much of each /16 is blocked', () => {
  expect(levelAt([], 0)).toBe(0);
  expect(levelAt(['0.0.0.0/32'], 0)).toBe(1);
  expect(levelAt(['255.255.255.255/32'], 65_535)).toBe(1);
  expect(levelAt(['5.149.104.0/24'], (5 << 8) | 149)).toBe(5);
  expect(levelAt(['5.149.0.0/17', '5.149.128.0/17'], (5 << 8) | 149)).toBe(LEVELS);
  expect(levelAt(['2001:db8::/32'], 0x2001)).toBe(0);
  const half = spaceMap(PrefixList.from([parsePrefix('128.0.0.0/1')]));
  expect(half.filter((level) => level === LEVELS).length).toBe(32_768);
  expect(half.filter((level) => level === 0).length).toBe(32_768);
});

function levelAt(rules: string[], place: number): number | undefined {
  return spaceMap(PrefixList.from(rules.map(parsePrefix)))[cellOf(place)];
}
