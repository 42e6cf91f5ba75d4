import { type Entry, isActive, type Seconds } from '../blocklist/entry.ts';
import type { EntryChange } from '../blocklist/entry-change.ts';
import type { Offence } from '../blocklist/offence.ts';
import type { Login } from '../blocklist/protect.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { Allowed, type AllowedPrefix } from './allowed.ts';
import type { Connection } from './connection.ts';
import { Entries, type EntryCounts, type EntryFilter } from './entries.ts';
import { exportRows, importRow, importRows, type StoreParts } from './exchange.ts';
import { type Feed, Feeds } from './feeds.ts';
import { FleetState } from './fleet-state.ts';
import { type Activation, History } from './history.ts';
import { LoginTable } from './logins.ts';
import { Logs, type ReadLog } from './logs.ts';
import { type OpenOptions, openConnection } from './open.ts';
import { Outbox, type OutboxOptions } from './outbox.ts';
import { Pending } from './pending.ts';
import { Snapshot } from './snapshot.ts';
import { type FormerEntry, type LastCommand, Undo, type UndoableCommand } from './undo.ts';

export interface StoreOptions extends OpenOptions {
  /** Called when a store is new: the entries that it holds from the start. */
  readonly seed?: () => Iterable<Entry>;
  /** What is done to it, where that can be taken back. */
  readonly command?: UndoableCommand | undefined;
  /** Where this machine has a fleet: what is recorded here is put in the outbox for it. */
  readonly outbox?: OutboxOptions | undefined;
}

/**
 * Opens the store in this file. To write, it is made if it is not there (0600, missing directories
 * 0700). To read, one that is not there is an empty one with its seed, and nothing is made. What it
 * costs does not depend on how much the store holds. Throws McblockError('store').
 */
export function openStore(
  path: string,
  { seed, command, outbox, ...options }: StoreOptions,
): Store {
  const fill = (connection: Connection) => new Entries(connection).putMany(seed?.() ?? []);
  return new Store(openConnection(path, options, fill), command, outbox);
}

/**
 * Entries, their history, the logs read, the allow-list, the logins and what is pending. It keeps and finds; what is
 * to be kept is decided elsewhere. Everything may throw McblockError('store'): another program
 * writes for too long, the disk is full, a row is damaged.
 */
export class Store {
  /** What the fleet is to be told. */
  readonly outbox: Outbox;
  /** How far this machine is with its fleet. */
  readonly fleetState: FleetState;
  readonly #parts: StoreParts;

  constructor(connection: Connection, command?: UndoableCommand, outbox?: OutboxOptions) {
    this.outbox = new Outbox(connection, outbox);
    this.fleetState = new FleetState(connection);
    const entries = new Entries(connection);
    const history = new History(connection);
    const pending = new Pending(connection);
    this.#parts = {
      connection,
      entries,
      history,
      logs: new Logs(connection),
      allowed: new Allowed(connection),
      logins: new LoginTable(connection),
      pending,
      feeds: new Feeds(connection),
      undo: new Undo(connection, entries, history, pending, command),
    };
  }

  /**
   * All that `work` writes, or nothing of it. Others that want to write wait until it ends. `work`
   * is synchronous; a transaction within a transaction is an error.
   */
  transaction<T>(work: () => T): T {
    return this.#parts.connection.transaction(work);
  }

  close(): void {
    this.#parts.connection.close();
  }

  get(prefix: Prefix): Entry | undefined {
    return this.#parts.entries.get(prefix);
  }

  /** The entries that cover the prefix, itself included, the widest first. */
  supernets(prefix: Prefix): Entry[] {
    return this.#parts.entries.supernets(prefix);
  }

  /** What it has around places, quicker than one by one where there are many. */
  snapshot(): Snapshot {
    return new Snapshot(this.#parts.entries, this.#parts.logins);
  }

  /** The entries that the prefix contains, itself included: the widest first, then by network. */
  under(prefix: Prefix, filter?: EntryFilter): IterableIterator<Entry> {
    return this.#parts.entries.under(prefix, filter);
  }

  /** All entries: IPv4 first, then the widest first, then by network. */
  entries(filter?: EntryFilter): IterableIterator<Entry> {
    return this.#parts.entries.walk(filter);
  }

  /** The prefixes of the entries that block at that time, and what feeds name. */
  activePrefixes(at: Seconds): PrefixList {
    const list = this.#parts.entries.activePrefixes(at);
    this.#parts.feeds.pushAll(list);
    return list;
  }

  /** How many entries are active, expired, or were never active. Reads every entry. */
  counts(at: Seconds): EntryCounts {
    return this.#parts.entries.counts(at);
  }

  /**
   * Records an entry in place of the one with the same prefix, its new or prolonged activations and
   * the evidence for them, all or nothing. Evidence of the same kind adds up. What this machine saw
   * and blocks is put in the outbox as well.
   */
  record({ entry, activations = [], cause = entry, evidence = [], ended }: EntryChange): void {
    const { connection, entries, history, undo } = this.#parts;
    const { prefix } = entry;
    connection.together(() => {
      undo.entryChanges(prefix);
      entries.put(entry);
      if (ended) history.end(prefix, ended.activation, ended.at);
      for (const activated of activations) {
        history.record(activated, cause);
        // Before the evidence: it is only shared if this machine activated the entry.
        this.outbox.activated(activated, cause.origin);
      }
      for (const { activation, rows } of evidence) {
        history.addEvidence(prefix, activation, rows);
        if (this.outbox.isOurs(entry, activation)) this.outbox.shareOffences(prefix, rows);
      }
    });
  }

  /** The activations of the entry with this prefix, the first one first. */
  history(prefix: Prefix): Activation[] {
    return this.#parts.history.of(prefix);
  }

  /** The log with this digest, if it was read. */
  findLog(digest: Uint8Array): ReadLog | undefined {
    return this.#parts.logs.find(digest);
  }

  /** The logs read that begin with the line of this digest, the longest first. */
  logsWithHead(head: Uint8Array): Pick<ReadLog, 'bytes' | 'digest'>[] {
    return this.#parts.logs.withHead(head);
  }

  /**
   * Records that a log was read, or, while it is followed, how far.
   * @param instead the digest of a shorter part of the same log, which is forgotten
   */
  recordLog(log: ReadLog, instead?: Uint8Array): void {
    const { connection, logs, undo } = this.#parts;
    connection.together(() => {
      if (logs.find(log.digest) === undefined) undo.logRead(log.digest);
      logs.record(log, instead);
    });
  }

  /** Allowed again, a prefix has the later note and time. */
  allow(prefix: Prefix, note: string, at: Seconds): void {
    this.#parts.allowed.put({ prefix, note, addedAt: at });
  }

  /** Whether the prefix was on the allow-list. */
  disallow(prefix: Prefix): boolean {
    return this.#parts.allowed.remove(prefix);
  }

  /** The allow-list, in the order of comparePrefixes. */
  allowed(): AllowedPrefix[] {
    return this.#parts.allowed.all();
  }

  /** Keeps the latest login of each address. */
  recordLogins(logins: Iterable<Login>): void {
    this.#parts.logins.record(logins);
  }

  /** The logins from the prefix at that time or later, by address. */
  loginsWithin(prefix: Prefix, since: Seconds): Login[] {
    return this.#parts.logins.within(prefix, since);
  }

  /** By name. */
  feeds(): Feed[] {
    return this.#parts.feeds.all();
  }

  /** Puts what a feed names in the place of what it named before; undefined: it is the same. */
  putFeed(feed: Feed, prefixes: PrefixList | undefined): void {
    if (prefixes === undefined) this.#parts.feeds.put(feed);
    else this.#parts.feeds.replace(feed, prefixes);
  }

  /** Whether there was such a feed. */
  removeFeed(name: string): boolean {
    return this.#parts.feeds.remove(name);
  }

  /** What one feed names, in the order of comparePrefixes. */
  feedPrefixes(name: string): PrefixList {
    return this.#parts.feeds.prefixesOf(name);
  }

  /** The feeds that name the prefix or one that contains it, the widest first. */
  feedsCovering(prefix: Prefix): ReturnType<Feeds['supernets']> {
    return this.#parts.feeds.supernets(prefix);
  }

  /** Offences that made no block yet: IPv4 first, by address, then by time. */
  pending(): Offence[] {
    return this.#parts.pending.all();
  }

  /** Puts these in the place of all that are pending. */
  replacePending(offences: Iterable<Offence>): void {
    this.#changePending((pending) => pending.replace(offences));
  }

  /** Takes those from the prefix out; by address, then by time. */
  takePending(prefix: Prefix): Offence[] {
    return this.#changePending((pending) => pending.take(prefix));
  }

  /** Adds these to those that are pending. */
  addPending(offences: Iterable<Offence>): void {
    this.#changePending((pending) => pending.add(offences));
  }

  /** Drops those that are no less than so long before the latest, and all but the `most` latest. */
  prunePending(windowSeconds: number, most: number): void {
    this.#changePending((pending) => pending.prune(windowSeconds, most));
  }

  /** The last command that changed entries, which can be taken back. */
  lastCommand(): LastCommand | undefined {
    return this.#parts.undo.last();
  }

  /** What its entries were before it. */
  formerEntries(): Iterable<FormerEntry> {
    return this.#parts.undo.formerEntries();
  }

  /** Makes what the last command changed as it was before: entries, their history, logs read. */
  takeBack(): void {
    const { connection, undo } = this.#parts;
    connection.together(() => {
      const { at = 0 } = undo.last() ?? {};
      for (const { prefix, former } of undo.formerEntries()) {
        // Of an entry that was active before, what waits may be older than the command.
        if (former === undefined || !isActive(former.entry, at)) this.outbox.forget(prefix);
      }
      undo.takeBack();
    });
  }

  /**
   * The whole store as plain objects for JSON, the header first. It is read as it was at the first
   * of them; until the last one the store must not be written by this process.
   */
  exportRows(): IterableIterator<object> {
    return exportRows(this.#parts);
  }

  /** Puts an export into the store, all or none; returns how many records it had. */
  importRows(rows: Iterable<unknown>): number {
    return importRows(this.#parts, rows);
  }

  /** Puts one record of an export into the store. Throws McblockError('input'). */
  importRow(row: unknown): void {
    importRow(this.#parts, row);
  }

  #changePending<T>(change: (pending: Pending) => T): T {
    const { connection, pending, undo } = this.#parts;
    return connection.together(() => {
      undo.pendingChanges();
      return change(pending);
    });
  }
}
