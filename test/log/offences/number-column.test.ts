import { expect, it } from 'vitest';
import { NumberColumn } from '../../../src/log/offences/number-column.ts';

it.each([0, 1, 16, 17, 128, 129, 8192, 8193, 20_000])('holds %i numbers', (count) => {
  const column = new NumberColumn(Uint32Array);
  for (const round of [1, 2]) {
    const numbers = Array.from({ length: count }, (_, index) => round * index);
    for (const number of numbers) column.push(number);
    expect(column.length).toBe(count);
    expect(numbers.map((_, index) => column.at(index))).toEqual(numbers);
    column.clear();
    expect([column.length, column.at(0)]).toEqual([0, 0]);
  }
});

it('holds the largest number of its type in place of a larger one', () => {
  const column = new NumberColumn(Uint8Array);
  column.push(300);
  expect(column.at(0)).toBe(255);
});
