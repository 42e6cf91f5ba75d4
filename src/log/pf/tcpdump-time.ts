import { asciiBytes, decimalDigit, startsWith } from '../bytes.ts';
import type { PacketTime } from './packet.ts';

const SPACE = 0x20;
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const RULE = asciiBytes('rule ');
/** 29 February is accepted, as the year may be known only later. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The time of a line of tcpdump. One object is reused for all lines. */
export interface LineTime {
  kind: PacketTime;
  /** UTC seconds; local civil time in seconds as if it were UTC; for `yearless`, second of the day. */
  second: number;
  /** Only for `yearless`; `month` from 0, `day` from 1. */
  month: number;
  day: number;
  /** The offset after it. */
  end: number;
}

/**
 * Reads the time at the beginning of the line bytes[start, end), if it has a date:
 * `2026-11-22 10:00:00.123456` (-tttt), `Nov 22 10:00:00.123456` (-ttt of OpenBSD's tcpdump) or
 * `1795341600.123456` (-tt). Returns false if it has none.
 */
export function readLineTime(bytes: Buffer, start: number, end: number, time: LineTime): boolean {
  const at = start;
  if (end - at < 17) return false;
  if (bytes[at + 4] === DASH) return readDate(bytes, at, end, time);
  if (bytes[at + 3] === SPACE) return readYearless(bytes, at, end, time);
  return readEpoch(bytes, at, end, time);
}

/**
 * Whether bytes[start, end) is a line of tcpdump about a packet that pf logged, without a time (-t) or
 * with one without a date: `10:00:00.123456` (no option), or the time since the packet before or the
 * first one (` 00:00:01.000000`: -ttt and -ttttt of tcpdump.org, as on FreeBSD).
 */
export function isDayless(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  if (bytes[at] === SPACE) at++;
  if (bytes[at] === DASH) at++;
  if (at < end && readClockTime(bytes, at, end) >= 0) at = afterFraction(bytes, at + 8, end);
  return startsWith(bytes, at, end, RULE);
}

/** `2026-11-22 10:00:00.123456 ` */
function readDate(bytes: Buffer, at: number, end: number, time: LineTime): boolean {
  if (bytes[at + 7] !== DASH || bytes[at + 10] !== SPACE) return false;
  const year = number(bytes, at, 4);
  const month = number(bytes, at + 5, 2) - 1;
  const day = number(bytes, at + 8, 2);
  const second = readClockTime(bytes, at + 11, end);
  if (second < 0 || !enterDate(year, month, day)) return false;
  time.kind = 'local';
  time.second = date.midnight + second;
  time.end = afterFraction(bytes, at + 19, end);
  return true;
}

/** The date that was read last, which most lines share. */
const date = { year: Number.NaN, month: 0, day: 0, midnight: 0 };

/** Makes it the date that was read last; returns false if there is no such date. */
function enterDate(year: number, month: number, day: number): boolean {
  if (day === date.day && month === date.month && year === date.year) return true;
  const midnight = new Date(Date.UTC(year, month, day));
  // A date that does not exist yields another one.
  if (year < 1970 || midnight.getUTCMonth() !== month || midnight.getUTCDate() !== day)
    return false;
  date.year = year;
  date.month = month;
  date.day = day;
  date.midnight = midnight.getTime() / 1000;
  return true;
}

/** `Nov 22 10:00:00.123456 ` */
function readYearless(bytes: Buffer, at: number, end: number, time: LineTime): boolean {
  const month = MONTHS.indexOf(bytes.toString('latin1', at, at + 3)) / 3;
  const tens = bytes[at + 4] === SPACE ? 0 : number(bytes, at + 4, 1);
  const ones = number(bytes, at + 5, 1);
  const day = tens * 10 + ones;
  if (!Number.isInteger(month) || tens < 0 || ones < 0 || bytes[at + 6] !== SPACE) return false;
  if (month < 0 || day < 1 || day > (MONTH_DAYS[month] ?? 0)) return false;
  const second = readClockTime(bytes, at + 7, end);
  if (second < 0) return false;
  time.kind = 'yearless';
  time.month = month;
  time.day = day;
  time.second = second;
  time.end = afterFraction(bytes, at + 15, end);
  return true;
}

/** `1795341600.123456 ` */
function readEpoch(bytes: Buffer, start: number, end: number, time: LineTime): boolean {
  let at = start;
  let second = 0;
  for (; at < end; at++) {
    const digit = decimalDigit(bytes[at] ?? 0);
    if (digit < 0) break;
    second = second * 10 + digit;
  }
  if (at === start || bytes[at] !== DOT || second > 0xffffffff) return false;
  time.kind = 'utc';
  time.second = second;
  time.end = afterFraction(bytes, at, end);
  return true;
}

/** `hh:mm:ss` as the second of the day, or -1. */
function readClockTime(bytes: Buffer, at: number, end: number): number {
  if (end - at < 8 || bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1;
  const hours = number(bytes, at, 2);
  const minutes = number(bytes, at + 3, 2);
  const seconds = number(bytes, at + 6, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return -1;
  // 60 is a leap second.
  if (seconds < 0 || seconds > 60) return -1;
  return hours * 3600 + minutes * 60 + Math.min(seconds, 59);
}

/** The offset after `.123456 ` or a single space. */
function afterFraction(bytes: Buffer, from: number, end: number): number {
  let at = from;
  if (bytes[at] === DOT) at++;
  while (at < end && decimalDigit(bytes[at] ?? 0) >= 0) at++;
  return at < end && bytes[at] === SPACE ? at + 1 : at;
}

/** The value of the digits; -1 if one is not a digit. */
function number(bytes: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let index = 0; index < digits; index++) {
    const digit = decimalDigit(bytes[at + index] ?? 0);
    if (digit < 0) return -1;
    value = value * 10 + digit;
  }
  return value;
}
