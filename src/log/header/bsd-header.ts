import { daysOfMonth } from '../time/date.ts';
import { digitAt, monthAt, twoDigits } from './digits.ts';
import type { Header } from './header.ts';
import { afterPriority, readHostAndProgram } from './program-part.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const COLON = 0x3a;
const LESS = 0x3c;
/** 29 February is accepted, as the year is only known later. */
const LEAP_YEAR = 2000;

/**
 * `Mar 19 23:48:18 host program[pid]: message` (RFC 3164), with the priority that FreeBSD's
 * syslogd writes after the time (`-v`: `<4.6>`, `-vv`: `<auth.info>`), or before it as on the wire
 * (`<38>`). The host may be missing.
 */
export function readBsdHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): boolean {
  let at = bytes[start] === LESS ? afterPriority(bytes, start, end) : start;
  if (end - at < 16 || !readTime(bytes, at, header)) return false;
  at += 16;
  if (bytes[at] === LESS) at = afterPriority(bytes, at, end);
  readHostAndProgram(bytes, at, end, header);
  return true;
}

/**
 * `Mmm dd hh:mm:ss `, 16 bytes, with a space or a zero before a day below 10. Most lines have the
 * minute of the line before, so its 12 bytes are compared first.
 */
function readTime(bytes: Uint8Array, at: number, header: Header): boolean {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  const third = view.getUint32(at + 8);
  const last = view.getUint32(at + 12);
  if (
    third !== minute.third ||
    view.getUint32(at + 4) !== minute.second ||
    view.getUint32(at) !== minute.first
  ) {
    if (!readMinute(bytes, at)) return false;
    minute.first = view.getUint32(at);
    minute.second = view.getUint32(at + 4);
    minute.third = third;
  }
  // `:ss `
  if ((last & 0xff) !== SPACE || last >>> 24 !== COLON) return false;
  const tens = ((last >>> 16) & 0xff) - ZERO;
  const ones = ((last >>> 8) & 0xff) - ZERO;
  // 60 is a leap second.
  if (tens < 0 || ones < 0 || ones > 9 || tens * 10 + ones > 60) return false;
  header.dating = 'yearless';
  header.month = minute.month;
  header.day = minute.day;
  header.second = minute.start + Math.min(tens * 10 + ones, 59);
  return true;
}

/** The minute that was read last, as bytes and as numbers. */
const minute = { first: -1, second: -1, third: -1, month: 0, day: 0, start: 0 };
let viewed: Uint8Array = new Uint8Array(0);
let view = new DataView(viewed.buffer);

/** `Mmm dd hh:mm` */
function readMinute(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 3] !== SPACE || bytes[at + 6] !== SPACE || bytes[at + 9] !== COLON) return false;
  const month = monthAt(bytes, at);
  const day = (bytes[at + 4] === SPACE ? 0 : twoDigits(bytes, at + 4)) || digitAt(bytes, at + 5);
  const hours = twoDigits(bytes, at + 7);
  const minutes = twoDigits(bytes, at + 10);
  if (month < 0 || day < 1 || day > daysOfMonth(month, LEAP_YEAR)) return false;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  minute.month = month;
  minute.day = day;
  minute.start = hours * 3600 + minutes * 60;
  return true;
}
