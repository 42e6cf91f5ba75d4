import { readBsdHeader } from './bsd-header.ts';
import type { Header } from './header.ts';
import { readIsoHeader } from './iso-header.ts';
import { readJournalHeader, readLooseHeader } from './loose-header.ts';
import { readRfc5424Header } from './rfc5424-header.ts';
import { readRouterHeader } from './router-header.ts';

const LESS = 0x3c;
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
