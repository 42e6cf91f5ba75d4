import type { Seconds } from '../../blocklist/entry.ts';
import { CivilTime, zoneOffsets } from '../../log/time/zone.ts';

const CTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4}$/;
const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d{1,9})?(?:(Z)|([+-]\d\d):?(\d\d)?)?$/;

/** Parses the times that programs write, which are local unless they name a zone. */
export class LocalTimes {
  readonly #civil: CivilTime;

  /** @param zone as in the setting `timezone`. Throws McblockError('config'). */
  constructor(zone: string) {
    this.#civil = new CivilTime(zoneOffsets(zone));
  }

  /** `Tue Mar 24 10:00:00 2026` or `2026-03-24 10:00:00`; undefined for anything else. */
  read(text: string): Seconds | undefined {
    if (CTIME.test(text)) return this.#utc(`${text} UTC`);
    const [, day, time, zulu, hours, minutes = '00'] = ISO.exec(text) ?? [];
    if (day === undefined) return undefined;
    // PostgreSQL leaves the minutes of a zone out.
    const zone = zulu ?? (hours && `${hours}:${minutes}`);
    return zone === undefined
      ? this.#utc(`${day}T${time}Z`)
      : secondsOf(Date.parse(`${day}T${time}${zone}`));
  }

  #utc(text: string): Seconds | undefined {
    const local = secondsOf(Date.parse(text));
    return local === undefined ? undefined : Math.max(0, this.#civil.utc(local, 0));
  }
}

function secondsOf(milliseconds: number): Seconds | undefined {
  return milliseconds >= 0 ? Math.floor(milliseconds / 1000) : undefined;
}
