import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { ReplayFilter } from '../../../src/fleet/pubsub/replay-filter.ts';

const anyNumbers = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 40 })), {
  maxLength: 200,
});

it('accepts no number of a sender twice, however many it forgets', () => {
  fc.assert(
    fc.property(anyNumbers, fc.integer({ min: 1, max: 20 }), (numbers, most) => {
      const filter = new ReplayFilter(most, 2);
      const accepted = new Set<string>();
      for (const [sender, number] of numbers) {
        const name = `${sender} ${number}`;
        if (filter.isNew(sender, number)) {
          expect(accepted.has(name)).toBe(false);
          accepted.add(name);
        }
      }
    }),
  );
});

it('accepts each number once, out of order too', () => {
  const filter = new ReplayFilter();
  expect([5, 3, 4, 5, 3, 6].map((number) => filter.isNew('a', number))).toEqual([
    true,
    true,
    true,
    false,
    false,
    true,
  ]);
  expect(filter.isNew('b', 5)).toBe(true);
});

it('is bounded', () => {
  const filter = new ReplayFilter(100, 10);
  for (let index = 1; index < 10_000; index++) filter.isNew(`sender-${index % 500}`, index);
  expect(filter.size).toBeLessThanOrEqual(110);
});
