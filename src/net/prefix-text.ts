import { McblockError } from '../errors.ts';
import { FAMILY_BITS, type Family, isMapped } from './address.ts';
import { formatAddress, parseWord4, parseWords6 } from './address-text.ts';
import { isNetwork, type Prefix, prefixAround } from './prefix.ts';

/**
 * The prefix that the whole text is, as pf people write them: `5.149.104/22`, `10/8`, `1.2.3.4`
 * (a /32), `2001:db8::/32`, `2001:db8::1` (a /128). IPv4-mapped IPv6 of 96 bits or more becomes
 * IPv4. Throws McblockError('usage') with a message that says what is wrong and what to write.
 */
export function parsePrefix(text: string): Prefix {
  return prefixOrThrow(readPrefix(text));
}

/** The same, but host bits that are set are cleared. Throws McblockError('usage'). */
export function parseMasked(text: string): Prefix {
  return prefixOrThrow(readPrefix(text, true));
}

function prefixOrThrow(read: Prefix | string): Prefix {
  if (typeof read === 'string') throw new McblockError('usage', read);
  return read;
}

/**
 * The prefix, or a sentence that says what is wrong.
 * @param masks clear host bits
 */
export function readPrefix(text: string, masks = false): Prefix | string {
  const slash = text.indexOf('/');
  const network = slash < 0 ? text : text.slice(0, slash);
  const digits = slash < 0 ? undefined : text.slice(slash + 1);
  return network.includes(':')
    ? readPrefix6(text, network, digits, masks)
    : readPrefix4(text, network, digits, masks);
}

function readPrefix4(
  text: string,
  network: string,
  digits: string | undefined,
  masks: boolean,
): Prefix | string {
  let a = parseWord4(network);
  if (a === undefined) {
    const octets = network.split('.');
    const fault = faultOfOctets(octets);
    if (fault === 'malformed') return malformed(text);
    if (fault !== undefined) return `${harmless(text)} has an octet ${fault}`;
    if (digits === undefined) {
      return `${text} is a short form and needs its length, as in ${text}/${octets.length * 8}`;
    }
    a = octets.reduce((word, octet, index) => word | (Number(octet) << (24 - index * 8)), 0) >>> 0;
  }
  const length = readLength(digits, 4);
  if (length === undefined) return badLength(text, 4);
  return withoutHostBits(text, { family: 4, a, b: 0, c: 0, d: 0, length }, masks);
}

function readPrefix6(
  text: string,
  network: string,
  digits: string | undefined,
  masks: boolean,
): Prefix | string {
  const words = parseWords6(network);
  if (words === undefined) return malformed(text);
  const length = readLength(digits, 6);
  if (length === undefined) return badLength(text, 6);
  const [a, b, c, d] = words;
  const prefix: Prefix =
    length >= 96 && isMapped(a, b, c)
      ? { family: 4, a: d, b: 0, c: 0, d: 0, length: length - 96 }
      : { family: 6, a, b, c, d, length };
  return withoutHostBits(text, prefix, masks);
}

/** What is wrong with one to four octets; what is not written is zero. */
function faultOfOctets(octets: readonly string[]): string | undefined {
  if (octets.length > 4 || !octets.every((octet) => /^\d+$/.test(octet))) return 'malformed';
  if (octets.some((octet) => Number(octet) > 255)) return 'over 255';
  return octets.some((octet) => /^0\d/.test(octet))
    ? 'with a leading zero, which others read as octal; write it without'
    : undefined;
}

const LENGTHS = Array.from({ length: 129 }, (_, length) => String(length));

/** Without a length it is a host's. Undefined for what is no valid length. */
function readLength(digits: string | undefined, family: Family): number | undefined {
  if (digits === undefined) return FAMILY_BITS[family];
  const length = Number(digits);
  // Not 08, 8.0 or 0x8.
  return length >= 0 && length <= FAMILY_BITS[family] && LENGTHS[length] === digits
    ? length
    : undefined;
}

function withoutHostBits(text: string, prefix: Prefix, masks: boolean): Prefix | string {
  if (isNetwork(prefix)) return prefix;
  const meant = prefixAround(prefix, prefix.length);
  if (masks) return meant;
  return `${text} has host bits set; did you mean ${formatPrefix(meant)}?`;
}

function malformed(text: string): string {
  return `"${harmless(text)}" is no prefix; write it like 5.149.104.0/22, 10/8, 1.2.3.4 or 2001:db8::/32`;
}

function badLength(text: string, family: Family): string {
  return `${harmless(text)} has no valid length; after the slash, use a number from 0 to ${FAMILY_BITS[family]}`;
}

/** Text from outside is shown, but never as an escape sequence, and never without end. */
function harmless(text: string): string {
  const start = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return start.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
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
