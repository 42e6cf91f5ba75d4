import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';

const DAY_SECONDS = 86_400;

/** The seconds to add to UTC for the local time, at a given time. */
export type OffsetAt = (at: Seconds) => number;

/**
 * The offsets of a time zone: `local` for that of this host, or a name in the IANA database. Throws
 * McblockError('config') for an unknown name.
 */
export function zoneOffsets(zone: string): OffsetAt {
  if (zone === 'local') return (at) => -new Date(at * 1000).getTimezoneOffset() * 60;
  if (zone === 'UTC') return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (cause) {
    throw new McblockError(
      'config',
      `unknown time zone ${zone}; use a name such as Europe/Berlin, UTC, or local for that of this host`,
      { cause },
    );
  }
  return (at) => offsetOf(format, at);
}

/**
 * Converts local civil time to UTC. On all but two days a year, the zone is looked up twice for the
 * day and not at all for its lines.
 */
export class CivilTime {
  readonly #offsetAt: OffsetAt;
  #day = Number.NaN;
  /** The offsets at the beginning and the end of the day, and the time of the change. */
  #before = 0;
  #after = 0;
  #change = 0;

  constructor(offsetAt: OffsetAt) {
    this.#offsetAt = offsetAt;
  }

  /**
   * The UTC time at which clocks show `local`, which is civil time in seconds as if it were UTC. A
   * repeated hour is the first one, unless that is before `notBefore`; a skipped time is counted on
   * from the last one that existed.
   */
  utc(local: number, notBefore: Seconds): Seconds {
    const day = Math.floor(local / DAY_SECONDS);
    if (day !== this.#day) this.#enter(day);
    const early = local - this.#before;
    if (this.#before === this.#after) return early;
    const late = local - this.#after;
    if (early >= this.#change) {
      // After the change by the old offset, it is the new one or a skipped time.
      return late >= this.#change ? late : early;
    }
    return late >= this.#change && early < notBefore ? late : early;
  }

  #enter(day: number): void {
    // Both ends are outside the local day at any offset.
    let low = day * DAY_SECONDS - 14 * 3600;
    let high = (day + 1) * DAY_SECONDS + 14 * 3600;
    this.#day = day;
    this.#before = this.#offsetAt(low);
    this.#after = this.#offsetAt(high);
    while (high - low > 1 && this.#before !== this.#after) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offsetAt(middle) === this.#before) low = middle;
      else high = middle;
    }
    this.#change = high;
  }
}

/** `3/19/2026, GMT+01:00`; plain `GMT` is an offset of 0. */
function offsetOf(format: Intl.DateTimeFormat, at: Seconds): number {
  const text = format.format(at * 1000);
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (match === null) throw new Error(`a time zone offset cannot be read from ${text}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -offset : offset;
}
