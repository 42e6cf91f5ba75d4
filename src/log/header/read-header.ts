import { readBsdHeader } from './bsd-header.ts';
import { readUnixHeader } from './epoch-time.ts';
import type { Header } from './header.ts';
import { readIsoHeader } from './iso-header.ts';
import { readJournalHeader, readLooseHeader } from './loose-header.ts';
import { isSelector } from './program-part.ts';
import { readRfc5424Header, readVersionlessFields } from './rfc5424-header.ts';
import { readRouterHeader } from './router-header.ts';
import { readSocklogHeader } from './socklog-header.ts';

const LESS = 0x3c;
const AT = 0x40;
const LETTER_A = 0x41;

/**
 * Reads the header of a line that a syslogd wrote, in any format. The first byte of the line tells
 * which formats are tried.
 */
export function readHeader(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  const first = bytes[start] ?? 0;
  if (first >= LETTER_A) {
    return (
      readBsdHeader(bytes, start, end, header) ||
      readRouterHeader(bytes, start, end, header) ||
      readLooseHeader(bytes, start, end, header) ||
      readJournalHeader(bytes, start, end, header) ||
      readSocklogHeader(bytes, start, end, header)
    );
  }
  if (first === AT) return readSocklogHeader(bytes, start, end, header);
  return (
    (first === LESS &&
      (readBsdHeader(bytes, start, end, header) || readLooseHeader(bytes, start, end, header))) ||
    readDatedHeader(bytes, start, end, header) ||
    readRfc5424Header(bytes, start, end, header) ||
    readUnixHeader(bytes, start, end, header)
  );
}

/** A time as in ISO 8601, and what follows it in any of three forms. */
function readDatedHeader(bytes: Uint8Array, start: number, end: number, header: Header): boolean {
  if (!readIsoHeader(bytes, start, end, header)) return false;
  const { hostStart, hostEnd, programStart, programEnd } = header;
  if (programStart < 0) {
    if (header.dating === 'zoned') readVersionlessFields(bytes, hostStart, end, header);
  } else if (hostEnd === hostStart && isSelector(bytes, programStart, programEnd)) {
    return readSocklogHeader(bytes, start, end, header);
  }
  return true;
}
