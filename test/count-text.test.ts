import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countText } from '../src/count-text.ts';

it('writes thousands separators', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.maxSafeNat()), (count) => {
      expect(countText(count)).toBe(count.toLocaleString('en'));
    }),
  );
});
