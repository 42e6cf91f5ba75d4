import type { Packet } from '../../../src/log/pf/packet.ts';
import { PacketReader } from '../../../src/log/pf/reader.ts';
import { formatAddress } from '../../../src/net/address-text.ts';

export type Seen = ReturnType<typeof seen>;

/** The packet as plain values, which stay. */
export function seen(packet: Packet) {
  const { source, destination, handshake: _, ...rest } = packet;
  return { ...rest, source: formatAddress(source), destination: formatAddress(destination) };
}

/** What is read of these bytes, in chunks of this length, and what of it says nothing. */
export function packetsOf(bytes: string | Buffer, chunkBytes = 1 << 20) {
  const packets: Seen[] = [];
  const offsets: number[] = [];
  const reader = new PacketReader('test.log', 'any', (packet, offset) => {
    packets.push(seen(packet));
    offsets.push(offset);
  });
  const all = Buffer.from(bytes);
  for (let at = 0; at < all.length; at += chunkBytes) {
    const chunk = Buffer.from(all.subarray(at, at + chunkBytes));
    reader.push(chunk);
    // A chunk is only valid until the next one.
    chunk.fill(0x2a);
  }
  reader.finish();
  return { packets, offsets, unread: reader.counts.unread, clock: reader.clock };
}
