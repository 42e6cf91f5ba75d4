import { McblockError } from '../../errors.ts';
import { HostNames } from '../hosts.ts';
import { LineSplitter } from '../lines.ts';
import { Clock } from '../time/clock.ts';
import { emptyPacket, type PacketSink } from './packet.ts';
import { isPcap, PCAP_MAGIC_BYTES, PcapSplitter } from './pcap.ts';
import { readPflog } from './pflog-header.ts';
import { readTcpdumpLine } from './tcpdump-line.ts';
import { isDayless, type LineTime, readLineTime } from './tcpdump-time.ts';

/** How many packets were read, and how many packets or lines could not be. */
interface PacketCounts {
  packets: number;
  unread: number;
}

/** What may be read: `capture` is a pcap file, `any` the output of tcpdump too. */
type PacketFormat = 'capture' | 'any';

/**
 * Reads a log of pf: a pcap file as pflogd(8) writes it, or the output of tcpdump, as its first bytes
 * tell. Throws McblockError('input') if it is of another format, damaged or truncated, or if its times
 * have no date; nothing of it then counts.
 */
export class PacketReader {
  /** For lines without a year. */
  readonly clock = new Clock();
  readonly counts: PacketCounts = { packets: 0, unread: 0 };
  readonly #name: string;
  readonly #format: PacketFormat;
  readonly #sink: PacketSink;
  /** The names of interfaces. */
  readonly #interfaces = new HostNames();
  readonly #packet = emptyPacket();
  readonly #time: LineTime = { kind: 'utc', second: 0, month: 0, day: 0, end: 0 };
  #head = Buffer.alloc(0);
  #splitter: PcapSplitter | LineSplitter | undefined;
  #lines = 0;
  /** A line had a date; one without is then skipped, not an error. */
  #dated = false;

  constructor(name: string, format: PacketFormat, sink: PacketSink) {
    this.#name = name;
    this.#format = format;
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    if (this.#splitter !== undefined) {
      this.#splitter.push(chunk);
      return;
    }
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.length >= PCAP_MAGIC_BYTES) this.#begin();
  }

  finish(): void {
    if (this.#splitter === undefined) this.#begin();
    this.#splitter?.finish();
  }

  #begin(): void {
    const head = this.#head;
    this.#head = Buffer.alloc(0);
    if (this.#format === 'capture' && !isPcap(head)) {
      throw new McblockError(
        'input',
        `${this.#name}: not a pcap file, as pflogd(8) writes it; nothing was recorded`,
      );
    }
    this.#splitter = isPcap(head)
      ? new PcapSplitter(this.#name, (bytes, start, end, seconds, offset) =>
          this.#readCaptured(bytes, start, end, seconds, offset),
        )
      : new LineSplitter((bytes, start, end, offset, cut) =>
          this.#readLine(bytes, start, end, offset, cut),
        );
    this.#splitter.push(head);
  }

  #readCaptured(bytes: Buffer, start: number, end: number, seconds: number, offset: number): void {
    const packet = this.#packet;
    packet.timeKind = 'utc';
    packet.time = seconds;
    this.#handOver(readPflog(bytes, start, end, this.#interfaces, packet), offset);
  }

  #readLine(bytes: Buffer, start: number, end: number, offset: number, cut: boolean): void {
    const packet = this.#packet;
    const time = this.#time;
    this.#lines++;
    if (!readLineTime(bytes, start, end, time)) {
      if (!this.#dated && isDayless(bytes, start, end)) throw this.#dayless();
      this.counts.unread++;
      return;
    }
    packet.timeKind = time.kind;
    packet.time =
      time.kind === 'yearless' ? this.clock.tick(time.month, time.day, time.second) : time.second;
    // A truncated line could name an address that the whole line does not.
    const known = !cut && readTcpdumpLine(bytes, time.end, end, this.#interfaces, packet);
    if (known) this.#dated = true;
    this.#handOver(known, offset);
  }

  #handOver(known: boolean, offset: number): void {
    if (!known) {
      this.counts.unread++;
      return;
    }
    this.counts.packets++;
    this.#sink(this.#packet, offset);
  }

  #dayless(): McblockError {
    return new McblockError(
      'input',
      `${this.#name} has times without a date (line ${this.#lines}); nothing of it was recorded; use tcpdump -n -e -tttt (OpenBSD: -ttt), or read the pcap file itself`,
    );
  }
}
