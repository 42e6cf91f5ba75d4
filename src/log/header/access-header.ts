import { setLocalTime } from '../time/date.ts';
import { fourDigits, monthAt, twoDigits } from './digits.ts';
import { type Header, setMessage } from './header.ts';
import { readZone, secondOfDay } from './time-parts.ts';

const SPACE = 0x20;
const QUOTE = 0x22;
const SLASH = 0x2f;
const COLON = 0x3a;
const BRACKET = 0x5b;
const CLOSING = 0x5d;
/** `[22/Nov/2026:10:00:00 +0100` */
const ACCESS_TIME_BYTES = 27;

/**
 * `192.0.2.7 - me [22/Nov/2026:10:00:00 +0100] "GET …`: the whole line is the message. The client
 * chooses text before the time (the user) and after it. As servers escape quotes in a user, the first
 * unescaped quote opens the request, and the time precedes it.
 */
export function readAccessHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): boolean {
  for (let quote = start + ACCESS_TIME_BYTES + 2; quote < end; quote++) {
    if (bytes[quote] !== QUOTE || bytes[quote - 1] !== SPACE || bytes[quote - 2] !== CLOSING) {
      continue;
    }
    const time = quote - 2 - ACCESS_TIME_BYTES;
    return readAccessTime(bytes, time, quote - 2, header) && setMessage(header, start);
  }
  return false;
}

/** `[22/Nov/2026:10:00:00 +0100` */
function readAccessTime(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const at = start + 1;
  if (bytes[start] !== BRACKET || bytes[at + 2] !== SLASH || bytes[at + 6] !== SLASH) return false;
  if (bytes[at + 11] !== COLON || bytes[at + 20] !== SPACE) return false;
  const day = twoDigits(bytes, at);
  const second = secondOfDay(bytes, at + 12, end);
  const year = fourDigits(bytes, at + 7);
  return (
    setLocalTime(header, year, monthAt(bytes, at + 3), day, second) &&
    readZone(bytes, at + 21, end, header) === end
  );
}
