import type { Seconds } from '../../blocklist/entry.ts';
import type { Offence } from '../../blocklist/offence.ts';
import type { Login } from '../../blocklist/trust.ts';
import { type Address, addressOf, compareAddresses } from '../../net/address.ts';
import { contains, type Prefix } from '../../net/prefix.ts';
import { LogDoubts } from '../doubts.ts';
import { type CountedEvents, countEvents, EventKeys } from '../event-keys.ts';
import type { Line } from '../line.ts';
import { AddressTable } from '../offences/address-table.ts';
import { Connections } from '../offences/connections.ts';
import { LoginSpans } from '../offences/login-spans.ts';
import { OffenceKinds } from '../offences/offence-kinds.ts';
import type { OffenceGroup } from '../offences/offence-table.ts';
import { PamFailures } from '../offences/pam-failures.ts';
import { type MessagePoints, PointsTable } from '../offences/points-table.ts';
import { UserConditions } from '../offences/user-conditions.ts';
import { UserHasher } from '../offences/user-hasher.ts';
import type { Groups } from '../read-offences.ts';
import type { ReadOptions } from '../read-options.ts';
import { LogReader } from '../reader.ts';
import { ServedRequests, type WebClients } from '../served-requests.ts';
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

/** An event whose year is not known yet; without points it is no offence, but is known from then on. */
interface Found extends Omit<Offence, 'at'> {
  readonly key: number;
  readonly time: LogTime;
  /** 0 if it was taken back. */
  points: number;
}

/**
 * The lines of a log that is followed. Offences are taken in batches, while connections are kept, so
 * that a log counts the same in pieces as in one.
 */
export class FollowedLines implements EventCollector {
  readonly #options: ReadOptions;
  readonly #reader: LogReader;
  readonly #points: PointsTable;
  readonly #addresses = new AddressTable();
  readonly #connections = new Connections();
  readonly #pamFailures = new PamFailures();
  readonly #keys = new EventKeys();
  readonly #newFrom: number;
  readonly #kinds: OffenceKinds;
  readonly #setbacks = new Setbacks();
  readonly #doubts = new LogDoubts();
  #found: Found[] = [];
  /** The number of offences of earlier batches. */
  #taken = 0;
  readonly #logins = new LoginSpans();
  readonly #users: UserHasher;
  readonly #served: ServedRequests | undefined;
  readonly #userConditions: UserConditions;
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
    this.#points = new PointsTable(options.scanners, options.points);
    this.#users = new UserHasher(options.scanners, options.userGroups, options.userKey);
    this.#served = options.proxySearch && new ServedRequests(options.proxySearch, options.scanners);
    this.#userConditions = new UserConditions(options.users);
    const civil = new CivilTime(zoneOffsets(options.zone));
    const { scanners, trustedProxies } = options;
    const add = (line: Line): void => this.#add(line);
    this.#reader = new LogReader(scanners, civil, service, add, trustedProxies);
    this.#kinds = new OffenceKinds(this.#points, this.#reader.hosts, log);
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
    return this.#found.length > 0 || !this.#logins.isEmpty;
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
    const logins = this.#logins.all(
      (id) => this.#addresses.address(id),
      (index) => this.#options.scanners[index]?.service ?? '',
      utc,
    );
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
    this.#logins.clear();
    this.#setbacks.clear();
    const groups: Groups = (spaceAround, counted) =>
      groupsOf(newOffences(found, times, counted), spaceAround);
    return { span, groups, logins, webClients: this.#served?.take(utc) };
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
    if (line.service >= 0 && line.message >= 0) this.#count(line, isNew);
  }

  #count(line: Line, isNew: boolean): void {
    const id = this.#points.idOf(line);
    const message = this.#points.messages[id];
    if (message === undefined || line.reading.family === 0) return;
    if (message.isRequest) this.#served?.add(line);
    const isLogin = message.kind === 'login';
    if (!isLogin && message.points === 0) {
      if (message.role !== undefined) this.#pass(line, message);
      return;
    }
    const addressId = this.#addresses.id(line.reading);
    const user = this.#users.hashOf(line);
    if (isLogin) {
      this.#accept(line, addressId, user, isNew);
      return;
    }
    const lineKey = this.#keys.take(line);
    if (lineKey < 0) return;
    const points = this.#connections.pointsOf(line, message, addressId);
    const row = isNew ? this.#taken + this.#found.length : -1;
    this.#pamFailures.add(line, addressId, user, points, row);
    const key = this.#keys.next(line, lineKey);
    if (!isNew) return;
    const { family, a, b, c, d, port } = line.reading;
    this.#found.push({
      key,
      time: line.time,
      address: addressOf(family === 4 ? 4 : 6, a, b, c, d),
      kind: this.#kinds.at(this.#kinds.idOf(line, id, this.#userConditions.maskOf(line, user))),
      points,
      count: line.count,
      port: port < 0 ? undefined : port,
      user: user === 0 ? undefined : user,
    });
  }

  #accept(line: Line, addressId: number, user: number, isNew: boolean): void {
    if (isNew) this.#logins.add(addressId, line.speaker, user, line.time);
    this.#userConditions.accept(user);
    const failure = this.#pamFailures.take(line, addressId, user);
    if (failure === undefined) return;
    if (!this.#connections.takeBack(failure, addressId, failure.points)) return;
    // What was judged with an earlier batch stays.
    const found = this.#found[failure.row - this.#taken];
    if (found !== undefined) found.points = 0;
  }

  #pass(line: Line, message: MessagePoints): void {
    const address = this.#addresses.find(line.reading);
    if (address >= 0) this.#connections.pass(line, message, address);
  }
}

function newOffences(
  found: readonly Found[],
  times: readonly Seconds[],
  counted: CountedEvents | undefined,
): Offence[] {
  return found.flatMap((one, index) => {
    const { time: _, ...offence } = one;
    const { points, count, key } = offence;
    const at = times[index] ?? 0;
    const events = counted === undefined ? count : countEvents(counted, at, key, count);
    const added = Math.ceil((points * events) / count);
    return added === 0 ? [] : [{ ...offence, at, points: added, count: events }];
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
