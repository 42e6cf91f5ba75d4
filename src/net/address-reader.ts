import type { Family } from './address.ts';
import { COLON, DOT, decimalDigit } from './ascii.ts';

/** The longest address there can be in text: eight groups, the last two written as IPv4. */
export const MAX_ADDRESS_TEXT_LENGTH = '0000:0000:0000:0000:0000:0000:255.255.255.255'.length;

/**
 * Reads bytes[start, end) as one address, from its first byte to its last, into words[0] to [3],
 * which are then as in an Address. Returns its family, or 0 if it is no address. IPv4 is four
 * decimal octets without leading zeros, as others read 010 as eight; IPv6 is as in RFC 4291, 2.2,
 * without a zone; IPv4-mapped IPv6 becomes IPv4.
 */
export function readAddress(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
): Family | 0 {
  if (!looksLike4(bytes, start, end)) {
    if (!readAddress6(bytes, start, end, words)) return 0;
    if (!isMapped(words)) return 6;
    words[0] = words[3] ?? 0;
  } else {
    const address = readAddress4(bytes, start, end);
    if (address < 0) return 0;
    words[0] = address;
  }
  words.fill(0, 1, 4);
  return 4;
}

/** Whether the words are those of an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2). */
export function isMapped(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}

/** The first character after the first digits tells the families apart. */
function looksLike4(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && decimalDigit(bytes[at] ?? 0) >= 0) at++;
  return at > start && at < end && bytes[at] === DOT;
}

/** Reads bytes[start, end) as an IPv4 address: an unsigned 32-bit number, or -1 if it is none. */
export function readAddress4(bytes: Uint8Array, start: number, end: number): number {
  let address = 0;
  let octet = -1;
  let dots = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    const digit = decimalDigit(byte);
    if (digit >= 0) {
      if (octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    } else {
      if (byte !== DOT || octet < 0 || dots === 3) return -1;
      address = (address << 8) | octet;
      octet = -1;
      dots++;
    }
  }
  return dots === 3 && octet >= 0 ? ((address << 8) | octet) >>> 0 : -1;
}

/**
 * Reads bytes[start, end) as an IPv6 address into words[0] to [3]; IPv4-mapped stays as it is.
 * Returns whether it is one.
 */
export function readAddress6(
  bytes: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
): boolean {
  let at = start;
  let count = 0;
  let gap = -1;
  if (end - start >= 2 && bytes[at] === COLON && bytes[at + 1] === COLON) {
    gap = 0;
    at += 2;
  }
  while (at < end) {
    if (count === 8) return false;
    const groupStart = at;
    let group = 0;
    for (; at < end; at++) {
      const digit = HEX_DIGITS[bytes[at] ?? 0] ?? -1;
      if (digit < 0) break;
      group = (group << 4) | digit;
    }
    if (at === groupStart || at - groupStart > 4) return false;
    if (at < end && bytes[at] === DOT) {
      const tail = readAddress4(bytes, groupStart, end);
      if (tail < 0 || count > 6) return false;
      GROUPS[count++] = tail >>> 16;
      GROUPS[count++] = tail & 0xffff;
      break;
    }
    GROUPS[count++] = group;
    if (at === end) break;
    // A colon, and then another group or the one gap.
    if (bytes[at] !== COLON || ++at === end) return false;
    if (bytes[at] === COLON) {
      if (gap >= 0) return false;
      gap = count;
      at++;
    }
  }
  // The gap stands for one group at least.
  if (gap < 0 ? count !== 8 : count > 7) return false;
  spreadGroups(count, gap, words);
  return true;
}

/** The groups of the address that is being read, in the order in which they are written. */
const GROUPS = new Uint16Array(8);

/** Groups before the gap go to the left, those after it to the right. */
function spreadGroups(count: number, gap: number, words: Uint32Array): void {
  words.fill(0, 0, 4);
  for (let index = 0; index < count; index++) {
    const place = gap < 0 || index < gap ? index : index + 8 - count;
    const word = place >>> 1;
    words[word] = (words[word] ?? 0) | ((GROUPS[index] ?? 0) << (place & 1 ? 0 : 16));
  }
}

const HEX_DIGITS = hexDigits();

/** The value of each byte as a hexadecimal digit, -1 if it is none. */
function hexDigits(): Int8Array {
  const values = new Int8Array(256).fill(-1);
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16);
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return values;
}
