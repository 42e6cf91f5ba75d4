import { type Address, type Family, isMapped } from '../../net/address.ts';
import {
  forgetTransport,
  type Packet,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  setAddress,
  type Writable,
} from './packet.ts';

const IP4_HEADER_BYTES = 20;
const IP6_HEADER_BYTES = 40;
const FRAGMENT_OFFSET = 0x1fff;
/** Offset of TCP's flags (RFC 9293, 3.1). */
const TCP_FLAGS_AT = 13;

/** The extension headers of IPv6 (RFC 8200, 4) that precede the transport. */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;

/**
 * Reads bytes[start, end), an IP packet that may be truncated anywhere after its addresses, into the
 * packet. Returns whether it is one of this family.
 */
export function readIp(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: Family,
  packet: Packet,
): boolean {
  forgetTransport(packet);
  if (end <= start || (bytes[start] ?? 0) >>> 4 !== family) return false;
  return family === 4 ? readIp4(bytes, start, end, packet) : readIp6(bytes, start, end, packet);
}

/** RFC 791, 3.1. */
function readIp4(bytes: Uint8Array, start: number, end: number, packet: Packet): boolean {
  const headerBytes = ((bytes[start] ?? 0) & 0xf) * 4;
  if (headerBytes < IP4_HEADER_BYTES || end - start < IP4_HEADER_BYTES) return false;
  setAddress4(packet.source, bytes, start + 12);
  setAddress4(packet.destination, bytes, start + 16);
  packet.protocol = bytes[start + 9] ?? 0;
  if ((uint16(bytes, start + 6) & FRAGMENT_OFFSET) === 0) {
    readTransport(bytes, start + headerBytes, end, packet);
  }
  return true;
}

/**
 * RFC 8200, 3. An IPv4-mapped address must not appear on the wire (RFC 4942, 2.2): it would be taken
 * for the IPv4 address.
 */
function readIp6(bytes: Uint8Array, start: number, end: number, packet: Packet): boolean {
  if (end - start < IP6_HEADER_BYTES) return false;
  if (!setAddress6(packet.source, bytes, start + 8)) return false;
  if (!setAddress6(packet.destination, bytes, start + 24)) return false;
  let next = bytes[start + 6] ?? 0;
  let at = start + IP6_HEADER_BYTES;
  for (;;) {
    const headerBytes = extensionBytes(next, bytes[at + 1] ?? 0);
    if (headerBytes === 0) break;
    // What follows a truncated header is unknown.
    if (at + headerBytes > end) return true;
    const isLater = next === FRAGMENT && uint16(bytes, at + 2) >>> 3 !== 0;
    next = bytes[at] ?? 0;
    at += headerBytes;
    if (isLater) {
      packet.protocol = next;
      return true;
    }
  }
  packet.protocol = next;
  readTransport(bytes, at, end, packet);
  return true;
}

/** The length of an extension header; 0 if it is not one. */
function extensionBytes(type: number, length: number): number {
  switch (type) {
    case HOP_BY_HOP:
    case ROUTING:
    case DESTINATION_OPTIONS:
      return (length + 1) * 8;
    case FRAGMENT:
      return 8;
    case AUTHENTICATION:
      return (length + 2) * 4;
    default:
      return 0;
  }
}

function readTransport(bytes: Uint8Array, at: number, end: number, packet: Packet): void {
  const { protocol } = packet;
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP && protocol !== PROTOCOL_SCTP) return;
  if (end - at < 4) return;
  packet.sourcePort = uint16(bytes, at);
  packet.destinationPort = uint16(bytes, at + 2);
  if (protocol === PROTOCOL_TCP && end - at > TCP_FLAGS_AT) {
    packet.tcpFlags = bytes[at + TCP_FLAGS_AT] ?? 0;
  }
}

function setAddress4(address: Writable<Address>, bytes: Uint8Array, at: number): void {
  WORDS[0] = uint32(bytes, at);
  WORDS.fill(0, 1);
  setAddress(address, 4, WORDS);
}

function setAddress6(address: Writable<Address>, bytes: Uint8Array, at: number): boolean {
  for (let word = 0; word < 4; word++) WORDS[word] = uint32(bytes, at + word * 4);
  setAddress(address, 6, WORDS);
  return !isMapped(address.a, address.b, address.c);
}

const WORDS = new Uint32Array(4);

/** Both in network byte order. */
function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((uint16(bytes, at) << 16) | uint16(bytes, at + 2)) >>> 0;
}
