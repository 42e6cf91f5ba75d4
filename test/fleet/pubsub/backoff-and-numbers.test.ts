import { expect, it } from 'vitest';
import { backoff } from '../../../src/fleet/pubsub/backoff.ts';
import { MessageNumbers } from '../../../src/fleet/pubsub/message-numbers.ts';

it('backs off up to a limit', () => {
  expect([0, 1, 2, 5, 6, 7, 1e6].map((attempt) => backoff(attempt, 0))).toEqual([
    50, 100, 200, 1000, 1000, 1000, 1000,
  ]);
  expect(backoff(Number.MAX_SAFE_INTEGER, 0.999_999)).toBe(2000);
});

it('numbers messages upwards even if the clock stops or goes back', () => {
  const times = [1000, 1000, 999, 1001, 5000];
  const numbers = new MessageNumbers(77_777, () => times.shift() ?? 0);
  const given = Array.from({ length: 5 }, () => numbers.next());
  expect(given.toSorted((p, q) => p - q)).toEqual(given);
  expect(new Set(given).size).toBe(5);
  const other = new MessageNumbers(77_778, () => 1000);
  expect(given).not.toContain(other.next());
});
