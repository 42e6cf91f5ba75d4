import type { Seconds } from '../../blocklist/entry.ts';
import type { OffenceKind } from '../../blocklist/offence.ts';
import type { Login } from '../../blocklist/trust.ts';
import { EventKeys } from '../event-keys.ts';
import type { HostNames } from '../hosts.ts';
import type { Line } from '../line.ts';
import type { ReadOptions } from '../read-options.ts';
import { ServedRequests, type WebClients } from '../served-requests.ts';
import type { LogTime } from '../time/clock.ts';
import { AddressTable } from './address-table.ts';
import { Connections } from './connections.ts';
import { LoginSpans } from './login-spans.ts';
import { OffenceKinds } from './offence-kinds.ts';
import { PamFailures } from './pam-failures.ts';
import { type MessagePoints, PointsTable } from './points-table.ts';
import { UserConditions } from './user-conditions.ts';
import { UserHasher } from './user-hasher.ts';

/** Returned for a line that is a copy of one before. */
export const COPY = -1;

/** Takes what new lines count. */
export interface EventSink {
  /** The row that the next offence gets. */
  readonly nextRow: number;
  /**
   * @param addressId of the counter's addresses
   * @param kindId see {@link LineCounter.kindAt}
   * @param user the hash of the user; 0: none
   * @param key see EventKeys
   */
  addOffence(
    line: Line,
    addressId: number,
    kindId: number,
    points: number,
    user: number,
    key: number,
  ): void;
  /** An event that adds no points, as its connection counts already. */
  addQuiet(line: Line, key: number): void;
  /** The offence in this row counts nothing after all. */
  removeOffence(row: number): void;
}

/** Says what each line of a log counts. Lines come in the order of the log. */
export class LineCounter {
  readonly addresses = new AddressTable();
  readonly #scanners: ReadOptions['scanners'];
  readonly #points: PointsTable;
  readonly #connections = new Connections();
  readonly #pamFailures = new PamFailures();
  readonly #keys = new EventKeys();
  readonly #kinds: OffenceKinds;
  readonly #logins = new LoginSpans();
  readonly #users: UserHasher;
  readonly #userConditions: UserConditions;
  readonly #served: ServedRequests | undefined;
  readonly #sink: EventSink;

  /** @param log the name of the log */
  constructor(
    { scanners, points, userGroups, userKey, users, proxySearch }: ReadOptions,
    hosts: HostNames,
    log: string,
    sink: EventSink,
  ) {
    this.#scanners = scanners;
    this.#points = new PointsTable(scanners, points);
    this.#kinds = new OffenceKinds(this.#points, hosts, log);
    this.#users = new UserHasher(scanners, userGroups, userKey);
    this.#userConditions = new UserConditions(users);
    this.#served = proxySearch && new ServedRequests(proxySearch, scanners);
    this.#sink = sink;
  }

  get messages(): readonly MessagePoints[] {
    return this.#points.messages;
  }

  /** The time of some event is before that of the event before, on the same host. */
  get isOutOfOrder(): boolean {
    return this.#keys.isOutOfOrder;
  }

  /** There were logins since the last clear(). */
  get hasLogins(): boolean {
    return !this.#logins.isEmpty;
  }

  kindAt(id: number): OffenceKind {
    return this.#kinds.at(id);
  }

  logins(utc: (time: LogTime) => Seconds): Login[] {
    return this.#logins.all(
      (id) => this.addresses.address(id),
      (index) => this.#scanners[index]?.service ?? '',
      utc,
    );
  }

  clearLogins(): void {
    this.#logins.clear();
  }

  /** Failures that come before this are not taken back. */
  forgetFailures(): void {
    this.#pamFailures.clear();
  }

  /** Those since the last call; undefined where the proxies are known. */
  takeWebClients(utc: (time: LogTime) => Seconds): WebClients | undefined {
    return this.#served?.take(utc);
  }

  /**
   * Counts a line with a known message. Returns the id of the message, or COPY.
   * @param isNew if false, it was counted before, and only what it tells of its connection is heeded
   */
  count(line: Line, isNew: boolean): number {
    const id = this.#points.idOf(line);
    const message = this.#points.messages[id];
    if (message === undefined || line.reading.family === 0) return id;
    const key = message.points > 0 ? this.#keys.take(line) : 0;
    if (key < 0) return COPY;
    if (message.isRequest) this.#served?.add(line);
    if (message.kind === 'login') this.#accept(line, isNew);
    else if (message.points > 0) this.#offend(line, message, key, isNew);
    else if (message.role !== undefined) this.#pass(line, message);
    return id;
  }

  #offend(line: Line, message: MessagePoints, lineKey: number, isNew: boolean): void {
    const address = this.addresses.id(line.reading);
    const user = this.#users.hashOf(line);
    const points = this.#connections.pointsOf(line, message, address);
    const row = isNew ? this.#sink.nextRow : -1;
    this.#pamFailures.add(line, address, user, points, row);
    const key = this.#keys.next(line, lineKey);
    if (!isNew) return;
    if (points === 0) {
      this.#sink.addQuiet(line, key);
      return;
    }
    const kind = this.#kinds.idOf(line, message.id, this.#userConditions.maskOf(line, user));
    this.#sink.addOffence(line, address, kind, points, user, key);
  }

  #accept(line: Line, isNew: boolean): void {
    const address = this.addresses.id(line.reading);
    const user = this.#users.hashOf(line);
    if (isNew) this.#logins.add(address, line.speaker, user, line.time);
    this.#userConditions.accept(user);
    const failure = this.#pamFailures.take(line, address, user);
    if (failure !== undefined && this.#connections.takeBack(failure, address, failure.points)) {
      this.#sink.removeOffence(failure.row);
    }
  }

  #pass(line: Line, message: MessagePoints): void {
    const address = this.addresses.find(line.reading);
    if (address >= 0) this.#connections.pass(line, message, address);
  }
}
