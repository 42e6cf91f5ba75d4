import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McblockError } from '../../../src/errors.ts';
import { addressOf } from '../../../src/net/address.ts';
import { formatAddress } from '../../../src/net/address-text.ts';
import { packetsOf, type Seen } from './packets-of.ts';
import {
  type ByteOrder,
  LAYOUTS,
  type Layout,
  type Plan,
  PROBE,
  pcapFile,
  pcapPacket,
} from './pflog-maker.ts';

const word = fc.oneof(fc.constantFrom(0, 1, 0xffff, 0xffffffff), fc.nat({ max: 0xffffffff }));
const addresses4 = fc
  .tuple(word, word)
  .map((words) => words.map((a) => formatAddress(addressOf(4, a))));
const address6 = fc
  .tuple(word, word, word, word)
  .map((words) => addressOf(6, ...words))
  .filter(({ family }) => family === 6)
  .map(formatAddress);
const addresses6 = fc.tuple(address6, address6);
const port = fc.nat({ max: 0xffff });

const anyPlan: fc.Arbitrary<Plan> = fc
  .record({
    seconds: word,
    interface: fc.constantFrom('em0', 'igb1', 'vlan4094', 'a23456789012345'),
    action: fc.nat({ max: 15 }),
    direction: fc.nat({ max: 3 }),
    addresses: fc.oneof(addresses4, addresses6),
    protocol: fc.constantFrom(1, 6, 17, 58, 132, 47),
    sourcePort: port,
    destinationPort: port,
    tcpFlags: fc.nat({ max: 255 }),
    fragmentOffset: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.constantFrom(1, 0x1000, 0x1fff),
      fc.nat({ max: 0x1fff }),
    ),
    extras: fc.array(fc.nat({ max: 10 }), { maxLength: 3 }),
  })
  .map(({ addresses, ...rest }) => ({
    ...rest,
    source: addresses[0] ?? '',
    destination: addresses[1] ?? '',
  }));

const anyLayout: fc.Arbitrary<Layout> = fc.constantFrom(...Object.values(LAYOUTS));
const anyOrder: fc.Arbitrary<ByteOrder> = fc.constantFrom('big', 'little');
const anyMagic = fc.constantFrom(0xa1b2c3d4, 0xa1b23c4d);

describe('a pcap file of pf', () => {
  it.each(Object.values(LAYOUTS))('is read as $name writes it', (layout) => {
    const plans = [PROBE, { ...PROBE, source: '2001:db8::7', destination: '2001:db8::1' }];
    for (const order of ['big', 'little'] as const) {
      const file = pcapFile(
        order,
        plans.map((plan) => pcapPacket(order, layout, plan)),
      );
      expect(packetsOf(file)).toMatchObject({ packets: plans.map(expected), unread: 0 });
    }
  });

  it('is read again as it was written, in chunks of any length', () => {
    fc.assert(
      fc.property(
        anyOrder,
        anyMagic,
        anyLayout,
        fc.array(anyPlan, { maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        (order, magic, layout, plans, chunkBytes) => {
          const packets = plans.map((plan) => pcapPacket(order, layout, plan));
          const offsets = packets.map(
            (_, index) => pcapFile(order, packets.slice(0, index)).length,
          );
          const found = packetsOf(pcapFile(order, packets, { magic }), chunkBytes);
          expect(found.packets).toEqual(plans.map(expected));
          expect(found.offsets).toEqual(offsets);
          expect(found.unread).toBe(0);
        },
      ),
    );
  });

  it('reads what a truncated packet has, and nothing else', () => {
    fc.assert(
      fc.property(anyOrder, anyLayout, anyPlan, (order, layout, plan) => {
        const whole = expected(plan);
        for (let snap = 0; snap <= 200; snap++) {
          const { packets, unread } = packetsOf(
            pcapFile(order, [pcapPacket(order, layout, plan, snap)]),
          );
          expect(packets.length + unread).toBe(1);
          const [packet] = packets;
          if (packet === undefined) continue;
          const { protocol, sourcePort, destinationPort, tcpFlags, ...rest } = packet;
          expect(whole).toMatchObject(rest);
          expect([-1, whole.protocol]).toContain(protocol);
          expect([-1, whole.sourcePort]).toContain(sourcePort);
          expect([-1, whole.destinationPort]).toContain(destinationPort);
          expect([-1, whole.tcpFlags]).toContain(tcpFlags);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('is refused if it is truncated, with the byte', () => {
    fc.assert(
      fc.property(
        anyOrder,
        anyLayout,
        fc.array(anyPlan, { minLength: 1, maxLength: 3 }),
        (order, layout, plans) => {
          const packets = plans.map((plan) => pcapPacket(order, layout, plan));
          const file = pcapFile(order, packets);
          const ends = packets.map((_, index) => pcapFile(order, packets.slice(0, index)).length);
          for (let length = 4; length < file.length; length++) {
            const cut = file.subarray(0, length);
            const whole = ends.indexOf(length);
            if (whole >= 0)
              expect(packetsOf(cut).packets).toEqual(plans.slice(0, whole).map(expected));
            else expect(() => packetsOf(cut)).toThrow(`: truncated at byte ${length}, after `);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  it('that is shorter than its magic number is read as text', () => {
    for (let length = 0; length < 4; length++) {
      expect(packetsOf(pcapFile('big', []).subarray(0, length)).packets).toEqual([]);
    }
  });

  it('only throws errors that name the byte, whichever bits are flipped', () => {
    const plans = [PROBE, { ...PROBE, source: '2001:db8::7', destination: '2001:db8::1' }];
    const file = pcapFile(
      'little',
      plans.map((plan) => pcapPacket('little', LAYOUTS.freebsd, plan)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: file.length * 8 - 1 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 300 }),
        (bits, chunkBytes) => {
          const broken = Buffer.from(file);
          for (const bit of bits) broken[bit >> 3]! ^= 1 << (bit & 7);
          try {
            packetsOf(broken, chunkBytes);
          } catch (error) {
            expect(error).toBeInstanceOf(McblockError);
            expect(error).toMatchObject({ code: 'input' });
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is damaged if a packet is too long', () => {
    const one = pcapPacket('big', LAYOUTS.openbsd, PROBE);
    const file = pcapFile('big', [one, one]);
    const second = 24 + one.length;
    file.writeUInt32BE(262_145, second + 8);
    expect(() => packetsOf(file)).toThrow(
      `test.log: damaged at byte ${second}, after 1 packets (a packet of 262145 bytes is too long); nothing was recorded`,
    );
    file.writeUInt32BE(262_144, second + 8);
    expect(() => packetsOf(file)).toThrow('truncated');
  });

  it('accepts packets of the maximum length', () => {
    const packet = pcapPacket('little', LAYOUTS.openbsd, PROBE);
    const long = Buffer.concat([packet, Buffer.alloc(262_144 - (packet.length - 16))]);
    long.writeUInt32LE(262_144, 8);
    const { packets } = packetsOf(pcapFile('little', [long, packet]), 4096);
    expect(packets).toEqual([expected(PROBE), expected(PROBE)]);
  });

  it('names the truncated packet, and what to do', () => {
    const one = pcapPacket('big', LAYOUTS.openbsd, PROBE);
    const file = pcapFile('big', [one, one]).subarray(0, -1);
    expect(() => packetsOf(file)).toThrow(
      `test.log: truncated at byte ${file.length}, after 1 packets (in the packet at byte ${24 + one.length}); nothing was recorded; if it is still being written, read it after rotation`,
    );
  });

  it.each([
    [
      'of Ethernet',
      pcapFile('little', [], { linkType: 1 }),
      'not a pf log: link type 1, not 117 (PFLOG)',
    ],
    ['of another version', pcapFile('big', [], { major: 3 }), 'damaged at byte 4'],
    ['in pcapng', Buffer.from(`0a0d0d0a${'00'.repeat(24)}`, 'hex'), 'is a pcapng file'],
  ])('is refused: %s', (_, file, message) => {
    expect(() => packetsOf(file)).toThrow(message);
  });

  it('has its link type although checksums are declared with it', () => {
    expect(packetsOf(pcapFile('big', [], { linkType: 0x24000075 })).packets).toEqual([]);
  });

  it.each([
    ['a header that is shorter than any', 0, 44],
    ['a header that is longer than any', 0, 101],
    ['a header of no known length', 0, 53],
    ['no family there is', 1, 10],
    ['a family that is not the packet’s', 1, 24],
    ['no interface', 4, 0],
    ['an IPv4 header that is too short', 100, 0x44],
    ['neither IPv4 nor IPv6', 100, 0x75],
  ])('skips a packet with %s', (_, at, byte) => {
    const packet = pcapPacket('big', LAYOUTS.openbsd, PROBE);
    packet[16 + at] = byte;
    const { packets, unread } = packetsOf(pcapFile('big', [packet]));
    expect({ packets, unread }).toEqual({ packets: [], unread: 1 });
  });

  it('skips a packet whose interface is not terminated', () => {
    const packet = pcapPacket('big', LAYOUTS.openbsd, PROBE);
    packet.fill(0x61, 16 + 4, 16 + 36);
    expect(packetsOf(pcapFile('big', [packet])).unread).toBe(1);
  });

  it('accepts no IPv4-mapped address in an IPv6 packet', () => {
    const plan = { ...PROBE, source: '2001:db8::7', destination: '2001:db8::1' };
    for (const at of [8, 24]) {
      const packet = pcapPacket('big', LAYOUTS.openbsd, plan);
      Buffer.from('00000000000000000000ffffc0000207', 'hex').copy(packet, 16 + 100 + at);
      expect(packetsOf(pcapFile('big', [packet])).unread).toBe(1);
    }
  });
});

const ACTIONS = ['pass', 'block'] as const;
const DIRECTIONS = ['other', 'in', 'out'] as const;

/** What is to be read of a packet that was logged so. */
function expected(plan: Plan): Seen {
  const first = plan.fragmentOffset === 0;
  const hasPorts = first && [6, 17, 132].includes(plan.protocol);
  return {
    time: plan.seconds,
    timeKind: 'utc',
    interface: plan.interface,
    action: ACTIONS[plan.action] ?? 'other',
    direction: DIRECTIONS[plan.direction] ?? 'other',
    source: plan.source,
    destination: plan.destination,
    protocol: plan.protocol,
    sourcePort: hasPorts ? plan.sourcePort : -1,
    destinationPort: hasPorts ? plan.destinationPort : -1,
    tcpFlags: first && plan.protocol === 6 ? plan.tcpFlags : -1,
  };
}
