import { setUtcTime } from '../time/date.ts';
import { afterDigits } from './digits.ts';
import type { HeaderReader, HeaderTime } from './header.ts';
import { headerWithTime } from './program-part.ts';

const DOT = 0x2e;
const AT = 0x40;
/** 2001 to 2286. */
const EPOCH_DIGITS = 10;
const MICROSECOND_DIGITS = 6;
/** 16 digits of seconds and 8 of nanoseconds. */
const TAI64N_DIGITS = 24;
/** The label of 1970 as daemontools and runit write it: 10 seconds are added to UTC. */
const TAI_EPOCH = 2n ** 62n + 10n;
const HEXADECIMAL = /^[\da-f]{24}$/i;

/** `1795341600.123456 host program[pid]: message`, as `journalctl -o short-unix` writes it. */
export const readUnixHeader: HeaderReader = headerWithTime(readUnixTime);

function readUnixTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  const dot = start + EPOCH_DIGITS;
  if (afterDigits(bytes, start, end) !== dot || dot >= end || bytes[dot] !== DOT) return -1;
  const at = afterDigits(bytes, dot + 1, end);
  if (at !== dot + 1 + MICROSECOND_DIGITS) return -1;
  time.isFractional = true;
  return setUtcTime(time, Number(text(bytes, start, dot))) ? at : -1;
}

/** Reads `@4000000065f1b2a01dcd6500`, TAI64N. Returns the offset after it, or -1. */
export function readTai64n(
  bytes: Uint8Array,
  start: number,
  end: number,
  time: HeaderTime,
): number {
  const at = start + 1 + TAI64N_DIGITS;
  if (at > end || bytes[start] !== AT) return -1;
  const digits = text(bytes, start + 1, at);
  if (!HEXADECIMAL.test(digits)) return -1;
  const seconds = BigInt(`0x${digits.slice(0, 16)}`) - TAI_EPOCH;
  time.isFractional = true;
  return setUtcTime(time, Number(seconds)) ? at : -1;
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}
