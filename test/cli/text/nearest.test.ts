import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/cli/text/nearest.ts';

describe('nearest', () => {
  it('finds a mistyped word', () => {
    expect(nearest('penalty.frist', ['penalty.first', 'penalty.longest'])).toBe('penalty.first');
  });

  it('takes two letters that changed places for one mistake', () => {
    expect(nearest('ssdh', ['nsd', 'sshd'])).toBe('sshd');
  });

  it('finds nothing if no word is close', () => {
    expect(nearest('colour', ['penalty.first', 'trust.days'])).toBeUndefined();
  });
});
