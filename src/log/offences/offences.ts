import { AMBIGUOUS, NO_MATCH } from '../../../grammar/notation/scanner.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import type { MessageCount } from '../../blocklist/message-counts.ts';
import type { Login } from '../../blocklist/trust.ts';
import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { isHeadless } from '../doubts.ts';
import type { CountedEvents } from '../event-keys.ts';
import type { HostNames } from '../hosts.ts';
import type { Line } from '../line.ts';
import type { ReadOptions } from '../read-options.ts';
import type { WebClients } from '../served-requests.ts';
import type { Calendar } from '../time/clock.ts';
import { COPY, type EventSink, LineCounter } from './line-counter.ts';
import { type OffenceGroup, OffenceTable } from './offence-table.ts';
import type { Samples } from './samples.ts';

/** How many lines there were, by what became of them. */
export interface LineCounts {
  lines: number;
  /** Of a known service, with a known message. */
  matched: number;
  /** Of a known service, with an unknown message. */
  unmatched: number;
  /** With two readings that name different addresses. */
  ambiguous: number;
  /** Longer than the limit. */
  cut: number;
  /** Without the header of a log line, or with one that names no program. */
  headless: number;
}

/** Collects the offences and logins of a log. */
export class OffenceCollector implements EventSink {
  readonly #counter: LineCounter;
  readonly #samples: Samples | undefined;
  readonly #offences: OffenceTable;
  readonly #messageCounts: Float64Array;
  #lineCounts = noLines();
  #firstTime: number | undefined;
  #lastTime = 0;

  /** `log` is the name of the log; lines that count are added to `samples`. */
  constructor(options: ReadOptions, hosts: HostNames, log: string, samples?: Samples) {
    this.#counter = new LineCounter(options, hosts, log, this);
    this.#samples = samples;
    const { addresses, messages } = this.#counter;
    this.#offences = new OffenceTable(addresses, (id) => this.#counter.kindAt(id));
    this.#messageCounts = new Float64Array(messages.length);
  }

  add(line: Line): void {
    const counts = this.#lineCounts;
    counts.lines++;
    if (line.cut) counts.cut++;
    if (isHeadless(line)) counts.headless++;
    if (!line.known) return;
    this.#firstTime ??= line.time;
    this.#lastTime = line.time;
    this.#offences.note(line.time);
    if (line.service < 0) return;
    if (line.message === NO_MATCH) counts.unmatched++;
    else if (line.message === AMBIGUOUS) counts.ambiguous++;
    else {
      counts.matched++;
      const id = this.#counter.count(line, true);
      if (id !== COPY) this.#messageCounts[id] = (this.#messageCounts[id] ?? 0) + line.count;
    }
  }

  /** Discards all lines so far, which were counted before, but not their connections. */
  forget(): void {
    this.#offences.clear();
    this.#samples?.clear();
    this.#counter.forgetFailures();
    this.#counter.clearLogins();
    this.#messageCounts.fill(0);
    this.#lineCounts = noLines();
    this.#firstTime = undefined;
  }

  get lineCounts(): Readonly<LineCounts> {
    return this.#lineCounts;
  }

  /** The time of some event is before that of the event before, on the same host. */
  get isOutOfOrder(): boolean {
    return this.#counter.isOutOfOrder;
  }

  get messageCounts(): readonly MessageCount[] {
    return this.#counter.messages
      .map(({ service, message }, id) => ({
        service,
        message,
        count: this.#messageCounts[id] ?? 0,
      }))
      .filter(({ count }) => count > 0);
  }

  get offenceCount(): number {
    return this.#offences.size;
  }

  /** As {@link OffenceTable.groups}. */
  groups(
    calendar: Calendar,
    spaceAround: (address: Address) => Prefix,
    counted?: CountedEvents,
  ): Iterable<OffenceGroup> {
    return this.#offences.groups(calendar, spaceAround, counted);
  }

  logins(calendar: Calendar): Login[] {
    return this.#counter.logins((time) => calendar.utc(time, Number.NEGATIVE_INFINITY));
  }

  /** Undefined where the proxies are known. */
  webClients(calendar: Calendar): WebClients | undefined {
    return this.#counter.takeWebClients((time) => calendar.utc(time, Number.NEGATIVE_INFINITY));
  }

  /** The times of the first and the last line; undefined if no line has one. */
  span(calendar: Calendar): { first: Seconds; last: Seconds } | undefined {
    if (this.#firstTime === undefined) return undefined;
    const first = calendar.utc(this.#firstTime, Number.NEGATIVE_INFINITY);
    return { first, last: calendar.utc(this.#lastTime, first) };
  }

  get nextRow(): number {
    return this.#offences.length;
  }

  addOffence(
    line: Line,
    addressId: number,
    kindId: number,
    points: number,
    user: number,
    key: number,
  ): void {
    const { time, count, reading } = line;
    this.#samples?.add(line, addressId, this.#counter.addresses);
    this.#offences.push(time, addressId, kindId, points, count, reading.port, user, key);
  }

  addQuiet({ time, count }: Line, key: number): void {
    this.#offences.pushQuiet(time, count, key);
  }

  removeOffence(row: number): void {
    this.#offences.remove(row);
  }
}

function noLines(): LineCounts {
  return { lines: 0, matched: 0, unmatched: 0, ambiguous: 0, cut: 0, headless: 0 };
}
