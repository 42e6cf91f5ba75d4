import type { Address } from '../../net/address.ts';
import { type Packet, PROTOCOL_TCP, TCP_ACK, TCP_RST } from './packet.ts';

/** How many packets count against nobody, each by the first reason that fits, in this order. */
interface SkipCounts {
  /** pf let it through, or did something else with it. */
  notBlocked: number;
  /** It was on its way out, or which way it went is not told. */
  notInbound: number;
  /** It came in where no strangers are. */
  notExternal: number;
  /** Nobody is there: a multicast, broadcast or unspecified source (RFC 1122, 3.2.1.3; RFC 4291). */
  noHost: number;
  /**
   * TCP with ACK or RST, or with flags that are not told: it may be the late answer of a server
   * that was asked and whose state is gone, or one to packets that others forged with our address.
   */
  answer: number;
}

export type SkipReason = keyof SkipCounts;

export interface PacketOffences<P extends Packet> {
  /** What counts, in the order of the log. See Packet for what it can serve for. */
  readonly counted: readonly P[];
  readonly skipped: Readonly<SkipCounts>;
}

/** What counts of these packets; `external` are the interfaces behind which strangers are. */
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

/** Why the packet does not count; undefined: it counts. */
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
