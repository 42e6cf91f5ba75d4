import { expect, it } from 'vitest';
import { catchUpSeconds } from '../../../src/engine/listen/tasks.ts';

const NOW = Date.UTC(2026, 0, 1) / 1000;

it('asks the API often while Redis is not connected, and for a while after that', () => {
  const waits = [undefined, NOW - 1, NOW - 29, NOW - 30].map((since) =>
    catchUpSeconds(since, NOW, 180),
  );
  expect(waits).toEqual([10, 10, 10, 180]);
  expect(catchUpSeconds(undefined, NOW, 5)).toBe(5);
});
