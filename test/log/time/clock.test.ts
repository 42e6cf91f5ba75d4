import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Calendar, Clock, Setbacks } from '../../../src/log/time/clock.ts';
import { CivilTime, zoneOffsets } from '../../../src/log/time/zone.ts';
import { slowLocal } from '../civil-reference.ts';

const DAY = 86_400;
const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;

/** Reads back lines that show these times without their year. */
function readBack(
  zone: string,
  shown: readonly number[],
  fileTime: number,
  year?: number,
): string[] {
  const clock = new Clock();
  const setbacks = new Setbacks();
  const times = shown.map((at, index) => {
    const date = new Date(slowLocal(zone, at) * 1000);
    const second = date.getUTCHours() * 3600 + date.getUTCMinutes() * 60 + date.getUTCSeconds();
    const time = clock.tick(date.getUTCMonth(), date.getUTCDate(), second);
    setbacks.note(time, index);
    return time;
  });
  const calendar = clock.calendar(new CivilTime(zoneOffsets(zone)), fileTime, year);
  return resolved(setbacks, times, calendar);
}

function resolved(setbacks: Setbacks, times: readonly number[], calendar: Calendar): string[] {
  const texts: string[] = [];
  setbacks.resolve(
    times.length,
    (index) => times[index] ?? 0,
    calendar,
    (at) => texts.push(iso(at)),
  );
  return texts;
}

function iso(at: number): string {
  return new Date(at * 1000).toISOString().slice(0, 19);
}

describe('the year of a line', () => {
  it.each([
    ['the year of the file', ['2026-03-19T23:48:18'], '2026-03-20T00:00:00'],
    ['the year before', ['2025-12-30T10:00:00'], '2026-01-02T00:00:00'],
    ['a file as old as its last line', ['2026-03-19T23:48:18'], '2026-03-19T23:48:18'],
    ['a clock that is ahead of the file', ['2026-03-19T23:48:18'], '2026-03-19T12:00:00'],
    ['a clock that is ahead at New Year', ['2026-01-01T00:00:05'], '2025-12-31T23:59:00'],
    ['over New Year', ['2025-12-31T23:59:59', '2026-01-01T00:00:00'], '2026-01-05T00:00:00'],
    [
      'a late line of the old year',
      ['2025-12-31T23:59:58', '2026-01-01T00:00:01', '2025-12-31T23:59:59', '2026-01-01T00:00:02'],
      '2026-01-05T00:00:00',
    ],
    [
      'a late line of the old year at the beginning',
      ['2026-01-01T00:00:01', '2025-12-31T23:59:59', '2026-01-01T00:00:02'],
      '2026-01-05T00:00:00',
    ],
    ['a leap day', ['2024-02-29T12:00:00'], '2024-03-01T00:00:00'],
    ['a leap day in an old file', ['2024-02-29T12:00:00'], '2026-02-01T00:00:00'],
    [
      'a leap day before New Year',
      ['2024-02-29T12:00:00', '2024-08-01T00:00:00', '2025-01-03T00:00:00'],
      '2026-06-01T00:00:00',
    ],
    ['a leap day across 2100', ['2096-02-29T12:00:00'], '2103-06-01T00:00:00'],
    [
      'a quiet half of a year',
      ['2026-01-02T00:00:00', '2026-11-30T00:00:00'],
      '2026-12-01T00:00:00',
    ],
    [
      'a boot without a clock',
      ['2026-11-20T10:00:00', '2026-01-01T01:00:07', '2026-01-01T01:00:40', '2026-11-22T10:00:00'],
      '2026-11-22T12:00:00',
    ],
    [
      'a boot with the clock at zero',
      ['2026-11-20T10:00:00', '2026-01-01T00:00:12', '2026-11-22T10:00:00'],
      '2026-11-22T12:00:00',
    ],
    [
      'a boot with the clock of the last build',
      ['2026-11-20T10:00:00', '2026-04-01T00:00:00', '2026-11-22T10:00:00'],
      '2026-11-22T12:00:00',
    ],
    [
      'two boots without a clock',
      [
        '2026-11-20T10:00:00',
        '2026-01-01T00:00:12',
        '2026-11-21T10:00:00',
        '2026-01-01T00:00:12',
        '2026-11-22T10:00:00',
      ],
      '2026-11-22T12:00:00',
    ],
    [
      'two boots without a clock in a row',
      [
        '2026-11-20T10:00:00',
        '2026-04-01T00:00:00',
        '2026-01-01T00:00:12',
        '2026-01-01T00:00:12',
        '2026-11-22T10:00:00',
      ],
      '2026-11-22T12:00:00',
    ],
    [
      'a boot without a clock before New Year, and one after it',
      [
        '2025-11-20T10:00:00',
        '2025-01-01T00:00:12',
        '2025-12-30T10:00:00',
        '2026-01-03T10:00:00',
        '2026-11-20T10:00:00',
        '2026-01-01T00:00:12',
        '2026-11-22T10:00:00',
      ],
      '2026-11-22T12:00:00',
    ],
    [
      'a boot without a clock at New Year',
      [
        '2025-12-31T20:00:00',
        '2025-12-31T20:00:07',
        '2026-01-01T00:00:12',
        '2025-12-31T23:00:00',
        '2026-01-01T00:00:01',
      ],
      '2026-01-01T12:00:00',
    ],
    [
      'a boot without a clock at the end',
      ['2026-11-20T10:00:00', '2026-01-01T00:00:12', '2026-01-01T00:00:40'],
      '2026-11-20T10:05:00',
    ],
    [
      'two boots without a clock at the end',
      ['2026-11-20T10:00:00', '2026-04-01T00:00:00', '2026-01-01T00:00:12'],
      '2026-11-21T10:05:00',
    ],
    [
      'over New Year, in a file of the next autumn',
      ['2025-11-20T10:00:00', '2026-01-01T00:00:12'],
      '2026-11-10T00:00:00',
    ],
    [
      'a winter after New Year, and a quiet summer',
      ['2025-11-20T10:00:00', '2026-01-01T10:00:00', '2026-01-15T10:00:00', '2026-11-22T10:00:00'],
      '2026-11-22T12:00:00',
    ],
    [
      'lines a little out of order',
      ['2026-03-19T00:00:10', '2026-03-18T23:59:59', '2026-03-19T00:00:11'],
      '2026-03-20T00:00:00',
    ],
  ])('%s', (_, lines, file) => {
    expect(readBack('UTC', lines.map(utc), utc(file))).toEqual(lines);
  });

  it('is the given one', () => {
    const lines = ['2011-12-31T00:00:00', '2012-01-01T00:00:00', '2012-02-29T00:00:00'];
    expect(readBack('UTC', lines.map(utc), utc('2026-01-01T00:00:00'), 2012)).toEqual(lines);
  });

  it('is refused if it has no 29 February', () => {
    expect(() => readBack('UTC', [utc('2024-02-29T00:00:00')], 0, 2025)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('29 February') }),
    );
  });

  it('is found for a log of more boots without a clock than a year has days', () => {
    const boot = ['2026-11-20T10:00:00', '2026-01-01T00:00:12'];
    const lines = [...Array.from({ length: 400 }, () => boot).flat(), '2026-11-22T10:00:00'];
    expect(readBack('UTC', lines.map(utc), utc('2026-11-22T12:00:00'))).toEqual(lines);
  });

  it('is found for any log without gaps of half a year', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 150 * DAY }), { minLength: 1, maxLength: 30 });
    const start = fc.integer({ min: utc('1999-01-01T00:00:00'), max: utc('2030-01-01T00:00:00') });
    const late = fc.integer({ min: -DAY / 2, max: 360 * DAY });
    const zone = fc.constantFrom('UTC', 'Asia/Kolkata', 'America/Phoenix');
    fc.assert(
      fc.property(zone, start, gaps, late, (where, first, steps, age) => {
        let at = first;
        const times = steps.map((step) => (at += step));
        // A file that is a year younger than the line before New Year looks like a boot without a clock.
        const year = new Date(at * 1000).getUTCFullYear();
        const last = times.findLast((time) => new Date(time * 1000).getUTCFullYear() < year) ?? 0;
        fc.pre(Math.abs(at + age - last - 368 * DAY) > 7 * DAY);
        expect(readBack(where, times, at + age)).toEqual(times.map(iso));
      }),
      { numRuns: 300 },
    );
  });
});

describe('a repeated hour', () => {
  it.each([
    ['Europe/Berlin', '2026-10-24T23:00:00'],
    ['America/New_York', '2026-11-01T04:00:00'],
  ])('goes forward in %s', (zone, start) => {
    const times = Array.from({ length: 300 }, (_, minute) => utc(start) + minute * 60);
    expect(readBack(zone, times, times.at(-1)! + DAY)).toEqual(times.map(iso));
  });

  it.each([
    ['Europe/Berlin', '2026-03-28T23:00:00'],
    ['America/New_York', '2026-03-08T05:00:00'],
  ])('the hour that is left out leaves no gap in %s', (zone, start) => {
    const times = Array.from({ length: 300 }, (_, minute) => utc(start) + minute * 60);
    expect(readBack(zone, times, times.at(-1)! + DAY)).toEqual(times.map(iso));
  });

  it('is distinguished by lines whose times are not kept', () => {
    const clock = new Clock();
    const setbacks = new Setbacks();
    const times = ['02:50', '02:05', '02:55'].map((text) => {
      const [hour = 0, minute = 0] = text.split(':').map(Number);
      const time = clock.tick(9, 25, hour * 3600 + minute * 60);
      setbacks.note(time, 0);
      return time;
    });
    const civil = new CivilTime(zoneOffsets('Europe/Berlin'));
    const calendar = clock.calendar(civil, utc('2026-10-26T00:00:00'), undefined);
    expect(resolved(setbacks, times.slice(2), calendar)).toEqual(['2026-10-25T01:55:00']);
  });
});
