import type { HeaderTime } from '../header/header.ts';

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** 29 February is accepted without a year, as the year is only known later. */
const LEAP_YEAR = 2000;
/** The range of 32-bit UTC seconds, in whole years. */
const FIRST_YEAR = 1970;
const LAST_YEAR = 2105;

/** `month` from 0; 0 for a month that does not exist. */
export function daysOfMonth(month: number, year: number): number {
  const days = MONTH_DAYS[month] ?? 0;
  return month === 1 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : days;
}

/** Whether it is a date from 1970 to 2105; `month` from 0, `day` from 1. */
function isDate(year: number, month: number, day: number): boolean {
  return (
    year >= FIRST_YEAR &&
    year <= LAST_YEAR &&
    month >= 0 &&
    day >= 1 &&
    day <= daysOfMonth(month, year)
  );
}

/** The days since 1 January 1970. */
export function dayNumber(year: number, month: number, day: number): number {
  // In years that begin in March, the leap day is the last day.
  const marchYear = month < 2 ? year - 1 : year;
  const marchMonth = month < 2 ? month + 10 : month - 2;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + Math.floor((marchMonth * 153 + 2) / 5) + day - 719_469;
}

/** Sets a time without a zone. Returns false if there is no such date. */
export function setLocalTime(
  header: HeaderTime,
  year: number,
  month: number,
  day: number,
  second: number,
): boolean {
  if (second < 0 || !isDate(year, month, day)) return false;
  header.dating = 'local';
  header.year = year;
  header.month = month;
  header.day = day;
  header.second = second;
  return true;
}

/** Sets a time of UTC seconds. Returns false if it is before 1970 or after 2105. */
export function setUtcTime(header: HeaderTime, at: number): boolean {
  const date = new Date(at * 1000);
  const second = date.getUTCHours() * 3600 + date.getUTCMinutes() * 60 + date.getUTCSeconds();
  const isTime = setLocalTime(
    header,
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    second,
  );
  if (!isTime) return false;
  header.dating = 'zoned';
  header.offsetSeconds = 0;
  return true;
}

/** Sets a time without a year. Returns false if no year has such a date. */
export function setYearlessTime(
  header: HeaderTime,
  month: number,
  day: number,
  second: number,
): boolean {
  if (second < 0 || day < 1 || day > daysOfMonth(month, LEAP_YEAR)) return false;
  header.dating = 'yearless';
  header.month = month;
  header.day = day;
  header.second = second;
  return true;
}
