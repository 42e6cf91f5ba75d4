import type { MessageCount } from '../../blocklist/message-counts.ts';
import type { OffenceKind } from '../../blocklist/offence.ts';
import { AddressTable } from '../offences/address-table.ts';
import { OffenceTable } from '../offences/offence-table.ts';
import type { LogSummary } from '../read-offences.ts';
import { type Calendar, knownTime, type LogTime } from '../time/clock.ts';
import { CivilTime, zoneOffsets } from '../time/zone.ts';
import { PF, packetMessage } from './filterlog-scanner.ts';
import type { Packet } from './packet.ts';

const LATEST_SECONDS = 2 ** 32 - 1;

/** The interfaces to the Internet, such as `em0`. */
export type Interfaces = ReadonlySet<string>;

/** Collects the packets that count. */
export class PacketCollector {
  readonly civil: CivilTime;
  readonly offences: OffenceTable;
  count = 0;
  readonly #log: string;
  readonly #external: Interfaces;
  readonly #addresses = new AddressTable();
  /** One for each interface, which is recorded as the host. */
  readonly #kinds: OffenceKind[] = [];
  readonly #messageCounts = new Map<string, number>();
  #firstTime: LogTime | undefined;
  #lastTime: LogTime = 0;

  constructor(log: string, external: Interfaces, zone: string) {
    this.#log = log;
    this.#external = external;
    this.civil = new CivilTime(zoneOffsets(zone));
    const none: OffenceKind = { service: PF, message: '', log, host: '', proxy: '' };
    this.offences = new OffenceTable(this.#addresses, (id) => this.#kinds[id] ?? none);
  }

  add(packet: Packet): void {
    const message = packetMessage(packet, this.#external);
    const time = this.#timeOf(packet);
    this.count++;
    this.#firstTime ??= time;
    this.#lastTime = time;
    this.#messageCounts.set(message, (this.#messageCounts.get(message) ?? 0) + 1);
    this.offences.note(time);
    if (message !== 'blocked') return;
    const kind = this.#kindId(message, packet.interface);
    const source = this.#addresses.id(packet.source);
    this.offences.push(time, source, kind, 1, 1, packet.sourcePort, 0, 0);
  }

  forget(): void {
    this.count = 0;
    this.#messageCounts.clear();
    this.#firstTime = undefined;
    this.offences.clear();
  }

  get messages(): MessageCount[] {
    return Array.from(this.#messageCounts, ([message, count]) => ({ service: PF, message, count }));
  }

  span(calendar: Calendar): LogSummary['span'] {
    if (this.#firstTime === undefined) return undefined;
    const first = calendar.utc(this.#firstTime, Number.NEGATIVE_INFINITY);
    return { first, last: calendar.utc(this.#lastTime, first) };
  }

  #timeOf({ time, timeKind }: Packet): LogTime {
    if (timeKind === 'yearless') return time;
    const at = timeKind === 'utc' ? time : this.civil.utc(time, 0);
    return knownTime(Math.min(Math.max(Math.floor(at), 0), LATEST_SECONDS));
  }

  /** There are only as many as external interfaces. */
  #kindId(message: string, host: string): number {
    const known = this.#kinds.findIndex((kind) => kind.host === host);
    if (known >= 0) return known;
    return this.#kinds.push({ service: PF, message, log: this.#log, host, proxy: '' }) - 1;
  }
}
