import { asciiBytes, sameBytes } from '../bytes.ts';
import { setLocalTime, setYearlessTime } from '../time/date.ts';
import { isWeekday, readMonthTime } from './ctime.ts';
import { digitAt, fourDigits, monthAt, twoDigits } from './digits.ts';
import type { HeaderReader, HeaderTime } from './header.ts';
import { readIsoTime } from './iso-header.ts';
import { afterSpaces, headerWithTime } from './program-part.ts';
import { afterFraction, readZone, secondOfDay } from './time-parts.ts';

const SPACE = 0x20;
const UTC = asciiBytes('UTC');
/** The longest abbreviation of a zone (tzfile(5)). */
const ZONE_LIMIT_BYTES = 6;

/**
 * Variants of the BSD header: `Mar 9 23:48:18` with one space before a day below 10,
 * `Mar 19 2026 23:48:18` with a year, any with more spaces or with a fraction of a second.
 */
export const readLooseHeader: HeaderReader = headerWithTime((bytes, start, end, header) =>
  afterFraction(bytes, readLooseTime(bytes, start, end, header), end, header),
);

/**
 * `Sun 2026-11-22 10:00:00 CET host program[pid]: message`, as journalctl writes it with
 * `-o short-full`. The abbreviation of the zone is ambiguous, so it is taken for this host's zone.
 */
export const readJournalHeader: HeaderReader = headerWithTime(readJournalTime);

/** Returns the offset after the zone, or -1. */
function readJournalTime(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: HeaderTime,
): number {
  if (end - start < 4 || !isWeekday(bytes, start)) return -1;
  const time = readIsoTime(bytes, start + 4, end, header);
  if (time < 0 || time >= end || bytes[time] !== SPACE) return -1;
  let at = time + 1;
  const zone = readZone(bytes, at, end, header);
  if (zone !== at) return zone;
  while (at < end && bytes[at] !== SPACE && at - time <= ZONE_LIMIT_BYTES) at++;
  if (sameBytes(bytes, time + 1, at, UTC)) {
    header.dating = 'zoned';
    header.offsetSeconds = 0;
  }
  return at;
}

/** Returns the offset after the seconds, or -1. */
function readLooseTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  const at = readMonthTime(bytes, start, end, time);
  if (at >= 0) return at;
  const month = monthAt(bytes, start);
  if (month < 0 || bytes[start + 3] !== SPACE) return -1;
  const digits = afterSpaces(bytes, start + 3, end);
  const isSmall = bytes[digits + 1] === SPACE;
  const day = isSmall ? digitAt(bytes, digits) : twoDigits(bytes, digits);
  const dayEnd = digits + (isSmall ? 1 : 2);
  if (bytes[dayEnd] !== SPACE) return -1;
  const next = afterSpaces(bytes, dayEnd, end);
  const year = fourDigits(bytes, next);
  if (year >= 0 && bytes[next + 4] === SPACE) {
    const clock = afterSpaces(bytes, next + 4, end);
    return setLocalTime(time, year, month, day, secondOfDay(bytes, clock, end)) ? clock + 8 : -1;
  }
  return setYearlessTime(time, month, day, secondOfDay(bytes, next, end)) ? next + 8 : -1;
}
