import { setLocalTime, setYearlessTime } from '../time/date.ts';
import { digitAt, fourDigits, monthAt, twoDigits } from './digits.ts';
import type { HeaderTime } from './header.ts';
import { afterFraction, secondOfDay } from './time-parts.ts';

const SPACE = 0x20;
const WEEKDAYS = new Set(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);

/**
 * Reads `Sun Nov 22 10:00:00 2026`, as ctime(3) writes it, or with a fraction before the year. Returns
 * the offset after it, or -1.
 */
export function readCtime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  if (end - start < 23 || !isWeekday(bytes, start)) return -1;
  const second = readMonthTime(bytes, start + 4, end, time);
  if (second < 0) return -1;
  const at = afterFraction(bytes, second, end, time);
  if (end - at < 5 || bytes[at] !== SPACE) return -1;
  const isTime = setLocalTime(time, fourDigits(bytes, at + 1), time.month, time.day, time.second);
  return isTime ? at + 5 : -1;
}

/** `Sun ` */
export function isWeekday(bytes: Uint8Array, start: number): boolean {
  if (bytes[start + 3] !== SPACE) return false;
  return WEEKDAYS.has(String.fromCharCode(...bytes.subarray(start, start + 3)));
}

/**
 * Reads `Nov 22 10:00:00`, or `Nov  2 10:00:00` with one space or two. Returns the offset after it, or
 * -1.
 */
export function readMonthTime(
  bytes: Uint8Array,
  start: number,
  end: number,
  time: HeaderTime,
): number {
  if (end - start < 14 || bytes[start + 3] !== SPACE) return -1;
  const month = monthAt(bytes, start);
  const dayStart = bytes[start + 4] === SPACE ? start + 5 : start + 4;
  const isSmall = bytes[dayStart + 1] === SPACE;
  const day = isSmall ? digitAt(bytes, dayStart) : twoDigits(bytes, dayStart);
  const timeStart = dayStart + (isSmall ? 2 : 3);
  if (end - timeStart < 8 || bytes[timeStart - 1] !== SPACE) return -1;
  const second = secondOfDay(bytes, timeStart, end);
  return setYearlessTime(time, month, day, second) ? timeStart + 8 : -1;
}
