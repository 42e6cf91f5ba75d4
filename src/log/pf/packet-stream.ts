import type { Seconds } from '../../blocklist/entry.ts';
import type { EventCollector, LinesSummary } from '../follow/follow-lines.ts';
import { type Interfaces, PacketCollector } from './packet-collector.ts';
import { PacketReader } from './reader.ts';

/** Collects the packets of a log of pf that is followed: a pcap file or stream. */
export class PacketStream implements EventCollector {
  readonly #log: string;
  readonly #external: Interfaces;
  readonly #zone: string;
  readonly #reader: PacketReader;
  #packets: PacketCollector;

  /** @param newFrom packets that begin before this offset were counted before */
  constructor(log: string, external: Interfaces, zone: string, newFrom: number) {
    this.#log = log;
    this.#external = external;
    this.#zone = zone;
    this.#packets = new PacketCollector(log, external, zone);
    this.#reader = new PacketReader(log, 'capture', (packet, offset) => {
      if (offset >= newFrom) this.#packets.add(packet);
    });
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  finish(): void {
    // Whoever writes it may be in the middle of a packet.
  }

  get hasEvents(): boolean {
    return this.#packets.offences.length > 0;
  }

  take(now: Seconds): LinesSummary {
    const packets = this.#packets;
    this.#packets = new PacketCollector(this.#log, this.#external, this.#zone);
    const calendar = this.#reader.clock.calendar(packets.civil, now, undefined);
    return {
      span: packets.span(calendar),
      groups: (spaceAround) => packets.offences.groups(calendar, spaceAround),
      logins: [],
    };
  }
}
