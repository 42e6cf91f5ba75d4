import { type Address, addressOf, type Family } from '../../net/address.ts';

/** What pf did with a packet. `other`: match, scrub, nat, binat, rdr, synproxy-drop and the like. */
export type PacketAction = 'block' | 'pass' | 'other';

/** `other`: unknown, or the packet was forwarded. */
export type PacketDirection = 'in' | 'out' | 'other';

/**
 * What the time of a packet is: UTC seconds; `local` civil time in seconds as if it were UTC (for
 * CivilTime); or a time without a year from the reader's Clock (for its Calendar).
 */
export type PacketTime = 'utc' | 'local' | 'yearless';

/**
 * One packet as pf logged it. One object is reused for all packets: what is kept must be copied during
 * the call that passes it on. Its addresses are of one family.
 *
 * What it proves. The source of a packet is whatever its sender wrote there. Only an answer shows that
 * the source is true: with TCP, an acknowledgement of the number in our own SYN-ACK. A blocked packet
 * gets no such answer, so it proves nothing: UDP and ICMP need no answer, a SYN precedes it, and an
 * ACK without state can be made up (RFC 4987, RFC 2827). A passed packet proves nothing either: it may
 * begin a connection, and a rule may have passed it without keeping state. Therefore
 *
 * - no packet makes a new entry, as anybody could have anybody else blocked with it;
 * - a blocked inbound packet is one more hit on an active entry that contains its source: if forged, it
 *   can at most prolong a block;
 * - it may reactivate an expired entry of bogons, where nobody legitimate is;
 * - whether it may reactivate another expired entry is up to policy: the address offended once, and
 *   may be forged now.
 */
export interface Packet {
  time: number;
  timeKind: PacketTime;
  /** As pf names it: `em0`. */
  interface: string;
  action: PacketAction;
  direction: PacketDirection;
  readonly source: Writable<Address>;
  readonly destination: Writable<Address>;
  /** IANA protocol number (6: TCP); -1 if unknown. */
  protocol: number;
  /** -1 if there is none, as in ICMP and in later fragments, or if unknown. */
  sourcePort: number;
  destinationPort: number;
  /** The eight flags of TCP (RFC 9293, 3.1); -1 if unknown. */
  tcpFlags: number;
  /** Whether it proves its source. No single packet does. */
  readonly handshake: false;
}

export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Takes a packet and its offset in the stream. The packet is only valid during the call. */
export type PacketSink = (packet: Packet, offset: number) => void;

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMP6 = 58;
export const PROTOCOL_SCTP = 132;

export const TCP_FIN = 0x01;
export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_PUSH = 0x08;
export const TCP_ACK = 0x10;
export const TCP_URG = 0x20;
export const TCP_ECE = 0x40;
export const TCP_CWR = 0x80;

export function emptyPacket(): Packet {
  return {
    time: 0,
    timeKind: 'utc',
    interface: '',
    action: 'other',
    direction: 'other',
    source: { ...addressOf(4, 0) },
    destination: { ...addressOf(4, 0) },
    protocol: -1,
    sourcePort: -1,
    destinationPort: -1,
    tcpFlags: -1,
    handshake: false,
  };
}

/** Clears what the packet before had of the transport. */
export function forgetTransport(packet: Packet): void {
  packet.protocol = -1;
  packet.sourcePort = -1;
  packet.destinationPort = -1;
  packet.tcpFlags = -1;
}

/** Sets the address to words[0] to words[3]. */
export function setAddress(address: Writable<Address>, family: Family, words: Uint32Array): void {
  address.family = family;
  address.a = words[0] ?? 0;
  address.b = words[1] ?? 0;
  address.c = words[2] ?? 0;
  address.d = words[3] ?? 0;
}
