import { readMonthTime } from './ctime.ts';
import { readTai64n } from './epoch-time.ts';
import { emptyHeader, type Header, type HeaderTime } from './header.ts';
import { readIsoTime } from './iso-header.ts';
import { afterSpaces, afterWord, isSelector, readHostAndProgram } from './program-part.ts';

const SPACE = 0x20;
const COLON = 0x3a;

/** The time that socklog itself writes; that of svlogd has a year. */
const second: HeaderTime = emptyHeader();

/**
 * `2026-11-22T10:00:00.12345 auth.info: Nov 22 11:00:00 program[pid]: message`, as svlogd and multilog
 * write what socklog hands them. The first time is in UTC (svlogd(8)) and may be TAI64N; either time
 * may be missing. After TAI64N the selector may be missing too.
 */
export function readSocklogHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
): boolean {
  const label = readTai64n(bytes, start, end, header);
  const stamp = label < 0 ? readUtcTime(bytes, start, end, header) : label;
  if (stamp >= 0 && (stamp >= end || bytes[stamp] !== SPACE)) return false;
  const word = stamp < 0 ? start : afterSpaces(bytes, stamp, end);
  const wordEnd = afterWord(bytes, word, end);
  const isSocklog = bytes[wordEnd - 1] === COLON && isSelector(bytes, word, wordEnd - 1);
  if (!isSocklog && label < 0) return false;
  const rest = isSocklog ? afterSpaces(bytes, wordEnd, end) : word;
  const time = readMonthTime(bytes, rest, end, stamp < 0 ? header : second);
  if (time < 0 && stamp < 0) return false;
  readHostAndProgram(bytes, time < 0 ? rest : time, end, header);
  return true;
}

/** `2026-11-22T10:00:00.12345` or, with `-tt`, an underscore for the T. */
function readUtcTime(bytes: Uint8Array, start: number, end: number, time: HeaderTime): number {
  const at = readIsoTime(bytes, start, end, time);
  if (at < 0 || time.dating === 'zoned') return at;
  time.dating = 'zoned';
  time.offsetSeconds = 0;
  return at;
}
