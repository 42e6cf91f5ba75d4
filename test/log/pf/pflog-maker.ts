import { addressBytes } from '../../../src/net/address.ts';
import { parseAddress } from '../../../src/net/address-text.ts';

/** How a system writes struct pfloghdr. */
export interface Layout {
  readonly name: string;
  /** The field `length`: without padding. */
  readonly length: number;
  readonly directionAt: number;
  readonly inet6: number;
}

export const LAYOUTS = {
  openbsd: { name: 'OpenBSD', length: 100, directionAt: 60, inet6: 24 },
  oldOpenbsd: { name: 'OpenBSD 4.8', length: 61, directionAt: 60, inet6: 24 },
  oldestOpenbsd: { name: 'OpenBSD 3.4', length: 45, directionAt: 44, inet6: 24 },
  freebsd: { name: 'FreeBSD 15', length: 69, directionAt: 60, inet6: 28 },
  oldFreebsd: { name: 'FreeBSD 8', length: 61, directionAt: 60, inet6: 28 },
  opnsense: { name: 'OPNsense 21', length: 49, directionAt: 48, inet6: 28 },
  macos: { name: 'macOS', length: 61, directionAt: 60, inet6: 30 },
} as const satisfies Record<string, Layout>;

export type ByteOrder = 'big' | 'little';

/** A packet to be logged; addresses as text. */
export interface Plan {
  readonly seconds: number;
  readonly interface: string;
  /** 1: block. */
  readonly action: number;
  /** 1: in. */
  readonly direction: number;
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tcpFlags: number;
  /** In units of 8 bytes. */
  readonly fragmentOffset: number;
  /** IPv4: words of options. IPv6: how long each of the extension headers before the transport is. */
  readonly extras: readonly number[];
}

export const PROBE: Plan = {
  seconds: 1_795_341_600,
  interface: 'em0',
  action: 1,
  direction: 1,
  source: '192.0.2.7',
  destination: '203.0.113.1',
  protocol: 6,
  sourcePort: 40_112,
  destinationPort: 22,
  tcpFlags: 2,
  fragmentOffset: 0,
  extras: [],
};

export function pcapFile(
  order: ByteOrder,
  packets: readonly Buffer[],
  header: { magic?: number; linkType?: number; major?: number } = {},
): Buffer {
  const { magic = 0xa1b2c3d4, linkType = 117, major = 2 } = header;
  const parts = [
    uint(order, 4, magic),
    uint(order, 2, major),
    uint(order, 2, 4),
    uint(order, 4, 0),
    uint(order, 4, 0),
    uint(order, 4, 262_144),
    uint(order, 4, linkType),
  ];
  return Buffer.concat([...parts, ...packets]);
}

/** One packet with the header that pcap puts before it. `snap`: how many bytes are captured. */
export function pcapPacket(order: ByteOrder, layout: Layout, plan: Plan, snap = 1 << 18): Buffer {
  const bytes = Buffer.concat([pflogHeader(layout, plan), ipPacket(plan)]);
  const captured = bytes.subarray(0, snap);
  return Buffer.concat([
    uint(order, 4, plan.seconds),
    uint(order, 4, 123_456),
    uint(order, 4, captured.length),
    uint(order, 4, bytes.length),
    captured,
  ]);
}

function pflogHeader(layout: Layout, plan: Plan): Buffer {
  // The rest is filled with what must not be taken for anything else.
  const header = Buffer.alloc(Math.ceil(layout.length / 4) * 4, 0xee);
  header[0] = layout.length;
  header[1] = plan.source.includes(':') ? layout.inet6 : 2;
  header[2] = plan.action;
  header[3] = 0;
  header.fill(0, 4, 36).write(plan.interface, 4, 'latin1');
  header.writeUInt32BE(4, 36);
  header.writeUInt32BE(0xffffffff, 40);
  header[layout.directionAt] = plan.direction;
  return header;
}

function ipPacket(plan: Plan): Buffer {
  const payload = plan.fragmentOffset > 0 ? Buffer.alloc(24, 0x41) : transport(plan);
  return plan.source.includes(':') ? ip6(plan, payload) : ip4(plan, payload);
}

function ip4(plan: Plan, payload: Buffer): Buffer {
  // No operation, byte after byte.
  const options = Buffer.alloc((plan.extras[0] ?? 0) * 4, 1);
  const header = Buffer.alloc(20);
  header[0] = 0x45 + options.length / 4;
  header.writeUInt16BE(20 + options.length + payload.length, 2);
  header.writeUInt16BE(plan.fragmentOffset, 6);
  header[8] = 52;
  header[9] = plan.protocol;
  header.set(bytesOf(plan.source), 12);
  header.set(bytesOf(plan.destination), 16);
  return Buffer.concat([header, options, payload]);
}

function ip6(plan: Plan, payload: Buffer): Buffer {
  const chain = [0, 60, 43].slice(0, plan.extras.length);
  const types = [...chain, ...(plan.fragmentOffset > 0 ? [44] : []), plan.protocol];
  const extensions = types.slice(0, -1).map((type, index) => {
    const bytes = Buffer.alloc(type === 44 ? 8 : ((plan.extras[index] ?? 0) + 1) * 8, 0);
    bytes[0] = types[index + 1] ?? 0;
    if (type === 44) bytes.writeUInt16BE(plan.fragmentOffset << 3, 2);
    else bytes[1] = plan.extras[index] ?? 0;
    return bytes;
  });
  const rest = Buffer.concat([...extensions, payload]);
  const header = Buffer.alloc(8);
  header[0] = 0x60;
  header.writeUInt16BE(rest.length, 4);
  header[6] = types[0] ?? 0;
  header[7] = 52;
  return Buffer.concat([header, bytesOf(plan.source), bytesOf(plan.destination), rest]);
}

function transport(plan: Plan): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(Math.max(plan.sourcePort, 0), 0);
  ports.writeUInt16BE(Math.max(plan.destinationPort, 0), 2);
  switch (plan.protocol) {
    case 6: {
      const rest = Buffer.alloc(16);
      rest.writeUInt32BE(1, 0);
      rest[8] = 0x50;
      rest[9] = plan.tcpFlags;
      rest.writeUInt16BE(1024, 10);
      return Buffer.concat([ports, rest]);
    }
    case 17:
      return Buffer.concat([ports, Buffer.from([0, 8, 0, 0])]);
    case 132:
      return Buffer.concat([ports, Buffer.alloc(24)]);
    default:
      // An echo request.
      return Buffer.from([plan.protocol === 58 ? 128 : 8, 0, 0, 0, 0, 1, 0, 1]);
  }
}

function bytesOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return addressBytes(address);
}

function uint(order: ByteOrder, size: number, value: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (order === 'big') bytes.writeUIntBE(value, 0, size);
  else bytes.writeUIntLE(value, 0, size);
  return bytes;
}
