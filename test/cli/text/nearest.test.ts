import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/cli/text/nearest.ts';

describe('nearest', () => {
  it('finds the word that was meant', () => {
    expect(nearest('penalty.frist', ['penalty.first', 'penalty.longest'])).toBe('penalty.first');
  });

  it('finds none where nothing is near', () => {
    expect(nearest('colour', ['penalty.first', 'trust.days'])).toBeUndefined();
  });
});
