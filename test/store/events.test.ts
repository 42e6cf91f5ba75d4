import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import { temporaryDirectory } from './helpers.ts';

function newStore(): Store {
  return openStore(join(temporaryDirectory(), 'mcblock.db'), { mode: 'write' });
}

it('keeps the keys of a block', () => {
  const store = newStore();
  const keys = Float64Array.of(1, 2 ** 31, 2 ** 53 - 1);
  store.events.put(7, keys);
  expect(store.events.keys(7)).toEqual(keys);
  expect(store.events.keys(8)).toEqual(new Float64Array(0));
  expect(store.events.latest(6)).toBeUndefined();
  expect(store.events.latest(9)).toBe(7);
});

it('forgets the blocks before the given one', () => {
  const store = newStore();
  for (const block of [1, 2, 3]) store.events.put(block, Float64Array.of(block));
  store.events.prune(2);
  expect([1, 2, 3].map((block) => store.events.keys(block).length)).toEqual([0, 1, 1]);
});

it('keeps at most 131,072 keys of a block, and the latest 1,048,576 of all', () => {
  const store = newStore();
  const many = Float64Array.from({ length: 131_073 }, (_, n) => n + 1);
  for (let block = 1; block <= 9; block++) store.events.put(block, many);
  expect(store.events.keys(9)).toHaveLength(131_072);
  store.events.prune(0);
  expect([1, 2, 9].map((block) => store.events.keys(block).length)).toEqual([0, 131_072, 131_072]);
});
