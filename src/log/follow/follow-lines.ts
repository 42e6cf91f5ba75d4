import type { Seconds } from '../../blocklist/entry.ts';
import type { Offence } from '../../blocklist/offence.ts';
import type { Login } from '../../blocklist/trust.ts';
import { type Address, compareAddresses } from '../../net/address.ts';
import { contains, type Prefix } from '../../net/prefix.ts';
import { LogDoubts } from '../doubts.ts';
import { type CountedEvents, countEvents } from '../event-keys.ts';
import type { Line } from '../line.ts';
import { type EventSink, LineCounter } from '../offences/line-counter.ts';
import type { OffenceGroup } from '../offences/offence-table.ts';
import type { Groups } from '../read-offences.ts';
import type { ReadOptions } from '../read-options.ts';
import { LogReader } from '../reader.ts';
import type { WebClients } from '../served-requests.ts';
import { type Calendar, type LogTime, Setbacks } from '../time/clock.ts';
import { CivilTime, zoneOffsets } from '../time/zone.ts';

/** What some lines of a log hold; the fields are those of LogSummary. */
export interface LinesSummary {
  readonly span: { readonly first: Seconds; readonly last: Seconds } | undefined;
  readonly groups: Groups;
  readonly logins: readonly Login[];
  readonly webClients?: WebClients | undefined;
}

/** Collects events of a stream, which are taken in batches. */
export interface EventCollector {
  push(chunk: Buffer): void;
  /** Ends the stream. */
  finish(): void;
  /** Something was found that is not taken yet. */
  readonly hasEvents: boolean;
  take(now: Seconds): LinesSummary;
}

/** An event whose year is not known yet. */
interface Found {
  readonly key: number;
  readonly time: LogTime;
  readonly count: number;
  /** Undefined if it is no offence, but known from then on. */
  offence: Omit<Offence, 'at' | 'count'> | undefined;
}

/**
 * The lines of a log that is followed. Offences are taken in batches, while connections are kept, so
 * that a log counts the same in pieces as in one.
 */
export class FollowedLines implements EventCollector, EventSink {
  readonly #options: ReadOptions;
  readonly #reader: LogReader;
  readonly #counter: LineCounter;
  readonly #newFrom: number;
  readonly #setbacks = new Setbacks();
  readonly #doubts = new LogDoubts();
  #found: Found[] = [];
  /** The number of offences of earlier batches. */
  #taken = 0;
  #first: LogTime | undefined;
  #last: LogTime = 0;
  #calendar: Calendar | undefined;
  /** How many lines were new. */
  count = 0;

  /**
   * @param service the service that writes the file itself; undefined if a syslogd does
   * @param log the name of the log
   * @param newFrom lines that begin before this offset were counted before
   */
  constructor(options: ReadOptions, service: string | undefined, log: string, newFrom: number) {
    this.#options = options;
    this.#newFrom = newFrom;
    const civil = new CivilTime(zoneOffsets(options.zone));
    const { scanners, trustedProxies } = options;
    const add = (line: Line): void => this.#add(line);
    this.#reader = new LogReader(scanners, civil, service, add, trustedProxies);
    this.#counter = new LineCounter(options, this.#reader.hosts, log, this);
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  /** Ends the log, whose last line may lack a newline. */
  finish(): void {
    this.#reader.finish();
  }

  /** Offences or logins were found. */
  get hasEvents(): boolean {
    return this.#found.length > 0 || this.#counter.hasLogins;
  }

  /** What to warn of, each once. */
  warnings(fileTime: Seconds): string[] {
    const { clock } = this.#reader;
    const { service, year } = this.#options;
    const calendar = clock.calendar(fileTime, year);
    return this.#doubts.warnings({ calendar, fileTime, isYearless: clock.isYearless, service });
  }

  /** What was found since the last call. The last line is no later than `fileTime`. */
  take(fileTime: Seconds): LinesSummary {
    if (this.#first === undefined) {
      return { span: undefined, groups: () => [], logins: [], webClients: undefined };
    }
    const calendar = this.#calendarAt(fileTime);
    const utc = (time: LogTime): Seconds => calendar.utc(time, Number.NEGATIVE_INFINITY);
    const span = { first: utc(this.#first), last: utc(this.#last) };
    const logins = this.#counter.logins(utc);
    const found = this.#found;
    const times: Seconds[] = [];
    this.#setbacks.resolve(
      found.length,
      (index) => found[index]?.time ?? 0,
      calendar,
      (at) => times.push(Math.max(0, at)),
    );
    this.#taken += found.length;
    this.#found = [];
    this.#counter.clearLogins();
    this.#setbacks.clear();
    const groups: Groups = (spaceAround, counted) =>
      groupsOf(newOffences(found, times, counted), spaceAround);
    return { span, groups, logins, webClients: this.#counter.takeWebClients(utc) };
  }

  /**
   * The calendar is kept while it is right, as it knows whether clocks were set back. It is wrong if
   * this host did not know the time when the log began.
   */
  #calendarAt(fileTime: Seconds): Calendar {
    const fresh = this.#reader.clock.calendar(fileTime, this.#options.year);
    const utc = (calendar: Calendar): Seconds => calendar.utc(this.#last, Number.NEGATIVE_INFINITY);
    if (this.#calendar === undefined || utc(this.#calendar) !== utc(fresh)) this.#calendar = fresh;
    return this.#calendar;
  }

  #add(line: Line): void {
    const isNew = line.offset >= this.#newFrom;
    if (isNew) this.count++;
    this.#doubts.add(line);
    if (!line.known) return;
    if (isNew) {
      this.#first ??= line.time;
      this.#last = line.time;
      this.#setbacks.note(line.time, this.#found.length);
    }
    if (line.service >= 0 && line.message >= 0) this.#counter.count(line, isNew);
  }

  get nextRow(): number {
    return this.#taken + this.#found.length;
  }

  addOffence(
    { time, count, reading }: Line,
    addressId: number,
    kindId: number,
    points: number,
    user: number,
    key: number,
  ): void {
    const offence = {
      address: this.#counter.addresses.address(addressId),
      kind: this.#counter.kindAt(kindId),
      points,
      port: reading.port < 0 ? undefined : reading.port,
      user: user === 0 ? undefined : user,
      key,
    };
    this.#found.push({ key, time, count, offence });
  }

  addQuiet({ time, count }: Line, key: number): void {
    this.#found.push({ key, time, count, offence: undefined });
  }

  removeOffence(row: number): void {
    // What was judged with an earlier batch stays.
    const found = this.#found[row - this.#taken];
    if (found !== undefined) found.offence = undefined;
  }
}

function newOffences(
  found: readonly Found[],
  times: readonly Seconds[],
  counted: CountedEvents | undefined,
): Offence[] {
  return found.flatMap(({ offence, key, count }, index) => {
    const at = times[index] ?? 0;
    const events = counted === undefined ? count : countEvents(counted, at, key, count);
    if (offence === undefined || events === 0) return [];
    const points = Math.ceil((offence.points * events) / count);
    return [{ ...offence, at, points, count: events }];
  });
}

/** As OffenceTable.groups, for few offences. */
export function* groupsOf(
  offences: readonly Offence[],
  spaceAround: (address: Address) => Prefix,
): Generator<OffenceGroup> {
  const sorted = Array.from(offences, (offence, row) => ({ offence, row })).toSorted(
    (p, q) => compareAddresses(p.offence.address, q.offence.address) || p.row - q.row,
  );
  let start = 0;
  while (start < sorted.length) {
    const first = sorted[start];
    if (first === undefined) return;
    const space = spaceAround(first.offence.address);
    let end = start + 1;
    while (end < sorted.length && contains(space, sorted[end]?.offence.address ?? space)) end++;
    const group = sorted.slice(start, end).toSorted((p, q) => p.row - q.row);
    yield { space, offences: group.map(({ offence }) => offence) };
    start = end;
  }
}
