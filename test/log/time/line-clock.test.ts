import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyHeader } from '../../../src/log/header/header.ts';
import { readHeader } from '../../../src/log/header/read-header.ts';
import { dayNumber } from '../../../src/log/time/date.ts';
import { LineClock } from '../../../src/log/time/line-clock.ts';
import { CivilTime, zoneOffsets } from '../../../src/log/time/zone.ts';

const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;

/** The times of lines that begin so, resolved after the last. */
function timesOf(zone: string, heads: readonly string[], fileTime = utc('2026-12-01T00:00:00')) {
  const clock = new LineClock(new CivilTime(zoneOffsets(zone)));
  const header = emptyHeader();
  const times = heads.map((head) => {
    const bytes = Buffer.from(`${head} gw x[1]: y`);
    expect(readHeader(bytes, 0, bytes.length, header)).toBe(true);
    return clock.tick(header);
  });
  const calendar = clock.calendar(fileTime, undefined);
  return times.map((time) =>
    time === undefined
      ? undefined
      : new Date(calendar.next(time) * 1000).toISOString().slice(0, 19),
  );
}

describe('the times of lines with a year', () => {
  it('are in the zone of the policy if they name none', () => {
    expect(timesOf('Europe/Berlin', ['2026-11-22T10:00:00', '2026-07-22T10:00:00'])).toEqual([
      '2026-11-22T09:00:00',
      '2026-07-22T08:00:00',
    ]);
  });

  it('are what their zone says, in any order', () => {
    const heads = ['2026-10-25T02:30:00+01:00', '2026-10-25T02:30:00+02:00'];
    expect(timesOf('Europe/Berlin', heads)).toEqual(['2026-10-25T01:30:00', '2026-10-25T00:30:00']);
  });

  it('go forward in a repeated hour', () => {
    const heads = ['02:50', '02:05', '02:55'].map((time) => `2026-10-25 ${time}:00`);
    expect(timesOf('Europe/Berlin', heads)).toEqual([
      '2026-10-25T00:50:00',
      '2026-10-25T01:05:00',
      '2026-10-25T01:55:00',
    ]);
  });

  it('stay within 32 bits', () => {
    const heads = ['1970-01-01T00:00:00+10:00', '2105-12-31T23:59:59-10:00'];
    expect(timesOf('UTC', heads)).toEqual(['1970-01-01T00:00:00', '2106-01-01T09:59:59']);
  });

  it('are those of the line before if a line has none', () => {
    const heads = ['<1>1 -', '2026-11-22T10:00:00Z', '<1>1 -'];
    expect(timesOf('UTC', heads.slice(0, 2))).toEqual([undefined, '2026-11-22T10:00:00']);
    const clock = new LineClock(new CivilTime(zoneOffsets('UTC')));
    const known = { ...emptyHeader(), dating: 'zoned', year: 2026, month: 1, day: 1 } as const;
    expect(clock.tick(emptyHeader())).toBeUndefined();
    const time = clock.tick(known);
    expect(clock.tick(emptyHeader())).toBe(time);
  });
});

describe('a log that mixes lines with and without a year', () => {
  it.each([
    [
      'a new style',
      ['Nov 22 10:00:00', '2025-11-22T10:00:01Z'],
      ['2025-11-22T10:00:00', '2025-11-22T10:00:01'],
    ],
    [
      'over New Year',
      ['Dec 31 23:59:59', '2020-01-01T00:00:00Z'],
      ['2019-12-31T23:59:59', '2020-01-01T00:00:00'],
    ],
    [
      'the old style again',
      ['2019-12-31T23:59:59Z', 'Jan  1 00:00:01', 'Dec 31 23:59:58', 'Jan  1 00:00:02'],
      ['2019-12-31T23:59:59', '2020-01-01T00:00:01', '2019-12-31T23:59:58', '2020-01-01T00:00:02'],
    ],
    [
      'several years before',
      ['Dec 31 23:00:00', 'Jan  1 00:00:00', '2020-01-02T00:00:00Z', 'Feb 29 00:00:00'],
      ['2019-12-31T23:00:00', '2020-01-01T00:00:00', '2020-01-02T00:00:00', '2020-02-29T00:00:00'],
    ],
  ])('%s', (_, heads, expected) => {
    expect(timesOf('UTC', heads)).toEqual(expected);
  });
});

it('counts days as Date does', () => {
  const day = fc.integer({ min: 0, max: dayNumber(2105, 11, 31) });
  fc.assert(
    fc.property(day, (number) => {
      const date = new Date(number * 86_400_000);
      expect(dayNumber(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())).toBe(number);
    }),
  );
});
