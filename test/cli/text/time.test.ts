import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoTime, parseTime, shortTime } from '../../../src/cli/text/time.ts';

describe('parseTime', () => {
  it.each([
    ['1970-01-02', 86_400],
    ['1970-01-01T01:00', 3600],
    ['1970-01-01 01:00:05', 3605],
    ['1970-01-01T01:00:05Z', 3605],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1970-01-01T00:00:00-0100', 3600],
    ['@1774375200', 1_774_375_200],
  ])('reads %s', (text, seconds) => {
    expect(parseTime(text, '--now')).toBe(seconds);
  });

  it.each([
    '',
    'tomorrow',
    '2026-02-30',
    '2026-13-01',
    '26-01-01',
    '2026-01-01T25:00',
    '@',
    '@-1',
    '1969-12-31',
    '0000-01-01',
    '1970-01-01T00:00:00+01:00',
  ])('refuses "%s"', (text) => {
    expect(() => parseTime(text, '--now')).toThrow(/--now takes a time such as/);
  });

  it('reads back what isoTime wrote', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800 }), (seconds) => {
        expect(parseTime(isoTime(seconds) ?? '', 'x')).toBe(seconds);
      }),
    );
  });
});

describe('times for people and programs', () => {
  it('writes "forever"', () => {
    expect(isoTime('forever')).toBeNull();
    expect(shortTime('forever')).toBe('forever');
    expect(shortTime(undefined)).toBe('-');
    expect(shortTime(1_774_375_200)).toBe('2026-03-24 18:00');
  });

  it('writes the same time for people and programs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(shortTime(seconds)).toBe(isoTime(seconds)?.slice(0, 16).replace('T', ' '));
      }),
    );
  });
});
