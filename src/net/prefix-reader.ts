import { DOT, decimalDigit, NEWLINE, SLASH } from './ascii.ts';
import { wordMask } from './prefix.ts';
import { emptyPrefixWords, type PrefixWords, readPrefix } from './prefix-ascii.ts';
import { PrefixList } from './prefix-list.ts';
import { faultText } from './prefix-text.ts';

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

/**
 * Reads a text of prefixes, one per line, as parsePrefix does. Empty lines, comments after `#` or `;`,
 * and blanks at both ends of a line are ignored.
 */
export function readPrefixes(bytes: Uint8Array): PrefixesRead {
  const list = new PrefixList();
  const bad: BadLine[] = [];
  let badCount = 0;
  const words = emptyPrefixWords();
  for (let at = 0, line = 1; at < bytes.length; line++) {
    const next = readCanonical4(bytes, at, list);
    if (next >= 0) {
      at = next;
      continue;
    }
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline < 0 ? bytes.length : newline;
    const problem = readLine(bytes, at, end, words, list);
    if (problem !== undefined && badCount++ < BAD_LINES_KEPT) {
      bad.push({ line, text: textOf(bytes, at, end), problem });
    }
    at = end + 1;
  }
  return { list, bad, badCount };
}

/**
 * Reads the usual line in one pass: an IPv4 prefix or address and a newline. Returns the start of the
 * next line, or -1 for any other line.
 */
function readCanonical4(bytes: Uint8Array, start: number, list: PrefixList): number {
  let at = start;
  let network = 0;
  let after = DOT;
  for (let octets = 0; octets < 4; octets++) {
    if (after !== DOT) return -1;
    let octet = decimalDigit(bytes[at++] ?? 0);
    if (octet < 0) return -1;
    after = bytes[at++] ?? 0;
    // At most two more digits, and none after a zero.
    for (let more = 0; more < 2 && octet > 0; more++) {
      const digit = decimalDigit(after);
      if (digit < 0) break;
      octet = octet * 10 + digit;
      after = bytes[at++] ?? 0;
    }
    if (octet > 255) return -1;
    network = (network << 8) | octet;
  }
  let length = 32;
  if (after === SLASH) {
    length = decimalDigit(bytes[at++] ?? 0);
    if (length < 0) return -1;
    after = bytes[at++] ?? 0;
    const digit = decimalDigit(after);
    if (digit >= 0 && length > 0) {
      length = length * 10 + digit;
      after = bytes[at++] ?? 0;
    }
  }
  if (after !== NEWLINE || length > 32 || (network & ~wordMask(length, 0)) !== 0) return -1;
  list.push4(network, length);
  return at;
}

/** Reads the line bytes[start, end) into the list. Returns what is wrong with it, or undefined. */
function readLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: PrefixWords,
  list: PrefixList,
): string | undefined {
  let first = start;
  let last = first;
  while (last < end && bytes[last] !== 0x23 && bytes[last] !== 0x3b) last++;
  while (first < last && isBlank(bytes[first])) first++;
  while (last > first && isBlank(bytes[last - 1])) last--;
  if (first === last) return undefined;
  const fault = readPrefix(bytes, first, last, words);
  if (fault !== undefined) return faultText(textOf(bytes, first, last), fault, words);
  const [a = 0, b = 0, c = 0, d = 0, length = 0, family] = words;
  if (family === 4) list.push4(a, length);
  else list.push6(a, b, c, d, length);
  return undefined;
}

/** A space, a tab or a carriage return. */
function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, Math.min(end, start + BAD_LINE_BYTES))).toString();
}
