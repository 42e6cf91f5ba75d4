import { addressOf } from '../net/address.ts';
import { comparePrefixes, overlaps, type Prefix, prefixAround } from '../net/prefix.ts';
import { WIDEST } from '../net/wide.ts';
import { type Entry, neverActive } from './entry.ts';
import type { Protection } from './request.ts';

/**
 * The ranges that cannot be a source on the internet, as entries that were never active: those of
 * IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, 8190, 9637, 9602,
 * 9780) whose column "Globally Reachable" says False, and multicast (RFC 5771, RFC 4291).
 *
 * What the column calls True (AS112, AMT, anycast, ORCHIDv2, DRIP, 64:ff9b::/96) or N/A (6to4,
 * Teredo, 192.88.99.0/24, ORCHID) is left out, and where such a range lies in a larger one the rest
 * of the larger one is listed in parts: no bogon ever blocks a real host. 2001:1::/32 and
 * 2001:4::/32 would fall into a hundred parts around a few anycast addresses and are left out.
 * ::ffff:0:0/96 cannot occur: such an address is its IPv4 address.
 */
export function bogonEntries(): readonly Entry[] {
  return BOGONS.map(([prefix, note]) => neverActive(prefix, 'bogon', note));
}

/**
 * Those that are so wide that a rule for them, or with a neighbour, would need --force. No host of the
 * internet is there, and one packet with a forged source brings them back.
 */
export function wideBogons(): readonly Prefix[] {
  const prefixes = BOGONS.map(([prefix]) => prefix);
  return prefixes.filter(({ family, length }) => length <= WIDEST[family]);
}

/**
 * Never blocked by a request from a log: this host, its link and private networks
 * (RFC 1122, 1918, 3927, 4193, 4291).
 */
export function privateSpace(): readonly Protection[] {
  const all = [...HOST_SPACE, ...PRIVATE].toSorted(comparePrefixes);
  return all.map((prefix) => ({ prefix, reason: 'private' }));
}

/** What every host has for itself: loopback, the unspecified addresses and IPv6's link. */
export function hostSpace(): readonly Prefix[] {
  return HOST_SPACE;
}

/** The part of a network that is private, link-local or shared (RFC 6598); none if it is public. */
export function localPartOf(network: Prefix): Prefix | undefined {
  const range = [...PRIVATE, SHARED].find((one) => overlaps(one, network));
  if (range === undefined) return undefined;
  return range.length > network.length ? range : network;
}

function v4(a: number, b: number, c: number, d: number, length: number): Prefix {
  return prefixAround(addressOf(4, (a << 24) | (b << 16) | (c << 8) | d), length);
}

/** From the leading 32-bit words; the rest is zero. */
function v6(words: readonly number[], length: number): Prefix {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  return prefixAround(addressOf(6, a, b, c, d), length);
}

const HOST_SPACE: readonly Prefix[] = [
  v4(0, 0, 0, 0, 32),
  v4(127, 0, 0, 0, 8),
  v6([0], 128),
  v6([0, 0, 0, 1], 128),
  v6([0xfe80_0000], 10),
];

const PRIVATE: readonly Prefix[] = [
  v4(10, 0, 0, 0, 8),
  v4(169, 254, 0, 0, 16),
  v4(172, 16, 0, 0, 12),
  v4(192, 168, 0, 0, 16),
  v6([0xfc00_0000], 7),
];

const SHARED = v4(100, 64, 0, 0, 10);

const BOGONS: readonly (readonly [Prefix, string])[] = [
  [v4(0, 0, 0, 0, 8), 'This network (RFC 791)'],
  [v4(0, 0, 0, 0, 32), 'This host on this network (RFC 1122)'],
  [v4(10, 0, 0, 0, 8), 'Private-Use (RFC 1918)'],
  [v4(100, 64, 0, 0, 10), 'Shared Address Space (RFC 6598)'],
  [v4(127, 0, 0, 0, 8), 'Loopback (RFC 1122)'],
  [v4(169, 254, 0, 0, 16), 'Link Local (RFC 3927)'],
  [v4(172, 16, 0, 0, 12), 'Private-Use (RFC 1918)'],
  // 192.0.0.0/24 without 192.0.0.9 and 192.0.0.10, which are anycast (RFC 7723, RFC 8155).
  [v4(192, 0, 0, 0, 29), 'IPv4 Service Continuity Prefix (RFC 7335)'],
  [v4(192, 0, 0, 8, 32), 'IPv4 dummy address (RFC 7600)'],
  [v4(192, 0, 0, 11, 32), 'IETF Protocol Assignments (RFC 6890)'],
  [v4(192, 0, 0, 12, 30), 'IETF Protocol Assignments (RFC 6890)'],
  [v4(192, 0, 0, 16, 28), 'IETF Protocol Assignments (RFC 6890)'],
  [v4(192, 0, 0, 32, 27), 'IETF Protocol Assignments (RFC 6890)'],
  [v4(192, 0, 0, 64, 26), 'IETF Protocol Assignments (RFC 6890)'],
  [v4(192, 0, 0, 128, 25), 'IETF Protocol Assignments (RFC 6890)'],
  [v4(192, 0, 0, 170, 31), 'NAT64/DNS64 Discovery (RFC 8880)'],
  [v4(192, 0, 2, 0, 24), 'Documentation, TEST-NET-1 (RFC 5737)'],
  [v4(192, 88, 99, 2, 32), '6a44-relay anycast address (RFC 6751)'],
  [v4(192, 168, 0, 0, 16), 'Private-Use (RFC 1918)'],
  [v4(198, 18, 0, 0, 15), 'Benchmarking (RFC 2544)'],
  [v4(198, 51, 100, 0, 24), 'Documentation, TEST-NET-2 (RFC 5737)'],
  [v4(203, 0, 113, 0, 24), 'Documentation, TEST-NET-3 (RFC 5737)'],
  [v4(224, 0, 0, 0, 4), 'Multicast (RFC 5771)'],
  [v4(240, 0, 0, 0, 4), 'Reserved (RFC 1112)'],
  [v4(255, 255, 255, 255, 32), 'Limited Broadcast (RFC 8190)'],

  [v6([0], 128), 'Unspecified Address (RFC 4291)'],
  [v6([0, 0, 0, 1], 128), 'Loopback Address (RFC 4291)'],
  [v6([0x0064_ff9b, 0x0001_0000], 48), 'IPv4-IPv6 Translation, local use (RFC 8215)'],
  [v6([0x0100_0000], 64), 'Discard-Only Address Block (RFC 6666)'],
  [v6([0x0100_0000, 1], 64), 'Dummy IPv6 Prefix (RFC 9780)'],
  // 2001::/23 without the assignments in it that are reachable.
  [v6([0x2001_0002], 32), 'IETF Protocol Assignments (RFC 2928)'],
  [v6([0x2001_0002], 48), 'Benchmarking (RFC 5180)'],
  [v6([0x2001_0005], 32), 'IETF Protocol Assignments (RFC 2928)'],
  [v6([0x2001_0006], 31), 'IETF Protocol Assignments (RFC 2928)'],
  [v6([0x2001_0008], 29), 'IETF Protocol Assignments (RFC 2928)'],
  [v6([0x2001_0040], 26), 'IETF Protocol Assignments (RFC 2928)'],
  [v6([0x2001_0080], 25), 'IETF Protocol Assignments (RFC 2928)'],
  [v6([0x2001_0100], 24), 'IETF Protocol Assignments (RFC 2928)'],
  [v6([0x2001_0db8], 32), 'Documentation (RFC 3849)'],
  [v6([0x3fff_0000], 20), 'Documentation (RFC 9637)'],
  [v6([0x5f00_0000], 16), 'Segment Routing (SRv6) SIDs (RFC 9602)'],
  [v6([0xfc00_0000], 7), 'Unique-Local (RFC 4193)'],
  [v6([0xfe80_0000], 10), 'Link-Local Unicast (RFC 4291)'],
  [v6([0xff00_0000], 8), 'Multicast (RFC 4291)'],
];
