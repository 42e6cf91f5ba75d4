import { asciiBytes, startsWith } from '../bytes.ts';
import { setLocalTime, setUtcTime } from '../time/date.ts';
import { readAccessHeader } from './access-header.ts';
import { readCtime, readMonthTime } from './ctime.ts';
import { afterDigits, digitAt, fourDigits, monthAt, twoDigits } from './digits.ts';
import { type Header, type HeaderReader, type HeaderTime, setMessage } from './header.ts';
import { readIsoTime } from './iso-header.ts';
import { afterWord, readOwnProcess } from './program-part.ts';
import { readHeader } from './read-header.ts';
import { afterFraction, readZone, secondOfDay } from './time-parts.ts';

const SPACE = 0x20;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const BRACKET = 0x5b;
const CLOSING = 0x5d;
const US = asciiBytes('us=');
/** The longest abbreviation of a zone (tzfile(5)). */
const ZONE_LIMIT_BYTES = 6;
/** 2001 to 2286. */
const EPOCH_DIGITS = 10;

/** Reads a time at bytes[at, end); returns the offset after it, or -1. */
type TimeReader = (bytes: Uint8Array, at: number, end: number, time: HeaderTime) => number;

/**
 * The headers of services that write their own files. Most have a time only; none names a host or a
 * program, except proftpd's, which is like a syslogd's.
 */
const OWN_HEADERS: ReadonlyMap<string, HeaderReader> = new Map([
  ['apache', bracketed(readCtime)],
  ['asterisk', bracketed((...line) => firstOf(line, readIsoTime, readMonthTime))],
  ['dovecot', followed((...line) => firstOf(line, readMonthTime, readIsoTime))],
  ['dropbear', readDropbearHeader],
  ['exim', followed(readEximTime)],
  ['gitea', followed(readSlashTime)],
  ['http-access', readAccessHeader],
  ['lighttpd', readLighttpdHeader],
  ['monit', bracketed((...line) => firstOf(line, readIsoTime, readMonitTime))],
  ['mysqld', followed((...line) => firstOf(line, readIsoTime, readMysqlTime))],
  ['named', followed((...line) => firstOf(line, readNamedTime, readIsoTime, readMonthTime))],
  ['nginx', readNginxHeader],
  ['nsd', bracketed((...line) => firstOf(line, readIsoTime, readEpochTime))],
  ['openbsd-httpd', readAccessHeader],
  ['openvpn', readOpenvpnHeader],
  ['proftpd', readHeader],
  ['vsftpd', followed(readCtime)],
  ['webmin', readWebminHeader],
  ['xrdp', bracketed((...line) => firstOf(line, readXrdpTime, readIsoTime))],
]);

/** The header of the lines of a file that this service writes itself. */
export function ownHeaderOf(service: string): HeaderReader {
  return OWN_HEADERS.get(service) ?? readAnyTime;
}

/** For services whose time format is unknown. */
function readAnyTime(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const read = bytes[start] === BRACKET ? bracketed(anyTime) : followed(anyTime);
  return read(bytes, start, end, header);
}

const anyTime: TimeReader = (...line) =>
  firstOf(line, readIsoTime, readMonthTime, readCtime, readSlashTime, readNamedTime);

function firstOf(line: Parameters<TimeReader>, ...readers: readonly TimeReader[]): number {
  for (const read of readers) {
    const at = read(...line);
    if (at >= 0) return at;
  }
  return -1;
}

/** `TIME message` or `TIME: message` */
function followed(read: TimeReader): HeaderReader {
  return (bytes, start, end, header) => {
    let at = read(bytes, start, end, header);
    if (at >= 0 && at < end && bytes[at] === COLON) at++;
    return at >= 0 && at < end && bytes[at] === SPACE && setMessage(header, at + 1);
  };
}

/** `[TIME] message` */
function bracketed(read: TimeReader): HeaderReader {
  return (bytes, start, end, header) => {
    if (start >= end || bytes[start] !== BRACKET) return false;
    const at = read(bytes, start + 1, end, header);
    return (
      at >= 0 &&
      at + 1 < end &&
      bytes[at] === CLOSING &&
      bytes[at + 1] === SPACE &&
      setMessage(header, at + 2)
    );
  };
}

/** `2026/11/22 10:00:00 [error] …`; the grammar of nginx includes the time. */
function readNginxHeader(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const at = readSlashTime(bytes, start, end, header);
  return at >= 0 && at < end && bytes[at] === SPACE && setMessage(header, start);
}

/** `[825] Nov 22 10:00:00 message`, as dropbear writes to standard error. */
function readDropbearHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): boolean {
  setMessage(header, start);
  if (bytes[start] !== BRACKET || !readOwnProcess(bytes, start, end, header, header)) return false;
  header.hostStart = header.messageStart;
  header.hostEnd = header.messageStart;
  return true;
}

/** `CEST Nov 22 10:00:00`, as Monit wrote it before 5.19; the zone is taken for this host's. */
function readMonitTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  const zoneEnd = afterWord(bytes, start, Math.min(end, start + ZONE_LIMIT_BYTES + 1));
  return bytes[zoneEnd] === SPACE ? readMonthTime(bytes, zoneEnd + 1, end, time) : -1;
}

/** `1795341600`, as NSD writes it unless log-time-ascii is set. */
function readEpochTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  const at = afterDigits(bytes, start, end);
  return at === start + EPOCH_DIGITS && setUtcTime(time, secondsOf(bytes, start)) ? at : -1;
}

/** `1795341600.4711.0 [22/Nov/2026 10:00:00] …`; the time between the brackets has no zone. */
function readWebminHeader(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const digitsEnd = afterDigits(bytes, start, end);
  if (digitsEnd !== start + EPOCH_DIGITS || bytes[digitsEnd] !== DOT) return false;
  const at = afterWord(bytes, digitsEnd, end);
  if (at + 1 >= end || bytes[at + 1] !== BRACKET) return false;
  return setUtcTime(header, secondsOf(bytes, start)) && setMessage(header, at + 1);
}

function secondsOf(bytes: Uint8Array, start: number): number {
  return Number(Buffer.from(bytes.subarray(start, start + EPOCH_DIGITS)).toString('latin1'));
}

/** `2026/11/22 10:00:00` */
function readSlashTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  if (end - start < 19 || bytes[start + 4] !== SLASH || bytes[start + 7] !== SLASH) return -1;
  const month = twoDigits(bytes, start + 5) - 1;
  const day = twoDigits(bytes, start + 8);
  const second = bytes[start + 10] === SPACE ? secondOfDay(bytes, start + 11, end) : -1;
  return setLocalTime(time, fourDigits(bytes, start), month, day, second) ? start + 19 : -1;
}

/** `22-Nov-2026 10:00:00.123` */
function readNamedTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  if (end - start < 20 || bytes[start + 2] !== MINUS || bytes[start + 6] !== MINUS) return -1;
  const day = twoDigits(bytes, start);
  const month = monthAt(bytes, start + 3);
  const second = bytes[start + 11] === SPACE ? secondOfDay(bytes, start + 12, end) : -1;
  const isTime = setLocalTime(time, fourDigits(bytes, start + 7), month, day, second);
  return isTime ? afterFraction(bytes, start + 20, end, time) : -1;
}

/** `2026-11-22  8:00:00` or, before 5.6, `261122  8:00:00`, with a space before an hour below 10. */
function readMysqlTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  const isLong = bytes[start + 4] === MINUS && bytes[start + 7] === MINUS;
  const at = isLong ? start + 11 : start + 7;
  if (end - at < 8 || bytes[at - 1] !== SPACE) return -1;
  const year = isLong ? fourDigits(bytes, start) : 2000 + twoDigits(bytes, start);
  const [monthStart, dayStart] = isLong ? [start + 5, start + 8] : [start + 2, start + 4];
  const isSmall = bytes[at] === SPACE;
  const hour = isSmall ? digitAt(bytes, at + 1) : twoDigits(bytes, at);
  const rest = restOfHour(bytes, at + 2);
  if (hour < 0 || hour > 23 || rest < 0 || year < 2000) return -1;
  const second = hour * 3600 + rest;
  const month = twoDigits(bytes, monthStart) - 1;
  return setLocalTime(time, year, month, twoDigits(bytes, dayStart), second) ? at + 8 : -1;
}

/** `:mm:ss` in seconds; negative if there is none. */
function restOfHour(bytes: Uint8Array, at: number): number {
  const minutes = twoDigits(bytes, at + 1);
  const seconds = twoDigits(bytes, at + 4);
  if (bytes[at] !== COLON || bytes[at + 3] !== COLON) return -1;
  if (minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return -1;
  return minutes * 60 + Math.min(seconds, 59);
}

/** `20261122-10:00:00` */
function readXrdpTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  if (end - start < 17 || bytes[start + 8] !== MINUS) return -1;
  const month = twoDigits(bytes, start + 4) - 1;
  const day = twoDigits(bytes, start + 6);
  const second = secondOfDay(bytes, start + 9, end);
  const isTime = setLocalTime(time, fourDigits(bytes, start), month, day, second);
  return isTime ? afterFraction(bytes, start + 17, end, time) : -1;
}

/** `2026-11-22 10:00:00.123 +0100`; the zone only with `log_timezone`. */
function readEximTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  const at = readIsoTime(bytes, start, end, time);
  if (at < 0 || at >= end || bytes[at] !== SPACE || time.dating === 'zoned') return at;
  const zoneEnd = readZone(bytes, at + 1, end, time);
  return zoneEnd === at + 1 ? at : zoneEnd;
}

/** `2026-11-22 10:00:00: (mod_auth.c.853) …` */
function readLighttpdHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): boolean {
  const at = readIsoTime(bytes, start, end, header);
  return (
    at >= 0 &&
    at + 1 < end &&
    bytes[at] === COLON &&
    bytes[at + 1] === SPACE &&
    setMessage(header, at + 2)
  );
}

/** `2026-11-22 10:00:00 …` or `Sun Nov 22 10:00:00 2026 …`, with `us=123456 ` at `verb 4` and above. */
function readOpenvpnHeader(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const at = firstOf([bytes, start, end, header], readIsoTime, readCtime);
  if (at < 0 || at >= end || bytes[at] !== SPACE) return false;
  const digits = at + 1 + US.length;
  const after = startsWith(bytes, at + 1, end, US) ? afterDigits(bytes, digits, end) : at;
  const isMore = after > digits && after < end && bytes[after] === SPACE;
  header.isFractional = isMore;
  return setMessage(header, isMore ? after + 1 : at + 1);
}
