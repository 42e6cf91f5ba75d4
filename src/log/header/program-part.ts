import { asciiBytes, startsWith } from '../bytes.ts';
import { readMonthTime } from './ctime.ts';
import { afterDigits } from './digits.ts';
import { emptyHeader, type Header, type HeaderReader, type HeaderTime } from './header.ts';
import { PID_LIMIT } from './pid-limit.ts';

const SPACE = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const BRACKET = 0x5b;
const CLOSING = 0x5d;

const ID = asciiBytes('[ID ');
/** `<local7.warning>` is the longest priority. */
const PRIORITY_LIMIT_BYTES = 24;
/** BusyBox and OpenWrt write it before the program. */
const SELECTOR =
  /^(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])\.(?:emerg|alert|crit|err|warn|notice|info|debug)$/;
/** `authpriv.notice`. */
const SELECTOR_LIMIT_BYTES = 15;

/**
 * Fills in what follows the time: `host program[pid]: message`. The program extends to `[` or `:`, and
 * may be a path. A word that ends in a colon is not a host but the program of a line without a host,
 * if it has no other colon or the colon follows a process number. This gives no additional power:
 * whoever can choose the first word, as some senders of remote logs can, can also choose the program
 * after a host. Any other word with a colon leaves the line without a program, as anybody may have
 * written what follows it.
 */
export function readHostAndProgram(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): void {
  const word = afterSpaces(bytes, start, end);
  const at = afterWord(bytes, word, end);
  header.hostStart = word;
  header.hostEnd = at;
  header.programStart = -1;
  header.programEnd = -1;
  header.pid = -1;
  const rest = afterSpaces(bytes, at, end);
  header.messageStart = rest;
  if (at === word) return;
  if (bytes[word] === BRACKET) {
    readBracketed(bytes, word, at, header);
    return;
  }
  if (bytes[at - 1] !== COLON) {
    readProgram(bytes, afterSameHost(bytes, word, at, rest, end), end, header);
    return;
  }
  readProgram(bytes, word, end, header);
  if (header.programStart >= 0 && header.messageStart === rest) {
    header.hostEnd = word;
    return;
  }
  header.programStart = -1;
  header.programEnd = -1;
  header.pid = -1;
  header.messageStart = rest;
}

/** The offset after the host if a relay has written it again, or `start`. */
function afterSameHost(
  bytes: Uint8Array,
  host: number,
  hostEnd: number,
  start: number,
  end: number,
): number {
  const next = start + hostEnd - host;
  if (next >= end || bytes[next] !== SPACE) return start;
  for (let i = 0; i < next - start; i++) if (bytes[host + i] !== bytes[start + i]) return start;
  return afterSpaces(bytes, next, end);
}

export function afterSpaces(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === SPACE) at++;
  return at;
}

export function afterWord(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE) at++;
  return at;
}

/** `[program] ` or `[program]: ` instead of a host, as metalog writes it. */
function readBracketed(bytes: Uint8Array, start: number, wordEnd: number, header: Header): void {
  const closing = bytes[wordEnd - 1] === COLON ? wordEnd - 2 : wordEnd - 1;
  if (closing <= start + 1 || bytes[closing] !== CLOSING) return;
  header.programStart = start + 1;
  header.programEnd = closing;
  header.hostEnd = start;
}

/**
 * `program[pid]: `, `program[pid] ` or `program: `, after BusyBox's `auth.info ` if it is there. If
 * there is none, the header is left unchanged.
 */
export function readProgram(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
  mayFollowSelector = true,
): void {
  let at = start;
  let byte = bytes[at];
  while (at < end && byte !== COLON && byte !== BRACKET && byte !== SPACE) byte = bytes[++at];
  if (at >= end || at === start) return;
  if (byte === SPACE) {
    if (mayFollowSelector && isSelector(bytes, start, at)) {
      readProgram(bytes, afterSpaces(bytes, at, end), end, header, false);
    }
    return;
  }
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
    if (at === digits || at + 1 >= end || bytes[at] !== CLOSING) return;
    at++;
    if (bytes[at] !== COLON && bytes[at] !== SPACE) return;
  }
  header.programStart = start;
  header.programEnd = programEnd;
  header.pid = pid;
  header.messageStart = afterSpaces(bytes, at + 1, end);
  if (bytes[header.messageStart] === BRACKET) skipBracket(bytes, end, header);
}

/** Skips what Solaris and dropbear put before the message. */
function skipBracket(bytes: Uint8Array, end: number, header: Header): void {
  const start = header.messageStart;
  header.messageStart = afterId(bytes, start, end);
  if (header.messageStart === start) readOwnProcess(bytes, start, end, header);
}

/**
 * `[825] Jul 10 23:53:52 `, as dropbear -E writes it to a standard error that goes to syslog. The
 * process is that of the connection. If there is none, the header is left unchanged.
 */
function readOwnProcess(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const digitsEnd = afterDigits(bytes, start + 1, end);
  const pid = Number(Buffer.from(bytes.subarray(start + 1, digitsEnd)).toString('latin1'));
  if (digitsEnd === start + 1 || pid > PID_LIMIT || digitsEnd + 1 >= end) return false;
  if (bytes[digitsEnd] !== CLOSING || bytes[digitsEnd + 1] !== SPACE) return false;
  const at = readMonthTime(bytes, digitsEnd + 2, end, ownTime);
  if (at < 0 || at >= end || bytes[at] !== SPACE) return false;
  header.pid = pid;
  header.messageStart = at + 1;
  return true;
}

/** The time that a message begins with; that of the header has precedence. */
const ownTime: HeaderTime = emptyHeader();

/** The offset after Solaris's `[ID 800047 auth.info] `, or `start` if there is none. */
function afterId(bytes: Uint8Array, start: number, end: number): number {
  if (!startsWith(bytes, start, end, ID)) return start;
  const digits = start + ID.length;
  const digitsEnd = afterDigits(bytes, digits, end);
  if (digitsEnd === digits || digitsEnd >= end || bytes[digitsEnd] !== SPACE) return start;
  let at = digitsEnd + 1;
  while (at < end && bytes[at] !== CLOSING && bytes[at] !== SPACE) at++;
  const isId = at + 1 < end && bytes[at + 1] === SPACE && isSelector(bytes, digitsEnd + 1, at);
  return isId && bytes[at] === CLOSING ? at + 2 : start;
}

/**
 * Reads a header of a time, a space, host and program; a priority may precede it. `readTime` returns
 * the offset after the time, or -1.
 */
export function headerWithTime(
  readTime: (bytes: Uint8Array, start: number, end: number, header: Header) => number,
): HeaderReader {
  return (bytes, start, end, header) => {
    const at = readTime(bytes, afterPriority(bytes, start, end), end, header);
    if (at < 0 || at >= end || bytes[at] !== SPACE) return false;
    readHostAndProgram(bytes, at + 1, end, header);
    return true;
  };
}

/** The offset after `<…>` and a space if there is one; `at` if there is no priority. */
export function afterPriority(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== LESS) return at;
  const limit = Math.min(end, at + PRIORITY_LIMIT_BYTES);
  for (let i = at + 1; i < limit; i++) {
    const byte = bytes[i];
    if (byte === SPACE) return at;
    if (byte === GREATER) return i + 1 < end && bytes[i + 1] === SPACE ? i + 2 : i + 1;
  }
  return at;
}

/** `auth.info` */
export function isSelector(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > SELECTOR_LIMIT_BYTES) return false;
  let dot = start;
  while (dot < end && bytes[dot] !== DOT) dot++;
  return dot < end && SELECTOR.test(Buffer.from(bytes.subarray(start, end)).toString('latin1'));
}

/** Whether a selector and spaces precede this offset. */
export function followsSelector(bytes: Uint8Array, start: number, at: number): boolean {
  let wordEnd = at;
  while (wordEnd > start && bytes[wordEnd - 1] === SPACE) wordEnd--;
  let word = wordEnd;
  while (word > start && bytes[word - 1] !== SPACE) word--;
  return wordEnd < at && isSelector(bytes, word, wordEnd);
}
