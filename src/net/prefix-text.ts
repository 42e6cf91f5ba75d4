import { McblockError } from '../errors.ts';
import { FAMILY_BITS, type Family } from './address.ts';
import { formatAddress } from './address-text.ts';
import { copyAscii } from './ascii.ts';
import { type Prefix, prefixAround } from './prefix.ts';
import {
  emptyPrefixWords,
  MAX_PREFIX_TEXT_LENGTH,
  type PrefixFault,
  type PrefixWords,
  readPrefix,
} from './prefix-ascii.ts';

/**
 * The prefix that the whole text is, as pf people write them: `5.149.104/22`, `10/8`, `1.2.3.4`
 * (a /32), `2001:db8::/32`, `2001:db8::1` (a /128). IPv4-mapped IPv6 becomes IPv4. Throws
 * McblockError 'usage' with a message that says what is wrong and what to write.
 */
export function parsePrefix(text: string): Prefix {
  const length = copyAscii(text, TEXT);
  const fault = length < 0 ? 'malformed' : readPrefix(TEXT, 0, length, WORDS);
  if (fault !== undefined) throw new McblockError('usage', faultText(text, fault, WORDS));
  return prefixOf(WORDS);
}

/** The prefix as programs read it, always with its length: `5.149.104.0/22`. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix)}/${prefix.length}`;
}

/**
 * The prefix as people like it in a table, which parsePrefix reads again: `5.149.104/22`, `10/8`,
 * an IPv4 host without its length. IPv6 is as in RFC 5952, with its length.
 */
export function shortPrefix(prefix: Prefix): string {
  const { family, a, length } = prefix;
  if (family === 6) return formatPrefix(prefix);
  if (length === 32) return formatAddress(prefix);
  let text = `${a >>> 24}`;
  if (length > 8) text += `.${(a >>> 16) & 0xff}`;
  if (length > 16) text += `.${(a >>> 8) & 0xff}`;
  if (length > 24) text += `.${a & 0xff}`;
  return `${text}/${length}`;
}

/** A sentence that says what is wrong with the text; the words are those that readPrefix left. */
export function faultText(text: string, fault: PrefixFault, words: PrefixWords): string {
  return SENTENCES[fault](harmless(text), words);
}

const SENTENCES: Record<PrefixFault, (text: string, words: PrefixWords) => string> = {
  malformed: (text) =>
    `"${text}" is no prefix; write it like 5.149.104.0/22, 10/8, 1.2.3.4 or 2001:db8::/32`,
  short: (text) =>
    `${text} is a short form and needs its length, as in ${text}/${octetsOf(text) * 8}`,
  'leading zero': (text) =>
    `${text} has an octet with a leading zero, which others read as octal; write it without`,
  'octet over 255': (text) => `${text} has an octet over 255`,
  length: (text, words) =>
    `${text} has no valid length; after the slash stands a number from 0 to ${bitsOf(words)}`,
  'host bits': (text, words) =>
    `${text} has host bits set; did you mean ${formatPrefix(meantPrefix(words))}?`,
};

/** Text from outside is shown, but never as an escape sequence, and never without end. */
function harmless(text: string): string {
  const start = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return start.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}

function octetsOf(text: string): number {
  return text.split('.').length;
}

function bitsOf(words: PrefixWords): number {
  return FAMILY_BITS[familyOf(words)];
}

function meantPrefix(words: PrefixWords): Prefix {
  const read = prefixOf(words);
  return prefixAround(read, read.length);
}

function prefixOf(words: PrefixWords): Prefix {
  return {
    family: familyOf(words),
    a: words[0] ?? 0,
    b: words[1] ?? 0,
    c: words[2] ?? 0,
    d: words[3] ?? 0,
    length: words[4] ?? 0,
  };
}

function familyOf(words: PrefixWords): Family {
  return words[5] === 6 ? 6 : 4;
}

/** Room for one prefix, used again by each call. */
const TEXT = new Uint8Array(MAX_PREFIX_TEXT_LENGTH);
const WORDS = emptyPrefixWords();
