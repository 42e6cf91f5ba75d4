import { endsAddress, hexValue, inIpv6, inName, isFullStop, isHex } from './bytes';
import { dottedAt } from './ipv4';
import { FAMILY, WORDS } from './memory-map';

/** Without a zone. */
export const MAX_ADDRESS_BYTES = 45;
const MAX_ZONE_BYTES = 15;

/** The end of the address that begins at `start`, and of its zone; the address is then in the words. */
export function ipv6At(start: i32, end: i32): i32 {
  let run = ipv6RunEnd(start, end, MAX_ADDRESS_BYTES + 1);
  if (run > start && isFullStop(run - 1, end)) run--;
  // At least two colons.
  if (run - start < 2 || !endsAddress(run, end)) return -1;
  if (ipv6Of(start, run)) return afterZone(run, end);
  // A colon that belongs to the sentence, as in `from 2001:db8::1: 11: Bye`.
  return load<u8>(run - 1) === 0x3a && ipv6Of(start, run - 1) ? run - 1 : -1;
}

/** The end of the characters of IPv6 addresses, of which at most `most` + 1 are examined. */
export function ipv6RunEnd(start: i32, end: i32, most: i32): i32 {
  let run = start;
  while (run < end && run - start <= most && inIpv6(load<u8>(run))) run++;
  return run;
}

/**
 * Reads the bytes from `start` to `end` as a whole into the words (RFC 4291, 2.2). The groups are
 * collected in 128 bits, those before the gap separately from those after it.
 */
export function ipv6Of(start: i32, end: i32): bool {
  let p = start;
  let count = 0;
  let high: u64 = 0;
  let low: u64 = 0;
  let gap = -1;
  let highBefore: u64 = 0;
  let lowBefore: u64 = 0;
  if (p < end && load<u8>(p) === 0x3a) {
    if (p + 1 >= end || load<u8>(p + 1) !== 0x3a) return false;
    gap = 0;
    p += 2;
  }
  while (p < end) {
    if (count === 8) return false;
    let groupEnds = p;
    let group: u32 = 0;
    for (; groupEnds < end && isHex(load<u8>(groupEnds)); groupEnds++) {
      group = (group << 4) | hexValue(load<u8>(groupEnds));
    }
    if (groupEnds === p || groupEnds - p > 4) return false;
    if (groupEnds < end && load<u8>(groupEnds) === 0x2e) {
      if (dottedAt(p, end) !== end) return false;
      high = (high << 32) | (low >> 32);
      low = (low << 32) | load<u32>(WORDS);
      count += 2;
      break;
    }
    high = (high << 16) | (low >> 48);
    low = (low << 16) | group;
    count++;
    p = groupEnds;
    if (p === end) break;
    if (load<u8>(p) !== 0x3a || p + 1 === end) return false;
    p++;
    if (load<u8>(p) === 0x3a) {
      if (gap >= 0) return false;
      gap = count;
      highBefore = high;
      lowBefore = low;
      high = 0;
      low = 0;
      p++;
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return false;
  // Up to four groups before the gap are in the lower half, and move to the upper one.
  const moved = (8 - gap) << 4;
  if (gap > 4) {
    high |= (highBefore << moved) | (lowBefore >> (64 - moved));
    low |= lowBefore << moved;
  } else if (gap > 0) {
    high |= lowBefore << (moved - 64);
  }
  setIpv6(high, low);
  return true;
}

function setIpv6(high: u64, low: u64): void {
  // IPv4-mapped (RFC 4291, 2.5.5.2) is IPv4 everywhere in mcblock.
  if (high === 0 && low >> 32 === 0xffff) {
    store<u32>(WORDS, <u32>low);
    store<i32>(FAMILY, 4);
    return;
  }
  // The higher half of each is first.
  store<u64>(WORDS, rotl(high, 32));
  store<u64>(WORDS + 8, rotl(low, 32));
  store<i32>(FAMILY, 6);
}

/** The offset after a zone (`%em0`, RFC 4007), which a blocklist ignores. */
export function afterZone(start: i32, end: i32): i32 {
  if (start >= end || load<u8>(start) !== 0x25) return start;
  let p = start + 1;
  while (p < end && p - start <= MAX_ZONE_BYTES + 1 && inName(load<u8>(p))) p++;
  if (isFullStop(p - 1, end)) p--;
  const length = p - start - 1;
  return length > 0 && length <= MAX_ZONE_BYTES ? p : -1;
}
