import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Seen } from '../../../src/fleet/pubsub/seen.ts';

const anyNumbers = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 40 })), {
  maxLength: 200,
});

it('hears no number of a sender twice, however many it forgets', () => {
  fc.assert(
    fc.property(anyNumbers, fc.integer({ min: 1, max: 20 }), (numbers, most) => {
      const seen = new Seen(most, 2);
      const heard = new Set<string>();
      for (const [sender, number] of numbers) {
        const name = `${sender} ${number}`;
        if (seen.isNew(sender, number)) {
          expect(heard.has(name)).toBe(false);
          heard.add(name);
        }
      }
    }),
  );
});

it('hears each number once that rises, and those that overtake each other', () => {
  const seen = new Seen();
  expect([5, 3, 4, 5, 3, 6].map((number) => seen.isNew('a', number))).toEqual([
    true,
    true,
    true,
    false,
    false,
    true,
  ]);
  expect(seen.isNew('b', 5)).toBe(true);
});

it('stays as large as it may be', () => {
  const seen = new Seen(100, 10);
  for (let index = 1; index < 10_000; index++) seen.isNew(`sender-${index % 500}`, index);
  expect(seen.size).toBeLessThanOrEqual(110);
});
