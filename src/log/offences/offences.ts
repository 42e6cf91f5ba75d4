import { AMBIGUOUS, NO_MATCH, type Scanner } from '../../../grammar/notation/scanner.ts';
import type { Seconds } from '../../blocklist/entry.ts';
import type { MessageCount } from '../../blocklist/message-counts.ts';
import type { Login } from '../../blocklist/trust.ts';
import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { isHeadless } from '../doubts.ts';
import { type CountedEvents, EventKeys } from '../event-keys.ts';
import type { HostNames } from '../hosts.ts';
import type { Line } from '../line.ts';
import { type ProxySearch, ServedRequests, type WebClients } from '../served-requests.ts';
import type { Calendar } from '../time/clock.ts';
import { AddressTable } from './address-table.ts';
import { Connections } from './connections.ts';
import { LoginSpans } from './login-spans.ts';
import { OffenceKinds } from './offence-kinds.ts';
import { type OffenceGroup, OffenceTable } from './offence-table.ts';
import { PamFailures } from './pam-failures.ts';
import { type MessagePoints, type PointsByMessage, PointsTable } from './points-table.ts';
import type { Samples } from './samples.ts';
import type { UserConditions } from './user-conditions.ts';
import type { UserHasher } from './user-hasher.ts';

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
export class OffenceCollector {
  readonly #points: PointsTable;
  readonly #addresses = new AddressTable();
  readonly #connections = new Connections();
  readonly #pamFailures = new PamFailures();
  readonly #keys = new EventKeys();
  readonly #samples: Samples | undefined;
  readonly #offences: OffenceTable;
  readonly #kinds: OffenceKinds;
  readonly #logins = new LoginSpans();
  readonly #scanners: readonly Scanner[];
  readonly #users: UserHasher;
  readonly #served: ServedRequests | undefined;
  readonly #userConditions: UserConditions;
  readonly #messageCounts: Float64Array;
  #lineCounts = noLines();
  #firstTime: number | undefined;
  #lastTime = 0;

  /** `log` is the name of the log; lines that count are added to `samples`. */
  constructor(
    scanners: readonly Scanner[],
    points: PointsByMessage,
    hosts: HostNames,
    users: UserHasher,
    userConditions: UserConditions,
    log: string,
    samples?: Samples,
    proxySearch?: ProxySearch,
  ) {
    this.#served = proxySearch && new ServedRequests(proxySearch, scanners);
    this.#points = new PointsTable(scanners, points);
    this.#scanners = scanners;
    this.#kinds = new OffenceKinds(this.#points, hosts, log);
    this.#users = users;
    this.#userConditions = userConditions;
    this.#samples = samples;
    this.#offences = new OffenceTable(this.#addresses, (id) => this.#kinds.at(id));
    this.#messageCounts = new Float64Array(this.#points.messages.length);
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
      this.#count(line);
    }
  }

  /** Discards all lines so far, which were counted before, but not their connections. */
  forget(): void {
    this.#offences.clear();
    this.#samples?.clear();
    this.#pamFailures.clear();
    this.#logins.clear();
    this.#messageCounts.fill(0);
    this.#lineCounts = noLines();
    this.#firstTime = undefined;
  }

  get lineCounts(): Readonly<LineCounts> {
    return this.#lineCounts;
  }

  /** The time of some event is before that of the event before, on the same host. */
  get isOutOfOrder(): boolean {
    return this.#keys.isOutOfOrder;
  }

  get messageCounts(): readonly MessageCount[] {
    return this.#points.messages
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
    return this.#logins.all(
      (id) => this.#addresses.address(id),
      (index) => this.#scanners[index]?.service ?? '',
      (time) => calendar.utc(time, Number.NEGATIVE_INFINITY),
    );
  }

  /** Undefined where the proxies are known. */
  webClients(calendar: Calendar): WebClients | undefined {
    return this.#served?.take((time) => calendar.utc(time, Number.NEGATIVE_INFINITY));
  }

  /** The times of the first and the last line; undefined if no line has one. */
  span(calendar: Calendar): { first: Seconds; last: Seconds } | undefined {
    if (this.#firstTime === undefined) return undefined;
    const first = calendar.utc(this.#firstTime, Number.NEGATIVE_INFINITY);
    return { first, last: calendar.utc(this.#lastTime, first) };
  }

  #count(line: Line): void {
    const id = this.#points.idOf(line);
    const message = this.#points.messages[id];
    const hasKey = message !== undefined && message.points > 0 && line.reading.family !== 0;
    const key = hasKey ? this.#keys.take(line) : 0;
    if (key < 0) return;
    this.#messageCounts[id] = (this.#messageCounts[id] ?? 0) + line.count;
    if (message === undefined || line.reading.family === 0) return;
    if (message.isRequest) this.#served?.add(line);
    const isLogin = message.kind === 'login';
    if (!isLogin && message.points === 0) {
      if (message.role !== undefined) this.#pass(line, message);
      return;
    }
    const address = this.#addresses.id(line.reading);
    const user = this.#users.hashOf(line);
    if (isLogin) {
      this.#accept(line, address, user);
      return;
    }
    const points = this.#connections.pointsOf(line, message, address);
    this.#pamFailures.add(line, address, user, points, this.#offences.length);
    const eventKey = this.#keys.next(line, key);
    if (points === 0) {
      this.#offences.pushQuiet(line.time, eventKey);
      return;
    }
    this.#samples?.add(line, address, this.#addresses);
    const kindId = this.#kinds.idOf(line, id, this.#userConditions.maskOf(line, user));
    const { time, count, reading } = line;
    this.#offences.push(time, address, kindId, points, count, reading.port, user, eventKey);
  }

  #accept(line: Line, address: number, user: number): void {
    this.#logins.add(address, line.speaker, user, line.time);
    this.#userConditions.accept(user);
    const failure = this.#pamFailures.take(line, address, user);
    if (failure !== undefined && this.#connections.takeBack(failure, address, failure.points)) {
      this.#offences.remove(failure.row);
    }
  }

  #pass(line: Line, message: MessagePoints): void {
    const address = this.#addresses.find(line.reading);
    if (address >= 0) this.#connections.pass(line, message, address);
  }
}

function noLines(): LineCounts {
  return { lines: 0, matched: 0, unmatched: 0, ambiguous: 0, cut: 0, headless: 0 };
}
