import { digitAt, twoDigits } from './digits.ts';
import type { HeaderTime } from './header.ts';

const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const LETTER_Z = 0x5a;

/** `hh:mm:ss` as seconds since midnight; negative if it is not there. */
export function secondOfDay(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8 || bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1;
  const hours = twoDigits(bytes, at);
  const minutes = twoDigits(bytes, at + 3);
  const seconds = twoDigits(bytes, at + 6);
  // 60 is a leap second.
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) {
    return -1;
  }
  return hours * 3600 + minutes * 60 + Math.min(seconds, 59);
}

/** The offset after `.123` or `,123`, which is `at` if there is none. */
export function afterFraction(
  bytes: Uint8Array,
  at: number,
  end: number,
  time: HeaderTime,
): number {
  if (at >= end || (bytes[at] !== DOT && bytes[at] !== COMMA)) return at;
  let next = at + 1;
  while (next < end && digitAt(bytes, next) >= 0) next++;
  if (next === at + 1) return at;
  time.isFractional = true;
  return next;
}

/**
 * Reads `Z`, `+01:00`, `+0100` or `+01` into the time. Returns the offset after it, which is `at` if
 * there is none.
 */
export function readZone(bytes: Uint8Array, at: number, end: number, time: HeaderTime): number {
  if (at >= end) return at;
  const sign = bytes[at];
  if (sign === LETTER_Z) return setOffset(time, 0, at + 1);
  if ((sign !== PLUS && sign !== MINUS) || end - at < 3) return at;
  const hours = twoDigits(bytes, at + 1);
  if (hours < 0 || hours > 23) return at;
  let next = at + 3;
  let minutes = 0;
  const digits = next < end && bytes[next] === COLON ? next + 1 : next;
  if (end - digits >= 2 && twoDigits(bytes, digits) >= 0) {
    minutes = twoDigits(bytes, digits);
    next = digits + 2;
  }
  if (minutes > 59) return at;
  const offset = hours * 3600 + minutes * 60;
  return setOffset(time, sign === MINUS ? -offset : offset, next);
}

function setOffset(time: HeaderTime, offsetSeconds: number, next: number): number {
  time.dating = 'zoned';
  time.offsetSeconds = offsetSeconds;
  return next;
}
