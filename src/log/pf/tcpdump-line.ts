import type { Address } from '../../net/address.ts';
import { parseAddress } from '../../net/address-text.ts';
import { asciiBytes, startsWith } from '../bytes.ts';
import type { HostNames } from '../hosts.ts';
import {
  forgetTransport,
  type Packet,
  PROTOCOL_ICMP,
  PROTOCOL_ICMP6,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  TCP_ACK,
  type Writable,
} from './packet.ts';
import { readAction, readDirection, readNumber, readTcpFlags } from './words.ts';

const SPACE = 0x20;
const DOT = 0x2e;
const COLON = 0x3a;
const BRACKET_CLOSING = 0x5d;
const RULE = asciiBytes('rule ');
const ON = asciiBytes(' on ');
const ARROW = asciiBytes(' > ');
/** Before the addresses, if there are several link layers. */
const IP_NAMES = [asciiBytes('IP '), asciiBytes('IP6 ')];

/**
 * Reads bytes[start, end), a line of `tcpdump -n -e` about a packet that pf logged, after its time.
 * Returns whether it could be read. From OpenBSD's tcpdump, and that of tcpdump.org:
 *
 *     rule 2/(match) block in on em0: 192.0.2.7.40112 > 203.0.113.1.22: S 1:1(0) win 1024
 *     rule 4.foo.3/0(match): block in on em0: 2001:db8::7.40112 > 2001:db8::1.22: Flags [S], seq 1
 *
 * The port follows the last dot. The protocol is not always named: tcpdump may decode the content by
 * the port instead. With options that show the content of packets (-A, -X) strangers can write lines,
 * and without -n they choose the names.
 */
export function readTcpdumpLine(
  bytes: Buffer,
  start: number,
  end: number,
  interfaces: HostNames,
  packet: Packet,
): boolean {
  forgetTransport(packet);
  if (!startsWith(bytes, start, end, RULE)) return false;
  const on = find(bytes, start, end, ON);
  if (on < 0) return false;
  const directionAt = wordBefore(bytes, start, on);
  const actionAt = wordBefore(bytes, start, directionAt - 1);
  packet.direction = readDirection(bytes, directionAt, on);
  packet.action = readAction(bytes, actionAt, directionAt - 1);
  const nameAt = on + ON.length;
  const nameEnd = wordAfter(bytes, nameAt, end) - 1;
  if (nameEnd <= nameAt || bytes[nameEnd] !== COLON) return false;
  packet.interface = interfaces.name(interfaces.id(bytes, nameAt, nameEnd));
  const sourceAt = afterIpName(bytes, nameEnd + 2, end);
  const sourceEnd = wordAfter(bytes, sourceAt, end);
  if (!startsWith(bytes, sourceEnd, end, ARROW)) return false;
  const targetAt = sourceEnd + ARROW.length;
  const targetEnd = wordAfter(bytes, targetAt, end) - 1;
  if (targetEnd <= targetAt || bytes[targetEnd] !== COLON) return false;
  packet.sourcePort = readEndpoint(bytes, sourceAt, sourceEnd, packet.source);
  packet.destinationPort = readEndpoint(bytes, targetAt, targetEnd, packet.destination);
  if (packet.sourcePort === NO_ENDPOINT || packet.destinationPort === NO_ENDPOINT) return false;
  if (packet.source.family !== packet.destination.family) return false;
  readTransport(bytes, targetEnd + 2, end, packet);
  return true;
}

function find(bytes: Buffer, start: number, end: number, wanted: Uint8Array): number {
  for (let at = start; at + wanted.length <= end; at++) {
    if (bytes[at] === wanted[0] && startsWith(bytes, at, end, wanted)) return at;
  }
  return -1;
}

/** The beginning of the word that ends at `end`. */
function wordBefore(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && bytes[at - 1] !== SPACE) at--;
  return at;
}

/** The end of the word that begins at `start`. */
function wordAfter(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== SPACE) at++;
  return at;
}

function afterIpName(bytes: Buffer, at: number, end: number): number {
  const name = IP_NAMES.find((expected) => startsWith(bytes, at, end, expected));
  return name === undefined ? at : at + name.length;
}

const NO_ENDPOINT = -2;

/** Reads an address, with a dot and a port or without. Returns the port, -1, or NO_ENDPOINT. */
function readEndpoint(
  bytes: Buffer,
  start: number,
  end: number,
  address: Writable<Address>,
): number {
  // It is never both: four octets and a port are not an address.
  if (readAddressOf(bytes, start, end, address)) return -1;
  let dot = end - 1;
  while (dot > start && bytes[dot] !== DOT) dot--;
  const port = readNumber(bytes, dot + 1, end, 0xffff);
  return port >= 0 && readAddressOf(bytes, start, dot, address) ? port : NO_ENDPOINT;
}

/** An IPv4-mapped address must not appear on the wire: it would be taken for the IPv4 address. */
function readAddressOf(
  bytes: Buffer,
  start: number,
  end: number,
  address: Writable<Address>,
): boolean {
  const text = bytes.toString('latin1', start, end);
  const read = parseAddress(text);
  if (read === undefined) return false;
  Object.assign(address, read);
  return read.family === 6 || !text.includes(':');
}

const TCP_FLAGS = asciiBytes('Flags [');
const TCP_NONE = asciiBytes('none');
const IP_PROTOCOL = asciiBytes('ip-proto-');
/** tcpdump.org's name, then OpenBSD's; both put brackets around what is truncated. */
const PROTOCOL_NAMES: readonly (readonly [Uint8Array, number])[] = [
  [asciiBytes('[|tcp]'), PROTOCOL_TCP],
  [asciiBytes('UDP, '), PROTOCOL_UDP],
  [asciiBytes('udp '), PROTOCOL_UDP],
  [asciiBytes('ICMP '), PROTOCOL_ICMP],
  [asciiBytes('icmp: '), PROTOCOL_ICMP],
  [asciiBytes('ICMP6, '), PROTOCOL_ICMP6],
  [asciiBytes('icmp6: '), PROTOCOL_ICMP6],
];

/** Reads the protocol from the text after the addresses. */
function readTransport(bytes: Buffer, at: number, end: number, packet: Packet): void {
  if (packet.sourcePort >= 0 && readTcp(bytes, at, end, packet)) return;
  if (startsWith(bytes, at, end, IP_PROTOCOL)) {
    const from = at + IP_PROTOCOL.length;
    packet.protocol = readNumber(bytes, from, wordAfter(bytes, from, end), 0xff);
    return;
  }
  for (const [name, protocol] of PROTOCOL_NAMES) {
    if (startsWith(bytes, at, end, name)) packet.protocol = protocol;
  }
}

/** `Flags [S.], seq …`, or OpenBSD's `S 1:1(0) ack 5 win 1024`. */
function readTcp(bytes: Buffer, at: number, end: number, packet: Packet): boolean {
  if (startsWith(bytes, at, end, TCP_FLAGS)) {
    const from = at + TCP_FLAGS.length;
    let to = from;
    while (to < end && bytes[to] !== BRACKET_CLOSING) to++;
    packet.protocol = PROTOCOL_TCP;
    // If the closing bracket is missing, flags may be missing too.
    if (to < end) {
      packet.tcpFlags = startsWith(bytes, from, to, TCP_NONE) ? 0 : readTcpFlags(bytes, from, to);
    }
    return true;
  }
  const to = wordAfter(bytes, at, end);
  if (!OPENBSD_TCP.test(bytes.toString('latin1', at, Math.min(end, to + 64)))) return false;
  packet.protocol = PROTOCOL_TCP;
  // The dot only means that there is no other flag; ACK has its number.
  const others = bytes[at] === DOT ? 0 : readTcpFlags(bytes, at, to);
  const hasAck = find(bytes, to, end, OPENBSD_ACK) >= 0;
  packet.tcpFlags = others | (hasAck ? TCP_ACK : 0);
  return true;
}

const OPENBSD_TCP = /^(?:[SFRPEW]+|\.) (?:\[[^\]]*\] )?(?:\d+:\d+\(\d+\)|ack \d|win \d)/;
const OPENBSD_ACK = asciiBytes(' ack ');
