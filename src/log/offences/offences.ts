import { AMBIGUOUS, NO_MATCH, type Scanner } from '../../../grammar/notation/scanner.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import type { OffenceKind } from '../../blocklist/offence.ts';
import type { Login } from '../../blocklist/protect.ts';
import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { HostNames } from '../hosts.ts';
import type { Line } from '../reader.ts';
import type { Interest, Passed } from '../skim/skimmer.ts';
import type { Heard, Listener } from '../skim/skimming.ts';
import type { Calendar, LogTime } from '../time/clock.ts';
import type { AddressWords } from './address-table.ts';
import { NO_KIND, type OffenceGroup, OffenceTable } from './offence-table.ts';
import type { SampledLine, Samples } from './samples.ts';
import { type PointsByMessage, Scale } from './scale.ts';

/** How many lines there were of which sort. */
export interface LineCounts {
  lines: number;
  /** Lines of a known service that a rule matched. */
  matched: number;
  /** Lines of a known service that no rule matched. */
  unmatched: number;
  /** Lines that two rules read with different addresses. */
  ambiguous: number;
  /** Lines that were longer than the limit, and cut there. */
  cut: number;
  /** Lines without the beginning that log lines have. */
  headless: number;
}

/** How often a log had one kind of message. */
export interface MessageCount {
  readonly service: string;
  readonly message: string;
  readonly count: number;
}

/** Collects what counts in a log. Of lines that were passed over it only hears how many they were. */
export class OffenceCollector implements Listener {
  readonly #scale: Scale;
  readonly #hosts: HostNames;
  readonly #log: string;
  readonly #samples: Samples | undefined;
  readonly #offences: OffenceTable;
  readonly #kinds: OffenceKind[] = [];
  /** Place in the kinds, by host and message. */
  readonly #kindIds = new Map<number, number>();
  /** Latest login by number of the address. */
  readonly #logins = new Map<number, number>();
  readonly #messageCounts: Float64Array;
  #lineCounts = noLines();
  #firstTime: number | undefined;
  #lastTime = 0;

  /** `log` is what the log is called; the lines that count go into `samples` too. */
  constructor(
    scanners: readonly Scanner[],
    points: PointsByMessage,
    hosts: HostNames,
    log: string,
    samples?: Samples,
  ) {
    this.#scale = new Scale(scanners, points);
    this.#hosts = hosts;
    this.#log = log;
    this.#samples = samples;
    this.#offences = new OffenceTable(this.#scale.addresses, (id) => this.#kinds[id] ?? NO_KIND);
    this.#messageCounts = new Float64Array(this.#scale.weights.length);
  }

  add(line: Line): void {
    const counts = this.#lineCounts;
    counts.lines++;
    if (line.cut) counts.cut++;
    if (!line.known) {
      counts.headless++;
      return;
    }
    this.#firstTime ??= line.time;
    this.#lastTime = line.time;
    this.#offences.note(line.time);
    if (line.service < 0) return;
    if (line.message === NO_MATCH) counts.unmatched++;
    else if (line.message === AMBIGUOUS) counts.ambiguous++;
    else {
      counts.matched++;
      this.#weigh(line);
    }
  }

  get interest(): Interest {
    const { weights, firstIds, connections } = this.#scale;
    return { weights, firstMessages: firstIds, log: connections.log };
  }

  heard(line: Heard): void {
    if (line.points > 0) this.#take(line, line, line.message, line.points, 1);
    else this.#logins.set(this.#scale.addresses.id(line), line.time);
  }

  passed(last: LogTime): void {
    this.#firstTime ??= last;
    this.#lastTime = last;
    this.#offences.note(last);
  }

  counted({ lines, matched, unmatched, ambiguous, messages }: Passed): void {
    const counts = this.#lineCounts;
    counts.lines += lines;
    counts.matched += matched;
    counts.unmatched += unmatched;
    counts.ambiguous += ambiguous;
    for (let id = 0; id < messages.length; id++) {
      this.#messageCounts[id] = (this.#messageCounts[id] ?? 0) + (messages[id] ?? 0);
    }
  }

  /** Forgets all lines so far, but not the connections they opened: they were counted before. */
  forget(): void {
    this.#offences.clear();
    this.#logins.clear();
    this.#messageCounts.fill(0);
    this.#lineCounts = noLines();
    this.#firstTime = undefined;
  }

  get lineCounts(): Readonly<LineCounts> {
    return this.#lineCounts;
  }

  get messageCounts(): readonly MessageCount[] {
    return this.#scale.weights
      .map(({ service, message }, id) => ({
        service,
        message,
        count: this.#messageCounts[id] ?? 0,
      }))
      .filter(({ count }) => count > 0);
  }

  get offenceCount(): number {
    return this.#offences.length;
  }

  /** As {@link OffenceTable.groups}. */
  groups(calendar: Calendar, spaceAround: (address: Address) => Prefix): Iterable<OffenceGroup> {
    return this.#offences.groups(calendar, spaceAround);
  }

  logins(calendar: Calendar): Login[] {
    return Array.from(this.#logins, ([id, time]) => ({
      address: this.#scale.addresses.address(id),
      at: calendar.utc(time, Number.NEGATIVE_INFINITY),
    }));
  }

  /** The times of the first and the last line; undefined where no line has one. */
  span(calendar: Calendar): { first: Seconds; last: Seconds } | undefined {
    if (this.#firstTime === undefined) return undefined;
    const first = calendar.utc(this.#firstTime, Number.NEGATIVE_INFINITY);
    return { first, last: calendar.utc(this.#lastTime, first) };
  }

  #weigh(line: Line): void {
    const scale = this.#scale;
    const id = scale.weightId(line);
    const weight = scale.weights[id];
    this.#messageCounts[id] = (this.#messageCounts[id] ?? 0) + line.count;
    if (weight === undefined || line.reading.family === 0) return;
    if (weight.kind === 'login') this.#logins.set(scale.addresses.id(line.reading), line.time);
    const points = scale.pointsOf(line, weight);
    if (points > 0) this.#take(line, line.reading, id, points, line.count);
  }

  #take(
    line: SampledLine & { readonly time: LogTime; readonly host: number },
    words: AddressWords,
    weightId: number,
    points: number,
    count: number,
  ): void {
    const { addresses } = this.#scale;
    const address = addresses.id(words);
    this.#samples?.add(line, address, addresses);
    this.#offences.push(line.time, address, this.#kindId(weightId, line.host), points, count);
  }

  #kindId(weightId: number, hostId: number): number {
    const key = hostId * this.#scale.weights.length + weightId;
    const known = this.#kindIds.get(key);
    if (known !== undefined) return known;
    const { service, message } = this.#scale.weights[weightId] ?? NO_KIND;
    const host = this.#hosts.name(hostId);
    const kindId = this.#kinds.push({ service, message, log: this.#log, host }) - 1;
    this.#kindIds.set(key, kindId);
    return kindId;
  }
}

function noLines(): LineCounts {
  return { lines: 0, matched: 0, unmatched: 0, ambiguous: 0, cut: 0, headless: 0 };
}
