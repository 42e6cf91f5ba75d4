import { readBsdHeader } from './bsd-header.ts';
import { readIsoHeader } from './iso-header.ts';
import { readJournalHeader, readLooseHeader } from './loose-header.ts';
import { readRfc5424Header } from './rfc5424-header.ts';
import { readRouterHeader } from './router-header.ts';

/**
 * How much of its time a line names: nothing (RFC 5424's `-`), all but the year, all but the zone,
 * or all.
 */
type Dating = 'untimed' | 'yearless' | 'local' | 'zoned';

/** The time of a line, as far as the line names it. */
export interface HeaderTime {
  dating: Dating;
  /** 1970 to 2105; only where the dating is `local` or `zoned`. */
  year: number;
  /** 0 for January. */
  month: number;
  /** 1 to 31. */
  day: number;
  /** Seconds since midnight, there where the line was written. */
  second: number;
  /** East of UTC; only where the dating is `zoned`. */
  offsetSeconds: number;
}

/**
 * What stands before the message of a log line, as places in its bytes. One object is filled again
 * for each line, so that a million lines make no garbage.
 */
export interface Header extends HeaderTime {
  /** The same twice where the line names no host. */
  hostStart: number;
  hostEnd: number;
  /** -1 where the line names no program; then the message is all after the host. */
  programStart: number;
  programEnd: number;
  /** -1 where there is none. */
  pid: number;
  messageStart: number;
}

/**
 * Fills `header` from the line bytes[start, end). False: this is not such a line, and the header
 * says nothing.
 */
export type HeaderReader = (
  bytes: Uint8Array,
  start: number,
  end: number,
  header: Header,
) => boolean;

const LESS = 0x3c;
const LETTER_A = 0x41;

/**
 * The header of a line that a syslogd wrote, in any style. Its first byte leaves few of them, so
 * that none is tried in vain.
 */
export function readHeader(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const first = bytes[start] ?? 0;
  if (first >= LETTER_A) {
    return (
      readBsdHeader(bytes, start, end, header) ||
      readRouterHeader(bytes, start, end, header) ||
      readLooseHeader(bytes, start, end, header) ||
      readJournalHeader(bytes, start, end, header)
    );
  }
  return (
    (first === LESS &&
      (readBsdHeader(bytes, start, end, header) || readLooseHeader(bytes, start, end, header))) ||
    readIsoHeader(bytes, start, end, header) ||
    readRfc5424Header(bytes, start, end, header)
  );
}

export function emptyHeader(): Header {
  return {
    dating: 'untimed',
    year: 0,
    month: 0,
    day: 1,
    second: 0,
    offsetSeconds: 0,
    hostStart: 0,
    hostEnd: 0,
    programStart: -1,
    programEnd: -1,
    pid: -1,
    messageStart: 0,
  };
}
