import type { Expiry, Seconds } from '../blocklist/entry.ts';
import type { EntryChange } from '../blocklist/entry-change.ts';
import type { Offence } from '../blocklist/offence.ts';
import type { Login } from '../blocklist/trust.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { Changes } from './changes.ts';
import { Commands, type StoreCommand } from './commands.ts';
import type { Connection } from './connection.ts';
import { StoredCoverage } from './coverage.ts';
import { Cursors } from './cursors.ts';
import { EventTable } from './events.ts';
import { exportRows, importRows } from './exchange.ts';
import type { Feed } from './feeds.ts';
import { FleetState } from './fleet-state.ts';
import { keepAllowed, takeSpent } from './kept-records.ts';
import { Logs, type ReadLog } from './logs.ts';
import { Notifications } from './notifications.ts';
import { copyConnection, openConnection } from './open.ts';
import type { StoreOptions } from './options.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';
import type { StoreParts } from './parts.ts';
import { Pending } from './pending.ts';
import { fillWith, StoreReader } from './reader.ts';
import {
  forgetEntry,
  recordAllowed,
  recordChange,
  recordFeed,
  recordLogins,
  recordReadLog,
  removeFeed,
} from './record-change.ts';
import { Snapshot } from './snapshot.ts';
import { Statistics } from './statistics.ts';
import { Undo } from './undo.ts';
import { UndoSteps } from './undo-steps.ts';
import type { Withdrawal } from './withdrawals.ts';

/**
 * Opens the store in this file. In mode `write` a missing file is created (0600, missing directories
 * 0700); in mode `dry-run` it is an empty store with its seed. The cost does not depend on the size of
 * the store. Throws McblockError('store').
 */
export function openStore(
  path: string,
  { seed, command, outbox, present, ...options }: StoreOptions,
): Store {
  return new Store(openConnection(path, options, fillWith(seed)), command, outbox, present);
}

/**
 * Entries, their history, the logs read, the allow-list, logins, feeds and pending offences. All
 * methods may throw McblockError('store'): another program writes for too long, the disk is full, a
 * row is damaged.
 */
export class Store extends StoreReader {
  /** The logs that were read; written through recordLog. */
  readonly logs: Logs;
  /** Reports to the fleet. */
  readonly outbox: Outbox;
  /** The progress of this machine with its fleet. */
  readonly fleetState: FleetState;
  /** How much of the address space is active at most. */
  readonly coverage: StoredCoverage;
  /** Sums over entries, activations and evidence. */
  readonly statistics: Statistics;
  /** Offences that led to activations lately, or hit them; removed through takeSpent. */
  readonly spent: Pending;
  /** How far journals were counted. */
  readonly cursors: Cursors;
  /** The keys of the events that were counted. */
  readonly events: EventTable;
  /** Notifications to be sent. */
  readonly notifications: Notifications;
  /** Who changed what, and when. */
  readonly changes: Changes;
  /** The commands that changed the store. */
  readonly commands: Commands;
  /** Those that can be undone. */
  readonly undo: UndoSteps;
  readonly #parts: StoreParts;

  constructor(
    connection: Connection,
    command?: StoreCommand,
    outboxOptions?: OutboxOptions,
    present: () => Seconds | undefined = () => undefined,
  ) {
    super(connection);
    const { entries, history } = this.read;
    this.logs = new Logs(connection);
    this.fleetState = new FleetState(connection);
    this.coverage = new StoredCoverage(connection);
    connection.onCommit(() => this.clock.record(present()));
    this.statistics = new Statistics(connection);
    this.spent = new Pending(connection, 'spent');
    this.cursors = new Cursors(connection);
    this.notifications = new Notifications(connection);
    const pending = new Pending(connection);
    this.commands = new Commands(connection, command);
    this.outbox = new Outbox(connection, this.commands, outboxOptions);
    this.changes = new Changes(connection, this.commands, this.withdrawals, this.forgotten);
    const { logs, changes, outbox, coverage, spent } = this;
    const own = { logs, changes, outbox, coverage, spent };
    const undo = new Undo(connection, this.commands, entries, history, pending);
    this.#parts = { ...this.read, ...own, pending, undo };
    this.undo = new UndoSteps(this.#parts, this.commands);
    this.events = new EventTable(connection, this.#parts.undo);
  }

  /**
   * Commits what `work` writes, or nothing if it throws. Other writers wait. `work` is synchronous;
   * transactions do not nest.
   */
  transaction<T>(work: () => T): T {
    return this.#parts.connection.transaction(work);
  }

  /** A copy in memory, for a trial of what changes the store. */
  copy(): Store {
    return new Store(copyConnection(this.#parts.connection));
  }

  /** For many lookups. */
  snapshot(): Snapshot {
    return new Snapshot(this.#parts.entries, this.#parts.history, this.#parts.logins);
  }

  /**
   * Records an entry in place of the one with the same prefix, its new or prolonged activations and
   * the evidence for them, all or nothing. Evidence of the same kind adds up. What this machine saw
   * and blocks is put in the outbox as well.
   */
  record(change: EntryChange): void {
    recordChange(this.#parts, change);
  }

  /**
   * Removes the entry with this prefix and its history, and keeps both as forgotten. To be called in
   * a transaction. Throws if there is no entry.
   */
  forget(prefix: Prefix, forgottenAt: Seconds): void {
    forgetEntry(this.#parts, prefix, forgottenAt);
  }

  /** Records an activation that was withdrawn. Call this in a transaction. */
  withdrawn(withdrawal: Withdrawal): void {
    this.withdrawals.record(withdrawal, this.#parts.undo.begun());
    this.changes.add('withdrawn', withdrawal.prefix, { note: withdrawal.reason });
  }

  /** Removes the offences from the prefix that led to activations. */
  takeSpent(prefix: Prefix): void {
    takeSpent(this.#parts, prefix);
  }

  /**
   * Records a log that was read, or how far a followed log was read.
   * @param instead the digest of a shorter part of the same log, which is removed
   */
  recordLog(log: ReadLog, instead?: Uint8Array): void {
    recordReadLog(this.#parts, log, instead);
  }

  /**
   * Puts a prefix on the allow-list. If it is there already, replaces its note and times.
   * @param until when it expires
   */
  allow(prefix: Prefix, note: string, at: Seconds, until: Expiry = 'forever'): void {
    recordAllowed(this.#parts, { prefix, note, addedAt: at, expiresAt: until });
  }

  /** Returns whether the prefix was on the allow-list. */
  disallow(prefix: Prefix): boolean {
    const { connection, allowed, changes } = this.#parts;
    return connection.together(() => {
      if (allowed.get(prefix) === undefined) return false;
      keepAllowed(this.#parts, prefix);
      changes.add('disallowed', prefix);
      return allowed.remove(prefix);
    });
  }

  /** Adds accepted logins; those of one user of a service from one address are kept as one span. */
  recordLogins(logins: Iterable<Login>): void {
    recordLogins(this.#parts, [...logins]);
  }

  /** Replaces a feed and its prefixes; undefined leaves the prefixes as they are. */
  putFeed(feed: Feed, prefixes: PrefixList | undefined): void {
    recordFeed(this.#parts, feed, prefixes);
  }

  /** Returns whether the feed existed. */
  removeFeed(name: string): boolean {
    return removeFeed(this.#parts, name);
  }

  /** Offences that have not led to a block: IPv4 first, by address, then by time. */
  pending(within?: Prefix): Offence[] {
    const { pending } = this.#parts;
    return within === undefined ? pending.all() : pending.within(within);
  }

  /** Replaces all pending offences. */
  replacePending(offences: Iterable<Offence>): void {
    this.#changePending((pending) => pending.replace(offences));
  }

  /** Removes and returns the pending offences from the prefix, by address, then by time. */
  takePending(prefix: Prefix): Offence[] {
    return this.#changePending((pending) => pending.take(prefix));
  }

  /** Adds pending offences; equal ones are added up. */
  addPending(offences: Iterable<Offence>): void {
    this.#changePending((pending) => pending.add(offences));
  }

  /** Removes those at least `windowSeconds` before the latest, and all but the `most` latest. */
  prunePending(windowSeconds: number, most: number): void {
    this.#changePending((pending) => pending.prune(windowSeconds, most));
  }

  /**
   * The store as plain objects for JSON, the header first, from one snapshot. This process must not
   * write to the store until the last one was read.
   */
  exportRows(): IterableIterator<object> {
    return exportRows(this.#parts);
  }

  /** Imports an export, all or nothing; returns the number of records. */
  importRows(rows: Iterable<unknown>): number {
    return this.#parts.connection.together(() => {
      this.coverage.forget();
      return importRows(this.#parts, rows);
    });
  }

  #changePending<T>(change: (pending: Pending) => T): T {
    const { connection, pending, undo } = this.#parts;
    return connection.together(() => {
      undo.pendingChanges();
      return change(pending);
    });
  }
}
