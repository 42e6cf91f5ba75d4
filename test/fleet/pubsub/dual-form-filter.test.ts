import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { DualFormFilter } from '../../../src/fleet/pubsub/dual-form-filter.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

const A = parsePrefix('192.0.2.1');
const B = parsePrefix('2001:db8::1');

it('counts each ban once, in whatever order its two forms arrive', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom(A, B), fc.boolean()), { maxLength: 30 }),
      fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
      (bans, keys) => {
        const forms = bans
          .flatMap(([address]) => [
            { address, form: 'plain' as const },
            { address, form: 'message' as const },
          ])
          .map((each, index) => ({ ...each, key: keys[index] ?? 0 }))
          .toSorted((p, q) => p.key - q.key);
        const filter = new DualFormFilter();
        const counted = forms.filter(({ form, address }) => !filter.isDuplicate(form, address, 0));
        expect(counted.length).toBe(bans.length);
        expect(filter.size).toBe(0);
      },
    ),
  );
});

it('counts a form that comes much later as another ban', () => {
  const filter = new DualFormFilter();
  expect(filter.isDuplicate('message', A, 0)).toBe(false);
  expect(filter.isDuplicate('plain', A, 60)).toBe(false);
});

it('is bounded', () => {
  const filter = new DualFormFilter(10);
  for (let index = 0; index < 1000; index++) {
    filter.isDuplicate('plain', { ...A, a: index }, 0);
    expect(filter.size).toBeLessThanOrEqual(10);
  }
});
