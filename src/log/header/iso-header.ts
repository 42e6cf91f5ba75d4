import { setLocalTime } from '../time/date.ts';
import { fourDigits, twoDigits } from './digits.ts';
import type { HeaderReader, HeaderTime } from './header.ts';
import { headerWithTime } from './program-part.ts';
import { afterFraction, readZone, secondOfDay } from './time-parts.ts';

const SPACE = 0x20;
const MINUS = 0x2d;
const LETTER_T = 0x54;
const UNDERSCORE = 0x5f;

/**
 * `2026-11-22T10:00:00.123456+01:00 host program[pid]: message`, as rsyslog writes it by default and
 * journalctl with `-o short-iso`. The T may be a space; zone, fraction and host may be missing.
 */
export const readIsoHeader: HeaderReader = headerWithTime(readIsoTime);

/**
 * Reads `2026-11-22T10:00:00`, or a space or an underscore for the T, with fraction and zone if they follow directly.
 * Returns the offset after it, or -1.
 */
export function readIsoTime(
  bytes: Uint8Array,
  start: number,
  end: number,
  time: HeaderTime,
): number {
  if (end - start < 19) return -1;
  if (bytes[start + 4] !== MINUS || bytes[start + 7] !== MINUS) return -1;
  const divider = bytes[start + 10];
  if (divider !== LETTER_T && divider !== SPACE && divider !== UNDERSCORE) return -1;
  const year = fourDigits(bytes, start);
  const month = twoDigits(bytes, start + 5) - 1;
  const day = twoDigits(bytes, start + 8);
  const second = secondOfDay(bytes, start + 11, end);
  if (!setLocalTime(time, year, month, day, second)) return -1;
  return readZone(bytes, afterFraction(bytes, start + 19, end, time), end, time);
}
