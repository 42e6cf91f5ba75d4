import { FAMILY_BITS, type Family } from './address.ts';
import { isMapped, MAX_ADDRESS_TEXT_LENGTH, readAddress4, readAddress6 } from './address-reader.ts';
import { writeAddress4, writeAddress6, writeDecimal } from './address-writer.ts';
import { COLON, DOT, decimalDigit, SLASH } from './ascii.ts';
import { wordMask } from './prefix.ts';

/** The longest prefix there can be in text. */
export const MAX_PREFIX_TEXT_LENGTH = MAX_ADDRESS_TEXT_LENGTH + '/128'.length;

/** Faults in the text of a prefix. */
export type PrefixFault =
  | 'malformed'
  /** Fewer than four octets and no length. */
  | 'short'
  | 'leading zero'
  | 'octet over 255'
  /** The length is not a decimal number without leading zeros, or too large. */
  | 'length'
  /** Bits beyond the length are set; the words have the whole address and the length. */
  | 'host bits';

/**
 * One prefix: words[0] to [3] as in a Prefix, [4] its length, [5] its family. One array is reused for
 * all prefixes.
 */
export type PrefixWords = Uint32Array;

export function emptyPrefixWords(): PrefixWords {
  return new Uint32Array(6);
}

/**
 * Reads bytes[start, end) as one prefix, from its first byte to its last, as pf people write them:
 * `5.149.104/22`, `10/8`, `1.2.3.4` (a /32), `2001:db8::/32`, `2001:db8::1` (a /128). Returns what
 * is wrong, or undefined. IPv4-mapped IPv6 of 96 bits and more becomes IPv4. After a fault the
 * family stands in the words, and after 'host bits' all that was read.
 */
export function readPrefix(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: PrefixWords,
): PrefixFault | undefined {
  let slash = start;
  let isIpv6 = false;
  for (; slash < end && bytes[slash] !== SLASH; slash++) {
    if (bytes[slash] === COLON) isIpv6 = true;
  }
  words[5] = isIpv6 ? 6 : 4;
  return isIpv6
    ? readPrefix6(bytes, start, slash, end, words)
    : readPrefix4(bytes, start, slash, end, words);
}

function readPrefix4(
  bytes: Uint8Array,
  start: number,
  slash: number,
  end: number,
  words: PrefixWords,
): PrefixFault | undefined {
  const address = readAddress4(bytes, start, slash);
  if (address < 0) {
    const fault = readShort4(bytes, start, slash, words);
    if (fault !== undefined) return fault;
    if (slash === end) return 'short';
  } else {
    words[0] = address;
  }
  words.fill(0, 1, 4);
  return readLength(bytes, slash, end, 4, words) ?? faultOfBits(words);
}

/** One to four octets; what is not written is zero. Called where there are no four right ones. */
function readShort4(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: PrefixWords,
): PrefixFault | undefined {
  let network = 0;
  let octets = 0;
  let fault: PrefixFault | undefined;
  for (let at = start; ; at++) {
    const octetStart = at;
    let octet = 0;
    for (; at < end && bytes[at] !== DOT; at++) {
      const digit = decimalDigit(bytes[at] ?? 0);
      if (digit < 0) return 'malformed';
      octet = Math.min(octet * 10 + digit, 1000);
    }
    if (at === octetStart || ++octets > 4) return 'malformed';
    if (octet > 255) fault ??= 'octet over 255';
    if (bytes[octetStart] === 0x30 && at - octetStart > 1) fault ??= 'leading zero';
    network |= octet << (32 - octets * 8);
    if (at === end) break;
  }
  words[0] = network;
  return fault;
}

function readPrefix6(
  bytes: Uint8Array,
  start: number,
  slash: number,
  end: number,
  words: PrefixWords,
): PrefixFault | undefined {
  if (!readAddress6(bytes, start, slash, words)) return 'malformed';
  const fault = readLength(bytes, slash, end, 6, words);
  if (fault !== undefined) return fault;
  const length = words[4] ?? 0;
  if (length >= 96 && isMapped(words)) {
    words[0] = words[3] ?? 0;
    words.fill(0, 1, 4);
    words[4] = length - 96;
    words[5] = 4;
  }
  return faultOfBits(words);
}

/** Reads the length from the slash on, into words[4]; without a slash it is a host's. */
function readLength(
  bytes: Uint8Array,
  slash: number,
  end: number,
  family: Family,
  words: PrefixWords,
): PrefixFault | undefined {
  if (slash === end) {
    words[4] = FAMILY_BITS[family];
    return undefined;
  }
  let length = 0;
  for (let at = slash + 1; at < end; at++) {
    const digit = decimalDigit(bytes[at] ?? 0);
    if (digit < 0) return 'length';
    length = Math.min(length * 10 + digit, 1000);
  }
  const digits = end - slash - 1;
  if (digits === 0 || (digits > 1 && bytes[slash + 1] === 0x30)) return 'length';
  words[4] = length;
  return length > FAMILY_BITS[family] ? 'length' : undefined;
}

/** An IPv4 address is the first word alone, so that the same holds for both families. */
function faultOfBits(words: PrefixWords): 'host bits' | undefined {
  const length = words[4] ?? 0;
  for (let word = 0; word < 4; word++) {
    if (((words[word] ?? 0) & ~wordMask(length, word)) !== 0) return 'host bits';
  }
  return undefined;
}

/** Writes an IPv4 prefix with its length from `at` on, 18 bytes at most. Returns where it ends. */
export function writePrefix4(bytes: Uint8Array, at: number, a: number, length: number): number {
  return writeLength(bytes, writeAddress4(bytes, at, a), length);
}

/** Writes an IPv6 prefix with its length from `at` on, 43 bytes at most. Returns where it ends. */
export function writePrefix6(
  bytes: Uint8Array,
  at: number,
  a: number,
  b: number,
  c: number,
  d: number,
  length: number,
): number {
  return writeLength(bytes, writeAddress6(bytes, at, a, b, c, d), length);
}

function writeLength(bytes: Uint8Array, at: number, length: number): number {
  bytes[at] = SLASH;
  return writeDecimal(bytes, at + 1, length);
}
