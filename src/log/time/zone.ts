import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';

const DAY_SECONDS = 86_400;

/** The seconds to add to UTC to have the local time, at a point in time. */
export type OffsetAt = (at: Seconds) => number;

/**
 * The offsets of a time zone. `local` is the zone of this host, any other name one of the IANA
 * database. Throws McblockError('config') for a name there is not.
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
      `there is no time zone ${zone}; name one as Europe/Berlin, UTC, or local for this host's`,
      { cause },
    );
  }
  return (at) => offsetOf(format, at);
}

/**
 * Turns local civil time into UTC. Days without a change of the clocks, all but two a year, cost
 * two look-ups of the zone for the day and none for its lines.
 */
export class CivilTime {
  readonly #offsetAt: OffsetAt;
  #day = Number.NaN;
  /** The offsets at the beginning and at the end of the day, and the UTC time between them. */
  #before = 0;
  #after = 0;
  #change = 0;

  constructor(offsetAt: OffsetAt) {
    this.#offsetAt = offsetAt;
  }

  /**
   * The UTC time at which clocks show `local`, civil time counted in seconds as if it were UTC.
   * An hour that clocks show twice is read as the first one, unless that lies before `notBefore`;
   * a time that clocks leave out is counted on from the last one there was.
   */
  utc(local: number, notBefore: Seconds): Seconds {
    const day = Math.floor(local / DAY_SECONDS);
    if (day !== this.#day) this.#enter(day);
    const early = local - this.#before;
    if (this.#before === this.#after) return early;
    const late = local - this.#after;
    if (early >= this.#change) {
      // After the change by the old offset: it must be the new one, or a time that never was.
      return late >= this.#change ? late : early;
    }
    return late >= this.#change && early < notBefore ? late : early;
  }

  #enter(day: number): void {
    // Wide enough for any offset, so that both ends lie outside the local day.
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

/** `3/19/2026, GMT+01:00`; plain `GMT` is no offset. */
function offsetOf(format: Intl.DateTimeFormat, at: Seconds): number {
  const text = format.format(at * 1000);
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (match === null) throw new Error(`a time zone offset cannot be read from ${text}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -offset : offset;
}
