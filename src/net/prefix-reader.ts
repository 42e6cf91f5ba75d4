import { wordMask } from './prefix.ts';
import { PrefixList } from './prefix-list.ts';
import { readPrefix } from './prefix-text.ts';

/** A line that is not a prefix. */
interface BadLine {
  /** From 1. */
  readonly line: number;
  /** The start of the line, unchanged. */
  readonly text: string;
  /** A sentence that says what is wrong. */
  readonly problem: string;
}

export interface PrefixesRead {
  readonly list: PrefixList;
  /** The first bad lines. */
  readonly bad: readonly BadLine[];
  readonly badCount: number;
}

const BAD_LINES_KEPT = 100;
const BAD_LINE_BYTES = 200;
const ZERO = 0x30;
const DOT = 0x2e;
const SLASH = 0x2f;
const NEWLINE = 0x0a;

/**
 * Reads a text of prefixes, one per line, as parsePrefix does. Empty lines, comments after `#` or `;`,
 * and blanks at both ends of a line are ignored.
 */
export function readPrefixes(bytes: Uint8Array): PrefixesRead {
  const list = new PrefixList();
  const bad: BadLine[] = [];
  let badCount = 0;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0, line = 1; at < buffer.length; line++) {
    const next = readPlain4(buffer, at, list);
    if (next !== undefined) {
      at = next;
      continue;
    }
    const newline = buffer.indexOf(NEWLINE, at);
    const end = newline < 0 ? buffer.length : newline;
    const text = buffer
      .toString('utf8', at, end)
      .replace(/[#;].*$/s, '')
      .trim();
    const read = text === '' ? undefined : readPrefix(text);
    if (typeof read === 'object') list.push(read);
    else if (read !== undefined && badCount++ < BAD_LINES_KEPT) {
      const start = buffer.toString('utf8', at, Math.min(end, at + BAD_LINE_BYTES));
      bad.push({ line, text: start, problem: read });
    }
    at = end + 1;
  }
  return { list, bad, badCount };
}

/**
 * Reads the usual line of a large list: an IPv4 prefix or address and a newline. A text for each would
 * take five times as long. Returns the start of the next line; undefined for any other line.
 */
function readPlain4(bytes: Uint8Array, start: number, list: PrefixList): number | undefined {
  let [network, number, count] = [0, -1, 0];
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (number === 0) return undefined;
      number = number < 0 ? digit : number * 10 + digit;
      if (number > 255) return undefined;
      continue;
    }
    if (number < 0) return undefined;
    const length = count === 4 ? number : 32;
    if (count < 4) network = (network << 8) | number;
    count++;
    if (byte === NEWLINE) {
      const isWhole = count >= 4 && length <= 32 && (network & ~wordMask(length, 0)) === 0;
      if (isWhole) list.runs[4].push(network, 0, 0, 0, length);
      return isWhole ? at + 1 : undefined;
    }
    if (count > 4 || byte !== (count === 4 ? SLASH : DOT)) return undefined;
    number = -1;
  }
  return undefined;
}
