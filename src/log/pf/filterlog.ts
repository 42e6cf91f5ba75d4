import type { Address, Family } from '../../net/address.ts';
import { parseAddress } from '../../net/address-text.ts';
import type { HostNames } from '../hosts.ts';
import {
  forgetTransport,
  type Packet,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  type Writable,
} from './packet.ts';
import { readAction, readDirection, readNumber, readTcpFlags } from './words.ts';

const COMMA = 0x2c;
/** Fields after TCP's flags are not needed. */
const FIELD_LIMIT = 24;
const MORE_FRAGMENTS_UNIT = 0x1fff * 8;

/** Indices of the fields that all lines have. */
const INTERFACE = 4;
const ACTION = 6;
const DIRECTION = 7;
const VERSION = 8;

/** Indices of the fields of each family; those of the transport follow the destination. */
const FIELDS_BY_FAMILY = {
  4: { offset: 13, protocol: 15, source: 18, destination: 19 },
  6: { offset: -1, protocol: 13, source: 15, destination: 16 },
} as const;

/**
 * Reads bytes[start, end), a message of the program `filterlog` of pfSense or OPNsense, into the
 * packet, except for its time, which is in the header of the line. Returns whether it could be read.
 * Sources: pfSense's "Raw Filter Log Format", OPNsense's description.txt of filterlog.
 *
 *     rule,sub-rule,anchor,tracker,interface,reason,action,direction,
 *       4,tos,ecn,ttl,id,offset,flags,protocol,name,length,source,destination[,…]
 *       6,class,flow,hop limit,name,protocol,length,source,destination[,…]
 *     TCP: source port,destination port,data length,flags,…      UDP: without flags
 */
export function readFilterlog(
  bytes: Buffer,
  start: number,
  end: number,
  interfaces: HostNames,
  packet: Packet,
): boolean {
  forgetTransport(packet);
  const count = splitFields(bytes, start, end);
  const family = count > VERSION ? familyAt(bytes) : 0;
  if (family === 0) return false;
  const fields = FIELDS_BY_FAMILY[family];
  if (count <= fields.destination || from(INTERFACE) === to(INTERFACE)) return false;
  if (!readAddressField(bytes, fields.source, family, packet.source)) return false;
  if (!readAddressField(bytes, fields.destination, family, packet.destination)) return false;
  packet.interface = interfaces.name(interfaces.id(bytes, from(INTERFACE), to(INTERFACE)));
  packet.action = readAction(bytes, from(ACTION), to(ACTION));
  packet.direction = readDirection(bytes, from(DIRECTION), to(DIRECTION));
  packet.protocol = numberField(bytes, fields.protocol, 0xff);
  const isLater =
    fields.offset >= 0 && numberField(bytes, fields.offset, MORE_FRAGMENTS_UNIT) !== 0;
  if (!isLater) readTransport(bytes, fields.destination + 1, count, packet);
  return true;
}

/** Offsets of the fields of the line; each ends one byte before the next. */
const STARTS = new Uint32Array(FIELD_LIMIT + 1);

function from(field: number): number {
  return STARTS[field] ?? 0;
}

function to(field: number): number {
  return (STARTS[field + 1] ?? 0) - 1;
}

/** Returns the number of fields, at most FIELD_LIMIT. */
function splitFields(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  STARTS[0] = start;
  for (let at = start; at < end && count < FIELD_LIMIT; at++) {
    if (bytes[at] === COMMA) STARTS[++count] = at + 1;
  }
  if (count < FIELD_LIMIT) STARTS[++count] = end + 1;
  return count;
}

function familyAt(bytes: Buffer): Family | 0 {
  const version = numberField(bytes, VERSION, 6);
  return version === 4 || version === 6 ? version : 0;
}

function numberField(bytes: Buffer, field: number, limit: number): number {
  return readNumber(bytes, from(field), to(field), limit);
}

/** The address must be of the family of the packet; an IPv4-mapped one is not. */
function readAddressField(
  bytes: Buffer,
  field: number,
  family: Family,
  address: Writable<Address>,
): boolean {
  const read = parseAddress(bytes.toString('latin1', from(field), to(field)));
  if (read?.family !== family) return false;
  Object.assign(address, read);
  return true;
}

function readTransport(bytes: Buffer, field: number, count: number, packet: Packet): void {
  const { protocol } = packet;
  if ((protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) || count < field + 2) return;
  const sourcePort = numberField(bytes, field, 0xffff);
  const destinationPort = numberField(bytes, field + 1, 0xffff);
  // `errormsg=…` is here if the header was invalid.
  if (sourcePort < 0 || destinationPort < 0) return;
  packet.sourcePort = sourcePort;
  packet.destinationPort = destinationPort;
  if (protocol === PROTOCOL_TCP && count > field + 3) {
    packet.tcpFlags = readTcpFlags(bytes, from(field + 3), to(field + 3));
  }
}
