import { AMBIGUOUS, NO_MATCH, type Scanner } from '../../grammar/notation/scanner.ts';
import type { Seconds } from '../blocklist/entry.ts';
import type { Offence } from '../blocklist/offence.ts';
import type { Login } from '../blocklist/protect.ts';
import type { Address } from '../net/address.ts';
import { type Calendar, Setbacks } from './clock.ts';
import { Column } from './column.ts';
import type { HostNames } from './hosts.ts';
import type { Line } from './reader.ts';
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

/**
 * Collects what counts in a log. An offence is 22 bytes until the log has been read; only then is
 * its year known, and it becomes an object when it is asked for.
 */
export class OffenceCollector {
  readonly #scale: Scale;
  readonly #hosts: HostNames;
  readonly #times = new Column(Float64Array);
  readonly #addresses = new Column(Uint32Array);
  readonly #weights = new Column(Uint16Array);
  readonly #points = new Column(Uint32Array);
  readonly #counts = new Column(Uint16Array);
  readonly #hostIds = new Column(Uint16Array);
  readonly #setbacks = new Setbacks();
  /** Latest login by number of the address. */
  readonly #logins = new Map<number, number>();
  readonly #messageCounts: Float64Array;
  #lineCounts = noLines();
  #firstTime: number | undefined;
  #lastTime = 0;

  constructor(scanners: readonly Scanner[], points: PointsByMessage, hosts: HostNames) {
    this.#scale = new Scale(scanners, points);
    this.#hosts = hosts;
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
    this.#setbacks.note(line.time, this.#times.length);
    if (line.service < 0) return;
    if (line.message === NO_MATCH) counts.unmatched++;
    else if (line.message === AMBIGUOUS) counts.ambiguous++;
    else {
      counts.matched++;
      this.#weigh(line);
    }
  }

  /** Forgets all lines so far, but not the connections they opened: they were counted before. */
  forget(): void {
    for (const column of this.#columns()) column.clear();
    this.#setbacks.clear();
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
    return this.#times.length;
  }

  /** The offences in the order of the log. Made anew each time it is asked for. */
  *offences(calendar: Calendar, log: string): Generator<Offence> {
    let index = 0;
    for (const at of this.#setbacks.resolve(this.#times.values(), calendar)) {
      yield this.#offence(index, at, log);
      index++;
    }
  }

  /**
   * The same in groups: those whose addresses have the same key, each group in the order of the
   * log. Who looks at one group after the other finds what he needs near at hand, where in the
   * order of the log it would lie all over the memory.
   */
  *groups(
    calendar: Calendar,
    log: string,
    keyOf: (address: Address) => object,
  ): Generator<readonly Offence[]> {
    // Filled one by one: TypedArray.from would first make an object of every number.
    const times = new Uint32Array(this.#times.length);
    let index = 0;
    for (const at of this.#setbacks.resolve(this.#times.values(), calendar)) {
      times[index++] = Math.max(0, at);
    }
    const { groupOf, groupCount } = this.#groupOfAddresses(keyOf);
    const groups = new Int32Array(times.length);
    for (let i = 0; i < groups.length; i++) groups[i] = groupOf[this.#addresses.at(i)] ?? 0;
    const { order, ends } = sortedByGroup(groups, groupCount);
    for (let group = 0; group < groupCount; group++) {
      const start = group === 0 ? 0 : (ends[group - 1] ?? 0);
      const indexes = order.subarray(start, ends[group]);
      if (indexes.length === 0) continue;
      yield Array.from(indexes, (i) => this.#offence(i, times[i] ?? 0, log));
    }
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
    if (weight.points === 0) return;
    const address = scale.addresses.id(line.reading);
    const points = scale.pointsOf(line, weight, address);
    if (points === 0) return;
    this.#times.push(line.time);
    this.#addresses.push(address);
    this.#weights.push(id);
    this.#points.push(points);
    this.#counts.push(line.count);
    this.#hostIds.push(line.host);
  }

  #offence(index: number, at: Seconds, log: string): Offence {
    const { addresses, weights } = this.#scale;
    const weight = weights[this.#weights.at(index)];
    return {
      at,
      address: addresses.address(this.#addresses.at(index)),
      points: this.#points.at(index),
      count: this.#counts.at(index),
      service: weight?.service ?? '',
      message: weight?.message ?? '',
      log,
      host: this.#hosts.name(this.#hostIds.at(index)),
    };
  }

  #groupOfAddresses(keyOf: (address: Address) => object) {
    const { addresses } = this.#scale;
    const groupOf = new Int32Array(addresses.size);
    const byKey = new Map<object, number>();
    for (let id = 0; id < addresses.size; id++) {
      const key = keyOf(addresses.address(id));
      const group = byKey.get(key) ?? byKey.size;
      byKey.set(key, group);
      groupOf[id] = group;
    }
    return { groupOf, groupCount: byKey.size };
  }

  #columns(): readonly { clear(): void }[] {
    return [this.#times, this.#addresses, this.#weights, this.#points, this.#counts, this.#hostIds];
  }
}

/** Counting sort: the indexes by group, those of one group as they came, and where each ends. */
function sortedByGroup(groups: Int32Array, groupCount: number) {
  const ends = new Uint32Array(groupCount);
  for (const group of groups) ends[group] = (ends[group] ?? 0) + 1;
  let start = 0;
  for (let group = 0; group < groupCount; group++) {
    const size = ends[group] ?? 0;
    ends[group] = start;
    start += size;
  }
  const order = new Uint32Array(groups.length);
  for (let index = 0; index < groups.length; index++) {
    const group = groups[index] ?? 0;
    const place = ends[group] ?? 0;
    order[place] = index;
    ends[group] = place + 1;
  }
  return { order, ends };
}

function noLines(): LineCounts {
  return { lines: 0, matched: 0, unmatched: 0, ambiguous: 0, cut: 0, headless: 0 };
}
