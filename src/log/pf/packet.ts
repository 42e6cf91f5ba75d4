import { type Address, addressOf, type Family } from '../../net/address.ts';

/** What pf did with a packet. `other`: match, scrub, nat, binat, rdr, synproxy-drop and the like. */
export type PacketAction = 'block' | 'pass' | 'other';

/** `other`: pf does not tell, or the packet was forwarded. */
export type PacketDirection = 'in' | 'out' | 'other';

/**
 * How the time of a packet is told: in UTC seconds; in `local` civil time, counted in seconds as if
 * it were UTC (for CivilTime); or without a year, as the reader's Clock gave it (for its Calendar).
 */
export type PacketTime = 'utc' | 'local' | 'yearless';

/**
 * One packet as pf logged it. One object is filled again for each packet: what is to be kept must
 * be copied during the call that hands it over. Its addresses are of one family.
 *
 * What it can serve for. The source of a packet is what its sender wrote there. Only who answers
 * shows that he is where he says: with TCP, by an acknowledgement of the number that our own
 * SYN-ACK carried. A blocked packet gets no such answer from us, so nothing that was blocked proves
 * its source: UDP and ICMP need no answer at all, a SYN comes before it, and an ACK that belongs to
 * no state can be made up (RFC 4987, RFC 2827). A packet that was passed proves nothing either: it
 * may begin its connection, and a rule may have let it through without keeping state. Therefore
 *
 * - no packet makes a new entry: anybody could have anybody else blocked with it;
 * - a blocked packet that came in from outside is one more hit on an active entry that contains its
 *   source: forged, it can at most keep out who is kept out already;
 * - it may bring an expired entry of bogons back, as nobody is to be met there;
 * - whether it may bring back another expired entry is for policy to say: what is at stake is an
 *   address that once offended, and may be forged now.
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
  /** Its number at IANA (6: TCP); -1 where that is not told. */
  protocol: number;
  /** -1 where there are none, as in ICMP and in a later fragment, or they are not told. */
  sourcePort: number;
  destinationPort: number;
  /** The eight flags as TCP has them (RFC 9293, 3.1); -1 where they are not told. */
  tcpFlags: number;
  /** Whether it proves that its source is not forged. No single packet does. */
  readonly handshake: false;
}

export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Takes a packet, and where it begins in the stream. The packet is only valid during the call. */
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

/** Takes back what the packet before said of the transport. */
export function forgetTransport(packet: Packet): void {
  packet.protocol = -1;
  packet.sourcePort = -1;
  packet.destinationPort = -1;
  packet.tcpFlags = -1;
}

/** Puts words[0] to [3] into the address. */
export function setAddress(address: Writable<Address>, family: Family, words: Uint32Array): void {
  address.family = family;
  address.a = words[0] ?? 0;
  address.b = words[1] ?? 0;
  address.c = words[2] ?? 0;
  address.d = words[3] ?? 0;
}
