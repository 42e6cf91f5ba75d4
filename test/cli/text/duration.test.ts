import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, shortDuration } from '../../../src/cli/text/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['45s', 45],
    ['30m', 1800],
    ['12h', 43_200],
    ['90d', 7_776_000],
    ['2w', 1_209_600],
    ['1y', 31_536_000],
    ['9999y', 315_328_464_000],
  ])('reads %s', (text, seconds) => {
    expect(parseDuration(text, '--for')).toBe(seconds);
  });

  it.each([
    '',
    '90',
    'd',
    '0d',
    '-1d',
    '1.5d',
    '90 d',
    '1d2h',
    '9999999999d',
    '10001y',
    '99999999d',
  ])('refuses "%s"', (text) => {
    expect(() => parseDuration(text, '--for')).toThrow(/--for takes a duration such as/);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400_000_000 }), (seconds) => {
        expect(parseDuration(shortDuration(seconds), 'x')).toBe(seconds);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [1, '1 second'],
    [59, '59 seconds'],
    [3600, '1 hour'],
    [86_400, '1 day'],
    [2_592_000, '30 days'],
    [315_360_000, '3,650 days'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
