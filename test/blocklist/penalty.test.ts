import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { penaltySeconds } from '../../src/blocklist/penalty.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';

describe('penaltySeconds', () => {
  it('doubles from 30 days up to ten years', () => {
    const days = [1, 2, 3, 4, 5, 6, 7, 8].map(
      (activations) => penaltySeconds(activations, DEFAULT_POLICY) / DAY_SECONDS,
    );
    expect(days).toEqual([30, 60, 120, 240, 480, 960, 1920, 3650]);
  });

  it('never falls and never goes beyond the longest, at any number of activations', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (activations) => {
        const penalty = penaltySeconds(activations, DEFAULT_POLICY);
        expect(penalty).toBeGreaterThanOrEqual(DEFAULT_POLICY.penalty.firstSeconds);
        expect(penalty).toBeLessThanOrEqual(DEFAULT_POLICY.penalty.longestSeconds);
      }),
    );
    expect(penaltySeconds(Number.MAX_SAFE_INTEGER, DEFAULT_POLICY)).toBe(3650 * DAY_SECONDS);
  });

  it('is never longer than the longest, even the first', () => {
    const policy = { ...DEFAULT_POLICY, penalty: { firstSeconds: 100, longestSeconds: 60 } };
    expect(penaltySeconds(1, policy)).toBe(60);
  });
});
