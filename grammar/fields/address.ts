import { endsAddress, inIpv6, isFullStop } from './bytes';
import { dottedAt } from './ipv4';
import { afterZone, ipv6At, ipv6Of, ipv6RunEnd, MAX_ADDRESS_BYTES } from './ipv6';
import { FAMILY } from './memory-map';
import { MAX_PORT_DIGITS, portEnd } from './number';

/**
 * The end of the address that begins at `start`, which is then in the words. It must not be followed by
 * a letter, digit, `-`, `_` or a dot that is no full stop.
 */
export function addressAt(start: i32, end: i32): i32 {
  // A search tries every word, and the first byte excludes most.
  if (!inIpv6(load<u8>(start))) return -1;
  const ipv4End = dottedAt(start, end);
  if (ipv4End < 0 || !endsAddress(ipv4End, end)) return ipv6At(start, end);
  store<i32>(FAMILY, 4);
  return ipv4End;
}

/**
 * The end of the address and port that begin at `start`; the address is then in the words. They are
 * written as 192.0.2.7:22, [2001:db8::7]:22 or, by services that do not distinguish the families,
 * 2001:db8::7:22, where the last group is the port, as such a service always writes one. They must not
 * be followed by a letter, digit, `-`, `_` or a dot that is no full stop.
 */
export function endpointAt(start: i32, end: i32): i32 {
  const isOpen = start < end && load<u8>(start) === 0x5b;
  const at = isOpen ? addressAt(start + 1, end) : dottedAt(start, end);
  if (at < 0) return isOpen ? -1 : bareEndpointAt(start, end);
  if (!isOpen) store<i32>(FAMILY, 4);
  else if (at >= end || load<u8>(at) !== 0x5d) return -1;
  const colon = isOpen ? at + 1 : at;
  if (colon >= end || load<u8>(colon) !== 0x3a) return -1;
  const portEnds = portEnd(colon + 1, end);
  return portEnds >= 0 && endsAddress(portEnds, end) ? portEnds : -1;
}

/** IPv6 without brackets, a zone if it has one, and a port after the last colon. */
function bareEndpointAt(start: i32, end: i32): i32 {
  let run = ipv6RunEnd(start, end, MAX_ADDRESS_BYTES + 1 + MAX_PORT_DIGITS);
  let addressEnd = run;
  let colon: i32;
  if (run < end && load<u8>(run) === 0x25) {
    colon = afterZone(run, end);
    run = colon < 0 ? -1 : portEnd(colon + 1, end);
    if (run < 0 || load<u8>(colon) !== 0x3a) return -1;
  } else {
    // A full stop or colon that belongs to the sentence.
    if (run > start && (load<u8>(run - 1) === 0x3a || isFullStop(run - 1, end))) run--;
    colon = run - 1;
    while (colon > start && load<u8>(colon) !== 0x3a) colon--;
    addressEnd = colon;
  }
  if (!endsAddress(run, end)) return -1;
  return portEnd(colon + 1, run) === run && ipv6Of(start, addressEnd) ? run : -1;
}

/**
 * The same with a dot before the port: 192.0.2.7.22, 2001:db8::7.22. IPv6 addresses have no zone.
 */
export function dottedEndpointAt(start: i32, end: i32): i32 {
  let dot = dottedAt(start, end);
  if (dot >= 0) {
    store<i32>(FAMILY, 4);
  } else {
    const run = ipv6RunEnd(start, end, MAX_ADDRESS_BYTES + 1 + MAX_PORT_DIGITS);
    dot = run - 1;
    while (dot > start && (load<u8>(dot) !== 0x2e || isFullStop(dot, end))) dot--;
    if (dot <= start || !ipv6Of(start, dot)) return -1;
  }
  if (dot >= end || load<u8>(dot) !== 0x2e) return -1;
  const portEnds = portEnd(dot + 1, end);
  return portEnds >= 0 && endsAddress(portEnds, end) ? portEnds : -1;
}
