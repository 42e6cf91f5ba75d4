import { type Address, addressOf } from './address.ts';

/** The longest address as text: eight groups, the last two written as IPv4. */
const MAX_ADDRESS_LENGTH = '0000:0000:0000:0000:0000:0000:255.255.255.255'.length;
const ZERO = 0x30;
/** Less ZERO, as a digit. */
const DOT = 0x2e - ZERO;
const GROUP = /^[\da-f]{1,4}$/i;

/**
 * The address that the whole text is; undefined if it is none. IPv4 is four decimal octets without
 * leading zeros; IPv6 is as in RFC 4291, 2.2, without a zone; IPv4-mapped IPv6 becomes IPv4.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.includes(':')) {
    const words = parseWords6(text);
    return words && addressOf(6, ...words);
  }
  const word = parseWord4(text);
  return word === undefined ? undefined : addressOf(4, word);
}

/** An IPv4 address as an unsigned 32-bit number. */
export function parseWord4(text: string): number | undefined {
  let word = 0;
  let octet = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit >= 0 && digit <= 9) {
      // Others read 010 as eight.
      if (octet === 0) return undefined;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return undefined;
    } else {
      if (digit !== DOT || octet < 0 || ++dots > 3) return undefined;
      word = (word << 8) | octet;
      octet = -1;
    }
  }
  return dots === 3 && octet >= 0 ? ((word << 8) | octet) >>> 0 : undefined;
}

/** The four words of an IPv6 address; IPv4-mapped stays as it is. */
export function parseWords6(
  text: string,
): readonly [a: number, b: number, c: number, d: number] | undefined {
  if (text.length > MAX_ADDRESS_LENGTH) return undefined;
  const gap = text.indexOf('::');
  const left = groupsOf(gap < 0 ? text : text.slice(0, gap), gap < 0);
  const right = groupsOf(gap < 0 ? '' : text.slice(gap + 2), true);
  const count = left.length + right.length;
  // The gap stands for one group at least.
  if (left.includes(-1) || right.includes(-1) || (gap < 0 ? count !== 8 : count > 7)) {
    return undefined;
  }
  const word = (index: number) => ((group(index) << 16) | group(index + 1)) >>> 0;
  const group = (index: number) => left[index] ?? right[index - 8 + right.length] ?? 0;
  return [word(0), word(2), word(4), word(6)];
}

/** The groups of a part of an address; -1 for an invalid one. The last may be IPv4 at the end. */
function groupsOf(text: string, isEnd: boolean): number[] {
  const groups: number[] = [];
  const parts = text === '' ? [] : text.split(':');
  for (const [index, part] of parts.entries()) {
    if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const word = isEnd && index === parts.length - 1 ? parseWord4(part) : undefined;
      if (word === undefined) return [-1];
      groups.push(word >>> 16, word & 0xffff);
    }
  }
  return groups;
}

/** The only text of the address: IPv4 as four decimal octets, IPv6 as in RFC 5952. */
export function formatAddress({ family, a, b, c, d }: Address): string {
  return family === 4 ? format4(a) : format6([a, b, c, d]);
}

function format4(a: number): string {
  const [first, second, third] = [a >>> 24, (a >>> 16) & 0xff, (a >>> 8) & 0xff];
  return `${DOTTED[first]}${DOTTED[second]}${DOTTED[third]}${a & 0xff}`;
}

/** Octets with a dot: a look-up is quicker than a conversion, and a list needs millions. */
const DOTTED = Array.from({ length: 256 }, (_, octet) => `${octet}.`);

function format6(words: readonly number[]): string {
  const groups: number[] = [];
  for (const word of words) groups.push(word >>> 16, word & 0xffff);
  // The longest run of at least two zeros, the left one of equals.
  let [start, size] = [8, 1];
  for (let index = 0, zeros = 0; index < 8; index++) {
    zeros = groups[index] === 0 ? zeros + 1 : 0;
    if (zeros > size) [start, size] = [index + 1 - zeros, zeros];
  }
  let text = '';
  for (const [index, group] of groups.entries()) {
    if (index === start) text += '::';
    if (index >= start && index < start + size) continue;
    if (index > 0 && index !== start + size) text += ':';
    text += group.toString(16);
  }
  return text;
}
