import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellOf, curveOffset } from '../../src/net/hilbert.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { MAX_LEVEL, SIDE, type SpaceMap, spaceMap } from '../../src/net/space-map.ts';

describe('the Hilbert curve', () => {
  it.each([1, 2, 4, 64, SIDE])(
    'visits each cell of a side of %i once, each the neighbour of the last',
    (side) => {
      const cells = Array.from({ length: side * side }, (_, offset) => cellOf(offset, side));
      expect(new Set(cells).size).toBe(side * side);
      for (let offset = 1; offset < cells.length; offset++) {
        const [p, q] = [cells[offset - 1]!, cells[offset]!];
        const steps =
          Math.abs((p % side) - (q % side)) + Math.abs(Math.floor(p / side) - Math.floor(q / side));
        if (steps !== 1) expect.fail(`${steps} steps from ${offset - 1} to ${offset}`);
      }
      expect(cells[0]).toBe(0);
      expect(cells.at(-1)).toBe(side - 1);
    },
  );

  it('finds the offset of every cell', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: SIDE * SIDE - 1 }), (offset) => {
        expect(curveOffset(cellOf(offset, SIDE), SIDE)).toBe(offset);
      }),
    );
  });
});

describe('spaceMap', () => {
  it('shows how much of each /16 is blocked', () => {
    expect(levelAt([], 0)).toBe(0);
    expect(levelAt(['0.0.0.0/32'], 0)).toBe(1);
    expect(levelAt(['255.255.255.255/32'], 65_535)).toBe(1);
    expect(levelAt(['5.149.104.0/24'], (5 << 8) | 149)).toBe(5);
    expect(levelAt(['5.149.0.0/17', '5.149.128.0/17'], (5 << 8) | 149)).toBe(MAX_LEVEL);
    expect(levelAt(['2001:db8::/32'], 0x2001)).toBe(0);
    const half = mapOf(['128.0.0.0/1']).levels;
    expect(half.filter((level) => level === MAX_LEVEL).length).toBe(32_768);
    expect(half.filter((level) => level === 0).length).toBe(32_768);
  });

  it.each([
    ['0.0.0.0/0', 256, 256, 16],
    ['128.0.0.0/1', 128, 256, 16],
    ['45.0.0.0/8', 256, 256, 24],
    ['45.0.0.0/9', 128, 256, 24],
    ['5.149.0.0/16', 256, 256, 32],
    ['5.149.104.0/23', 16, 32, 32],
    ['5.149.104.0/24', 16, 16, 32],
    ['5.149.104.0/31', 1, 2, 32],
    ['5.149.104.0/32', 1, 1, 32],
  ])('divides %s into %i × %i cells of /%i', (prefix, width, height, cellLength) => {
    expect(mapOf([], prefix)).toMatchObject({ width, height, cellLength });
    const whole = mapOf(['0.0.0.0/0'], prefix).levels;
    expect(whole.every((level) => level === MAX_LEVEL)).toBe(true);
    expect(whole.length).toBe(width * height);
  });

  it('has the parts of a prefix next to each other, and nothing of what is outside', () => {
    const { levels, width } = mapOf(
      ['5.149.104.4/30', '5.149.105.0/24', '9.9.9.9/32'],
      '5.149.104.0/25',
    );
    const cells = Array.from(levels, (level, cell) => (level === 0 ? -1 : cell)).filter(
      (c) => c >= 0,
    );
    expect(cells.length).toBe(4);
    expect(new Set(cells.map((cell) => cell % width)).size).toBe(2);
  });

  it('covers as much as is blocked, whatever the prefix', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 0xffff_ffff }),
        fc.integer({ min: 0, max: 32 }),
        fc.integer({ min: 0, max: 32 }),
        (a, outer, inner) => {
          const address = { family: 4, a, b: 0, c: 0, d: 0 } as const;
          const rule = prefixAround(address, inner);
          const map = spaceMap(PrefixList.from([rule]), prefixAround(address, outer));
          const wanted = Math.min(1, 2 ** (outer - inner)) * map.levels.length;
          expect(map.levels.filter((level) => level > 0).length).toBe(Math.max(1, wanted));
        },
      ),
    );
  });
});

function mapOf(rules: string[], prefix = '0.0.0.0/0'): SpaceMap {
  return spaceMap(PrefixList.from(rules.map((rule) => parsePrefix(rule))), parsePrefix(prefix));
}

function levelAt(rules: string[], offset: number): number | undefined {
  return mapOf(rules).levels[cellOf(offset, SIDE)];
}
