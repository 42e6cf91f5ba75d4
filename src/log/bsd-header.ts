import type { Header } from './header.ts';

const SPACE = 0x20;
const ZERO = 0x30;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const BRACKET = 0x5b;
const CLOSING = 0x5d;

/** February has 29 here: which year it is comes out later. */
const MONTH_DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** `<local7.warning>` is the longest there is; what is longer is no priority. */
const PRIORITY_LIMIT_BYTES = 24;
/** No system has larger ones (Linux: PID_MAX_LIMIT is 4,194,304). */
const PID_LIMIT = 0x400000;

/**
 * `Mar 19 23:48:18 host program[pid]: message` (RFC 3164), with the priority that FreeBSD's
 * syslogd writes after the time when asked to (`-v`: `<4.6>`, `-vv`: `<auth.info>`) or that a line
 * taken from the wire still begins with (`<38>`). The program is all up to `[` or `:`, be it a path.
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
  const hostStart = at;
  while (at < end && bytes[at] !== SPACE) at++;
  header.hostStart = hostStart;
  header.hostEnd = at;
  header.programStart = -1;
  header.programEnd = -1;
  header.pid = -1;
  header.messageStart = Math.min(at + 1, end);
  // `host` that ends in a colon is a program: a line without a host speaks for no service.
  if (at > hostStart && at < end && bytes[at - 1] !== COLON) {
    readProgram(bytes, at + 1, end, header);
  }
  return true;
}

/**
 * `Mmm dd hh:mm:ss `, 16 bytes; the day with a space or a zero before a single figure. Most lines
 * have the minute of the line before, which is told by three numbers of four bytes each.
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
  // 60: a leap second.
  if (tens < 0 || ones < 0 || ones > 9 || tens * 10 + ones > 60) return false;
  header.month = minute.month;
  header.day = minute.day;
  header.second = minute.start + Math.min(tens * 10 + ones, 59);
  return true;
}

/** The minute that was read last: its 12 bytes, and what they say. */
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
  if (month < 0 || day < 1 || day > (MONTH_DAYS[month] ?? 0)) return false;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  minute.month = month;
  minute.day = day;
  minute.start = hours * 3600 + minutes * 60;
  return true;
}

function monthAt(bytes: Uint8Array, at: number): number {
  const name = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  switch (name) {
    case 0x4a616e: // Jan
      return 0;
    case 0x466562: // Feb
      return 1;
    case 0x4d6172: // Mar
      return 2;
    case 0x417072: // Apr
      return 3;
    case 0x4d6179: // May
      return 4;
    case 0x4a756e: // Jun
      return 5;
    case 0x4a756c: // Jul
      return 6;
    case 0x417567: // Aug
      return 7;
    case 0x536570: // Sep
      return 8;
    case 0x4f6374: // Oct
      return 9;
    case 0x4e6f76: // Nov
      return 10;
    case 0x446563: // Dec
      return 11;
    default:
      return -1;
  }
}

/** Negative where there are no two digits. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = digitAt(bytes, at);
  const ones = digitAt(bytes, at + 1);
  return tens < 0 || ones < 0 ? -1 : tens * 10 + ones;
}

function digitAt(bytes: Uint8Array, at: number): number {
  const digit = (bytes[at] ?? 0) - ZERO;
  return digit > 9 ? -1 : digit;
}

/** Where the line goes on after `<…>` and a space, if there is one; `at` itself if it is none. */
function afterPriority(bytes: Uint8Array, at: number, end: number): number {
  const limit = Math.min(end, at + PRIORITY_LIMIT_BYTES);
  for (let i = at + 1; i < limit; i++) {
    const byte = bytes[i];
    if (byte === SPACE) return at;
    if (byte === GREATER) return bytes[i + 1] === SPACE ? i + 2 : i + 1;
  }
  return at;
}

/** `program[pid]: ` or `program: `; anything else leaves the line without a program. */
function readProgram(bytes: Uint8Array, start: number, end: number, header: Header): void {
  let at = start;
  let byte = bytes[at];
  while (at < end && byte !== COLON && byte !== BRACKET && byte !== SPACE) byte = bytes[++at];
  if (at >= end || at === start || byte === SPACE) return;
  const programEnd = at;
  let pid = -1;
  if (byte === BRACKET) {
    const digits = ++at;
    pid = 0;
    for (; at < end; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      pid = pid * 10 + digit;
      if (pid > PID_LIMIT) return;
    }
    if (at === digits || bytes[at] !== CLOSING || bytes[at + 1] !== COLON || at + 1 >= end) return;
    at++;
  }
  header.programStart = start;
  header.programEnd = programEnd;
  header.pid = pid;
  header.messageStart = bytes[at + 1] === SPACE && at + 1 < end ? at + 2 : at + 1;
}
