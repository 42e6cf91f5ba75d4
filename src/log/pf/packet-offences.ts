import type { Address } from '../../net/address.ts';
import { type Packet, PROTOCOL_TCP, TCP_ACK, TCP_RST } from './packet.ts';

/**
 * Why a packet does not count:
 * - notBlocked: pf passed it, or did something else.
 * - notInbound: it was outbound, or its direction is unknown.
 * - notExternal: it came in on an interface that is not external.
 * - noHost: its source is multicast, broadcast or unspecified (RFC 1122, 3.2.1.3; RFC 4291).
 * - answer: TCP with ACK or RST, or with unknown flags: it may be the late answer of a server whose
 *   state is gone, or an answer to packets that others forged with our address.
 */
export type SkipReason = 'notBlocked' | 'notInbound' | 'notExternal' | 'noHost' | 'answer';

/**
 * The first reason that applies why the packet does not count; undefined if it does.
 * @param external the interfaces to the Internet
 */
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
