import type { Address } from '../../net/address.ts';
import { type Packet, PROTOCOL_TCP, TCP_ACK, TCP_RST } from './packet.ts';

/** How many packets do not count, by the first reason that applies, in this order. */
interface SkipCounts {
  /** pf passed it, or did something else. */
  notBlocked: number;
  /** It was outbound, or its direction is unknown. */
  notInbound: number;
  /** It came in on an interface that is not external. */
  notExternal: number;
  /** Its source is multicast, broadcast or unspecified (RFC 1122, 3.2.1.3; RFC 4291). */
  noHost: number;
  /**
   * TCP with ACK or RST, or with unknown flags: it may be the late answer of a server whose state is
   * gone, or an answer to packets that others forged with our address.
   */
  answer: number;
}

export type SkipReason = keyof SkipCounts;

export interface PacketOffences<P extends Packet> {
  /** The packets that count, in the order of the log; see Packet for what they prove. */
  readonly counted: readonly P[];
  readonly skipped: Readonly<SkipCounts>;
}

/** The packets that count; `external` are the interfaces to the Internet. */
export function packetOffences<P extends Packet>(
  packets: Iterable<P>,
  external: ReadonlySet<string>,
): PacketOffences<P> {
  const counted: P[] = [];
  const skipped: SkipCounts = {
    notBlocked: 0,
    notInbound: 0,
    notExternal: 0,
    noHost: 0,
    answer: 0,
  };
  for (const packet of packets) {
    const reason = skipReason(packet, external);
    if (reason === undefined) counted.push(packet);
    else skipped[reason]++;
  }
  return { counted, skipped };
}

/** Why the packet does not count; undefined if it does. */
export function skipReason(packet: Packet, external: ReadonlySet<string>): SkipReason | undefined {
  if (packet.action !== 'block') return 'notBlocked';
  if (packet.direction !== 'in') return 'notInbound';
  if (!external.has(packet.interface)) return 'notExternal';
  if (isNoHost(packet.source)) return 'noHost';
  return mayBeAnswer(packet) ? 'answer' : undefined;
}

/** 224.0.0.0/4, 255.255.255.255 and 0.0.0.0; ff00::/8 and ::. */
function isNoHost({ family, a, b, c, d }: Address): boolean {
  if ((a | b | c | d) === 0) return true;
  if (family === 6) return a >>> 24 === 0xff;
  return a >>> 28 === 0xe || a === 0xffffffff;
}

function mayBeAnswer({ protocol, tcpFlags }: Packet): boolean {
  return protocol === PROTOCOL_TCP && (tcpFlags < 0 || (tcpFlags & (TCP_ACK | TCP_RST)) !== 0);
}
