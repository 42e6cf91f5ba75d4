import { asciiBytes, sameBytes, startsWith } from './bytes.ts';

/** No syslogd writes more. */
const REPEAT_LIMIT = 1000;
const MESSAGE_REPEATED = asciiBytes('message repeated ');
const LAST_MESSAGE_REPEATED = asciiBytes('last message repeated ');
const TIMES = asciiBytes(' times');
const BRACKET = asciiBytes(': [ ');
const SYSLOGD = asciiBytes('syslogd');
const CLOSING = 0x5d;
const LETTER_L = 0x6c;
const LETTER_M = 0x6d;

/** What a repetition stands for. One object is reused for all lines. */
export interface Repetition {
  count: number;
  /** The quoted message, if there is one. */
  start: number;
  end: number;
}

/** Reads rsyslog's `message repeated 3 times: [ MESSAGE]`; the count is at most 1,000. */
export function readQuotedRepetition(
  bytes: Uint8Array,
  start: number,
  end: number,
  repetition: Repetition,
): boolean {
  if (bytes[start] !== LETTER_M || !startsWith(bytes, start, end, MESSAGE_REPEATED)) return false;
  const times = readCount(bytes, start + MESSAGE_REPEATED.length, end, repetition);
  if (times < 0 || !startsWith(bytes, times, end, BRACKET) || bytes[end - 1] !== CLOSING) {
    return false;
  }
  repetition.start = times + BRACKET.length;
  repetition.end = end - 1;
  return repetition.start <= repetition.end;
}

/** Whether the program is the one that reports repetitions. */
export function isSyslogd(bytes: Uint8Array, start: number, end: number): boolean {
  return sameBytes(bytes, start, end, SYSLOGD);
}

/** Reads `last message repeated 3 times`, with nothing after it. */
export function readLastRepetition(
  bytes: Uint8Array,
  start: number,
  end: number,
  repetition: Repetition,
): boolean {
  return (
    bytes[start] === LETTER_L &&
    startsWith(bytes, start, end, LAST_MESSAGE_REPEATED) &&
    readCount(bytes, start + LAST_MESSAGE_REPEATED.length, end, repetition) === end
  );
}

/** Reads `N times` into `repetition.count`; returns the offset after it, or -1. */
function readCount(bytes: Uint8Array, start: number, end: number, repetition: Repetition): number {
  let at = start;
  let count = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    count = Math.min(count * 10 + digit, REPEAT_LIMIT);
  }
  if (at === start || count === 0) return -1;
  // syslogd writes `1 times`; others write `1 time`.
  let length = TIMES.length;
  if (!startsWith(bytes, at, end, TIMES)) {
    if (count !== 1 || !startsWith(bytes, at, end, TIMES.subarray(0, 5))) return -1;
    length = 5;
  }
  repetition.count = count;
  return at + length;
}
