/**
 * What compiled scanners call. Nothing here makes garbage: an address is left in `words`, a place
 * in the line is a number, and -1 means that there is no such thing at that place.
 */

/** The four words of the address found last, signed, and its family; for IPv4 only the first. */
export const words = new Int32Array(5);

/** Steps that one line may take: places tried, and 64 bytes each that are looked through. */
export const STEP_LIMIT = 10_000;

/**
 * From this length on a line may have been cut: sshd writes 1,023 bytes of a message, dropbear,
 * musl's syslog() and many a syslogd 1,024 with what stands before it, nginx 2,048.
 */
export const LONG_LINE = 900;

const groups = new Int32Array(8);
const LONGEST_ADDRESS = 45;
const LONGEST_ZONE = 15;
/** RFC 1035, 2.3.4. */
const LONGEST_NAME = 255;
const LONGEST_INT = 20;
const LONGEST_PORT = 5;

// These functions run for every byte of every address: bytes are written as numbers, `>>> 0` makes
// one comparison of a range, and `| 0` and `imul` spare tests for overflow that cannot happen.

/**
 * The end of the address that begins at `start`, which is then in `words`. It must be a whole one:
 * what follows it may be no letter, digit, `.`, `-` or `_`.
 */
export function addressAt(bytes: Uint8Array, start: number, end: number): number {
  const ipv4End = dottedAt(bytes, start, end);
  if (ipv4End >= 0 && endsAddress(bytes, ipv4End, end)) {
    words[4] = 4;
    return ipv4End;
  }
  return ipv6At(bytes, start, end);
}

/**
 * The end of the address and port that begin at `start`; the address is then in `words`. Written
 * are 192.0.2.7:22, [2001:db8::7]:22 and, by services that put the same after both families,
 * 2001:db8::7:22. There the last group is the port, as a service that writes one always does.
 * What follows may be no letter, digit, `.`, `-` or `_`.
 */
export function endpointAt(bytes: Uint8Array, start: number, end: number): number {
  const isOpen = start < end && bytes[start] === 0x5b;
  const at = isOpen ? addressAt(bytes, (start + 1) | 0, end) : dottedAt(bytes, start, end);
  if (at < 0) return isOpen ? -1 : bareEndpointAt(bytes, start, end);
  if (!isOpen) words[4] = 4;
  else if (at >= end || bytes[at] !== 0x5d) return -1;
  const colon = isOpen ? (at + 1) | 0 : at;
  if (colon >= end || bytes[colon] !== 0x3a) return -1;
  const portEnds = portEnd(bytes, (colon + 1) | 0, end);
  return portEnds >= 0 && endsAddress(bytes, portEnds, end) ? portEnds : -1;
}

/**
 * The end of the name at `start`, where the name of a host, or a word for one that is not known,
 * stands in the place of an address; nothing at all is one too. -1 where it is longer than names are.
 */
export function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  while (p < end && inHostName(bytes[p] as number)) {
    if (p - start === LONGEST_NAME) return -1;
    p++;
  }
  // A sign alone says that nothing is told (`-`).
  return p - start === 1 && isSign(bytes[start] as number) ? -1 : p;
}

/** The same with the colon that follows it (`unix:`), -1 where none does. */
export function pastColon(bytes: Uint8Array, start: number, end: number): number {
  return start < end && bytes[start] === 0x3a ? start + 1 : -1;
}

/** The same where a port follows it, in brackets or without. */
export function nameAndPortEnd(bytes: Uint8Array, start: number, end: number): number {
  const isOpen = start < end && bytes[start] === 0x5b;
  let p = nameEnd(bytes, isOpen ? start + 1 : start, end);
  if (isOpen) p = p >= 0 && p < end && bytes[p] === 0x5d ? p + 1 : -1;
  const portAt = p < 0 ? -1 : pastColon(bytes, p, end);
  return portAt < 0 ? -1 : portEnd(bytes, portAt, end);
}

/** The end of the number from 0 to 65535 at `start`: all digits there, no leading zero. */
export function portEnd(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let p = start;
  for (; p < end; p = (p + 1) | 0) {
    const digit = (bytes[p] as number) - 0x30;
    if (digit >>> 0 > 9) break;
    if (p - start === LONGEST_PORT) return -1;
    value = (Math.imul(value, 10) + digit) | 0;
  }
  if (p === start || value > 0xffff) return -1;
  return bytes[start] === 0x30 && p - start > 1 ? -1 : p;
}

/** The end of the digits at `start`, all that there are, at most 20. */
export function intEnd(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  for (; p < end; p = (p + 1) | 0) {
    if (((bytes[p] as number) - 0x30) >>> 0 > 9) break;
    if (p - start === LONGEST_INT) return -1;
  }
  return p === start ? -1 : p;
}

/** Where the bytes that are no space end; `start` itself where there are none. */
export function wordEnd(bytes: Uint8Array, start: number, end: number): number {
  let p = start;
  while (p < end && bytes[p] !== 0x20) p++;
  return p;
}

/**
 * How far a search from the right can step to the left where `text` does not stand, by the byte
 * that stands there (Horspool, 1980).
 */
export function skipTable(text: readonly number[]): Uint8Array {
  const skips = new Uint8Array(256).fill(Math.min(text.length, 255));
  for (let i = text.length - 1; i > 0; i--) skips[text[i] as number] = Math.min(i, 255);
  return skips;
}

/**
 * Four decimal octets without leading zeros (RFC 6943, 3.1.1, the strict form), which are then in
 * the first word.
 */
function dottedAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  let octet = -1;
  let dots = 0;
  let p = start;
  for (; p < end; p = (p + 1) | 0) {
    const digit = (bytes[p] as number) - 0x30;
    if (digit >>> 0 <= 9) {
      if (octet === 0) return -1;
      octet = octet < 0 ? digit : (Math.imul(octet, 10) + digit) | 0;
      if (octet > 255) return -1;
    } else {
      // -2 is a dot.
      if (digit !== -2 || dots === 3) break;
      if (octet < 0) return -1;
      value = (value << 8) | octet;
      octet = -1;
      dots = (dots + 1) | 0;
    }
  }
  if (dots !== 3 || octet < 0) return -1;
  words[0] = (value << 8) | octet;
  return p;
}

function ipv6At(bytes: Uint8Array, start: number, end: number): number {
  let run = start;
  let colons = 0;
  while (run < end && run - start <= LONGEST_ADDRESS + 1 && inIpv6(bytes[run] as number)) {
    if (bytes[run] === 0x3a) colons++;
    run++;
  }
  if (colons < 2 || !endsAddress(bytes, run, end)) return -1;
  if (ipv6Of(bytes, start, run)) return afterZone(bytes, run, end);
  // A colon of the sentence, as in `from 2001:db8::1: 11: Bye`.
  return bytes[run - 1] === 0x3a && ipv6Of(bytes, start, run - 1) ? run - 1 : -1;
}

/** IPv6 without brackets, its zone if it has one, and a port from 1 behind the last colon. */
function bareEndpointAt(bytes: Uint8Array, start: number, end: number): number {
  let run = ipv6RunEnd(bytes, start, end, LONGEST_ADDRESS + 1 + LONGEST_PORT);
  let addressEnd = run;
  let colon = -1;
  if (run < end && bytes[run] === 0x25) {
    colon = afterZone(bytes, run, end);
    run = colon < 0 ? -1 : portEnd(bytes, (colon + 1) | 0, end);
    if (run < 0 || bytes[colon] !== 0x3a) return -1;
  } else {
    // A colon of the sentence, as after an address.
    if (run > start && bytes[run - 1] === 0x3a) run--;
    for (colon = run - 1; colon > start && bytes[colon] !== 0x3a; ) colon--;
    addressEnd = colon;
  }
  if (!endsAddress(bytes, run, end) || bytes[colon + 1] === 0x30) return -1;
  return portEnd(bytes, (colon + 1) | 0, run) === run && ipv6Of(bytes, start, addressEnd)
    ? run
    : -1;
}

/** The end of the bytes that IPv6 is written with; those after `most` are none of them. */
function ipv6RunEnd(bytes: Uint8Array, start: number, end: number, most: number): number {
  let run = start;
  while (run < end && run - start <= most && inIpv6(bytes[run] as number)) run++;
  return run;
}

/** Reads exactly bytes[start, end) into `words` (RFC 4291, 2.2). */
function ipv6Of(bytes: Uint8Array, start: number, end: number): boolean {
  let p = start;
  let count = 0;
  let gap = -1;
  if (bytes[p] === 0x3a) {
    if (p + 1 >= end || bytes[p + 1] !== 0x3a) return false;
    gap = 0;
    p += 2;
  }
  while (p < end) {
    if (count === 8) return false;
    let q = p;
    let group = 0;
    while (q < end && hexValue(bytes[q] as number) >= 0) {
      group = (group << 4) | hexValue(bytes[q] as number);
      q++;
    }
    if (q === p || q - p > 4) return false;
    if (q < end && bytes[q] === 0x2e) {
      if (count > 6 || dottedAt(bytes, p, end) !== end) return false;
      groups[count++] = (words[0] as number) >>> 16;
      groups[count++] = (words[0] as number) & 0xffff;
      break;
    }
    groups[count++] = group;
    p = q;
    if (p === end) break;
    if (bytes[p] !== 0x3a || p + 1 === end) return false;
    p++;
    if (bytes[p] === 0x3a) {
      if (gap >= 0) return false;
      gap = count;
      p++;
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return false;
  spread(gap < 0 ? 8 : gap, count);
  setIpv6();
  return true;
}

/** Moves the groups after the gap to the end and fills it with zeros. */
function spread(gap: number, count: number): void {
  const moved = count - gap;
  for (let i = 1; i <= moved; i++) groups[8 - i] = groups[count - i] as number;
  for (let i = gap; i < 8 - moved; i++) groups[i] = 0;
}

function setIpv6(): void {
  for (let i = 0; i < 4; i++) {
    words[i] = ((groups[i * 2] as number) << 16) | (groups[i * 2 + 1] as number);
  }
  words[4] = 6;
  // IPv4-mapped (RFC 4291, 2.5.5.2) is IPv4 everywhere in mcblock.
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) {
    words[0] = words[3] as number;
    words[4] = 4;
  }
}

/** Passes over a zone (`%em0`, RFC 4007), which is nothing to a blocklist. */
function afterZone(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || bytes[start] !== 0x25) return start;
  let p = start + 1;
  while (p < end && p - start <= LONGEST_ZONE + 1 && inName(bytes[p] as number)) p++;
  const length = p - start - 1;
  return length > 0 && length <= LONGEST_ZONE ? p : -1;
}

function endsAddress(bytes: Uint8Array, p: number, end: number): boolean {
  return p >= end || !inName(bytes[p] as number);
}

/** Letters, digits, `.`, `-`, `_`: what host names and longer numbers go on with. */
function inName(byte: number): boolean {
  if (byte < 0x2d) return false;
  return (
    (byte - 0x30) >>> 0 <= 9 || ((byte | 0x20) - 0x61) >>> 0 <= 25 || byte <= 0x2e || byte === 0x5f
  );
}

/** What names are made of, and what is no ASCII; `%` for a zone. */
function inHostName(byte: number): boolean {
  return byte >= 0x80 || byte === 0x25 || inName(byte);
}

function isSign(byte: number): boolean {
  return byte <= 0x2e || byte === 0x5f;
}

function inIpv6(byte: number): boolean {
  return byte === 0x3a || byte === 0x2e || hexValue(byte) >= 0;
}

function hexValue(byte: number): number {
  const digit = byte - 0x30;
  if (digit >>> 0 <= 9) return digit;
  const letter = (byte | 0x20) - 0x61;
  return letter >>> 0 <= 5 ? letter + 10 : -1;
}
