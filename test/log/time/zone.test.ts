import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CivilTime, zoneOffsets } from '../../../src/log/time/zone.ts';
import { slowLocal, slowUtc } from '../civil-reference.ts';

const utc = (text: string): number => Date.parse(`${text}Z`) / 1000;
const never = Number.NEGATIVE_INFINITY;

describe('civil time', () => {
  it.each([
    ['Europe/Berlin', '2026-01-15T12:00:00', never, '2026-01-15T11:00:00'],
    ['Europe/Berlin', '2026-07-15T12:00:00', never, '2026-07-15T10:00:00'],
    // The last second before the clocks go forward, an hour that never was, the first after it.
    ['Europe/Berlin', '2026-03-29T01:59:59', never, '2026-03-29T00:59:59'],
    ['Europe/Berlin', '2026-03-29T02:30:00', never, '2026-03-29T01:30:00'],
    ['Europe/Berlin', '2026-03-29T03:00:00', never, '2026-03-29T01:00:00'],
    // An hour that came twice.
    ['Europe/Berlin', '2026-10-25T02:30:00', never, '2026-10-25T00:30:00'],
    ['Europe/Berlin', '2026-10-25T02:30:00', utc('2026-10-25T00:59:00'), '2026-10-25T01:30:00'],
    ['Europe/Berlin', '2026-10-25T03:00:00', never, '2026-10-25T02:00:00'],
    ['America/New_York', '2026-03-08T02:30:00', never, '2026-03-08T07:30:00'],
    ['America/New_York', '2026-11-01T01:30:00', never, '2026-11-01T05:30:00'],
    ['America/New_York', '2026-11-01T01:30:00', utc('2026-11-01T05:45:00'), '2026-11-01T06:30:00'],
    ['Asia/Kolkata', '2026-03-19T23:48:18', never, '2026-03-19T18:18:18'],
    ['UTC', '2026-03-19T23:48:18', never, '2026-03-19T23:48:18'],
  ])('%s %s', (zone, local, notBefore, expected) => {
    expect(new CivilTime(zoneOffsets(zone)).utc(utc(local), notBefore)).toBe(utc(expected));
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])(
    'is what the slow reference says near changes of the clocks in %s',
    (zone) => {
      const civil = new CivilTime(zoneOffsets(zone));
      const changes = changesOf(zone);
      const near = fc.tuple(
        fc.constantFrom(...changes),
        fc.integer({ min: -20_000, max: 20_000 }),
        fc.integer({ min: -9000, max: 9000 }),
      );
      fc.assert(
        fc.property(near, ([change, before, back]) => {
          const local = slowLocal(zone, change) + before;
          const notBefore = change + back;
          expect(civil.utc(local, notBefore)).toBe(slowUtc(zone, local, notBefore));
        }),
        { numRuns: 60 },
      );
    },
  );

  it('round-trips through local time', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'];
    const times = fc.integer({ min: utc('2001-01-01T00:00:00'), max: utc('2037-01-01T00:00:00') });
    fc.assert(
      fc.property(fc.constantFrom(...zones), times, (zone, at) => {
        const civil = new CivilTime(zoneOffsets(zone));
        expect(civil.utc(slowLocal(zone, at), at)).toBe(at);
      }),
    );
  });

  it('has the zone of this host', () => {
    const at = utc('2026-03-19T12:00:00');
    const here = new Date(2026, 2, 19, 12).getTime() / 1000;
    expect(new CivilTime(zoneOffsets('local')).utc(at, never)).toBe(here);
  });

  it('refuses an unknown zone', () => {
    expect(() => zoneOffsets('Europe/Bielefeld')).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining('Bielefeld') }),
    );
  });
});

/** When the offset changed in 2026, to the minute. */
function changesOf(zone: string): number[] {
  const found: number[] = [];
  const start = utc('2026-01-01T00:00:00');
  for (let at = start; at < start + 366 * 86_400; at += 3600) {
    if (slowLocal(zone, at) - at !== slowLocal(zone, at + 3600) - (at + 3600))
      found.push(at + 3600);
  }
  return found;
}
