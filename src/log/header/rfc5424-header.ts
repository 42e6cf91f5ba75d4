import { lineStart } from '../bytes.ts';
import { digitAt } from './digits.ts';
import type { Header } from './header.ts';
import { readIsoTime } from './iso-header.ts';
import { PID_LIMIT } from './pid-limit.ts';
import { afterPriority, afterWord } from './program-part.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const MINUS = 0x2d;
const ONE = 0x31;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING = 0x5d;

/**
 * `<34>1 2003-10-11T22:14:15.003Z host app procid msgid [structured data] message` (RFC 5424,
 * section 6); in files the priority may be missing. `-` stands for an unknown value. If the structured
 * data is malformed, the line has no program, as the beginning of its message is unknown.
 */
export function readRfc5424Header(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): boolean {
  const version = afterPriority(bytes, start, end);
  if (end - version < 3 || bytes[version] !== ONE || bytes[version + 1] !== SPACE) return false;
  const time = version + 2;
  const afterTime = readTime(bytes, time, end, header);
  if (afterTime < 0 || afterTime >= end || bytes[afterTime] !== SPACE) return false;
  readFields(bytes, afterTime + 1, end, header);
  return true;
}

/**
 * Reads the fields of a line that has neither priority nor version, as rsyslog templates leave them
 * out, into a header whose time is read. Returns false, and leaves the header unchanged, if what
 * follows the time is not in full what RFC 5424 says.
 */
export function readVersionlessFields(
  bytes: Uint8Array,
  host: number,
  end: number,
  header: Header,
): boolean {
  const found = { ...header };
  readFields(bytes, host, end, found);
  const process = found.programEnd + 1;
  const processEnd = afterWord(bytes, process, end);
  if (found.programStart < 0 || (found.pid < 0 && !isNil(bytes, process, processEnd))) return false;
  Object.assign(header, found);
  return true;
}

function readFields(bytes: Uint8Array, host: number, end: number, header: Header): void {
  const hostEnd = afterWord(bytes, host, end);
  const app = Math.min(hostEnd + 1, end);
  const appEnd = afterWord(bytes, app, end);
  const process = Math.min(appEnd + 1, end);
  const processEnd = afterWord(bytes, process, end);
  const messageId = Math.min(processEnd + 1, end);
  const messageIdEnd = afterWord(bytes, messageId, end);
  const data = Math.min(messageIdEnd + 1, end);
  const dataEnd = afterData(bytes, data, end);
  header.hostStart = host;
  header.hostEnd = isNil(bytes, host, hostEnd) ? host : hostEnd;
  const isNamed = dataEnd > 0 && appEnd > app && !isNil(bytes, app, appEnd);
  header.programStart = isNamed ? app : -1;
  header.programEnd = isNamed ? appEnd : -1;
  header.pid = isNamed ? numberOf(bytes, process, processEnd) : -1;
  header.messageStart = dataEnd < 0 ? data : messageAt(bytes, dataEnd, end);
}

function readTime(bytes: Uint8Array, at: number, end: number, header: Header): number {
  if (bytes[at] !== MINUS) return readIsoTime(bytes, at, end, header);
  header.dating = 'untimed';
  return at + 1;
}

/** The offset after `-` or `[id name="value"][…]`; -1 if neither is there or it is incomplete. */
function afterData(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return -1;
  let at = start;
  if (bytes[at] === MINUS) at++;
  else while (at < end && bytes[at] === BRACKET) at = afterElement(bytes, at + 1, end);
  return at > start && (at === end || (at < end && bytes[at] === SPACE)) ? at : -1;
}

/** The offset after the first unquoted `]`; beyond `end` if there is none. */
function afterElement(bytes: Uint8Array, start: number, end: number): number {
  let isQuoted = false;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (isQuoted && byte === BACKSLASH) at++;
    else if (!isQuoted && byte === CLOSING) return at + 1;
  }
  return end + 1;
}

/** The offset after the space and the byte order mark, if there is one. */
function messageAt(bytes: Uint8Array, dataEnd: number, end: number): number {
  return lineStart(bytes, Math.min(dataEnd + 1, end), end);
}

function isNil(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 && bytes[start] === MINUS;
}

/** -1 if it is not a process number. */
function numberOf(bytes: Uint8Array, start: number, end: number): number {
  let number = start < end ? 0 : -1;
  for (let at = start; at < end; at++) {
    const digit = digitAt(bytes, at);
    if (digit < 0) return -1;
    number = number * 10 + digit;
    if (number > PID_LIMIT) return -1;
  }
  return number;
}
