import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Echoes } from '../../../src/fleet/pubsub/echoes.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

const A = parsePrefix('192.0.2.1');
const B = parsePrefix('2001:db8::1');

it('counts each ban once, in whatever order its two forms come', () => {
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
        const echoes = new Echoes();
        const counted = forms.filter(({ form, address }) => !echoes.isEcho(form, address, 0));
        expect(counted.length).toBe(bans.length);
        expect(echoes.size).toBe(0);
      },
    ),
  );
});

it('takes what comes long after for another ban', () => {
  const echoes = new Echoes();
  expect(echoes.isEcho('message', A, 0)).toBe(false);
  expect(echoes.isEcho('plain', A, 60)).toBe(false);
});

it('never holds more than it may', () => {
  const echoes = new Echoes(10);
  for (let index = 0; index < 1000; index++) {
    echoes.isEcho('plain', { ...A, a: index }, 0);
    expect(echoes.size).toBeLessThanOrEqual(10);
  }
});
