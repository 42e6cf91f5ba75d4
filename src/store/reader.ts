import { type Entry, outlasts, type Seconds } from '../blocklist/entry.ts';
import type { Login } from '../blocklist/trust.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { Allowed, type AllowedPrefix } from './allowed.ts';
import { LatestTime } from './clock.ts';
import type { Connection } from './connection.ts';
import { Entries, type EntryCounts, type EntryFilter } from './entries.ts';
import { Feeds } from './feeds.ts';
import { Forgotten } from './forgotten.ts';
import { type Activation, History } from './history.ts';
import { LoginTable } from './logins.ts';
import { openConnection } from './open.ts';
import type { StoreOptions } from './options.ts';
import type { ReadParts } from './parts.ts';
import { Withdrawals } from './withdrawals.ts';

/** Opens the store in this file to read entries from. Throws McblockError('store'). */
export function openReader(path: string, seed: StoreOptions['seed']): StoreReader {
  return new StoreReader(openConnection(path, { mode: 'read' }, fillWith(seed)));
}

/** Puts the initial entries into a new store. */
export function fillWith(seed: StoreOptions['seed']): (connection: Connection) => void {
  return (connection) => new Entries(connection).putMany(seed?.() ?? []);
}

/**
 * What is read of a store to say what is blocked, now or at an earlier time. Commands that do no more
 * start without the rest of the store. All methods may throw McblockError('store').
 */
export class StoreReader {
  /** The latest present time. */
  readonly clock: LatestTime;
  /** Published lists; written through Store.putFeed. */
  readonly feeds: Feeds;
  /** Accepted logins. */
  readonly logins: LoginTable;
  /** Activations that were withdrawn. */
  readonly withdrawals: Withdrawals;
  /** What was forgotten by hand. */
  readonly forgotten: Forgotten;
  protected readonly read: ReadParts;

  constructor(connection: Connection) {
    const entries = new Entries(connection);
    const history = new History(connection);
    this.clock = new LatestTime(connection);
    this.feeds = new Feeds(connection);
    this.logins = new LoginTable(connection);
    this.withdrawals = new Withdrawals(connection);
    this.forgotten = new Forgotten(connection, entries, history);
    const { feeds, logins, forgotten } = this;
    const allowed = new Allowed(connection);
    this.read = { connection, entries, history, allowed, feeds, logins, forgotten };
  }

  close(): void {
    this.read.connection.close();
  }

  get(prefix: Prefix): Entry | undefined {
    return this.read.entries.get(prefix);
  }

  /** The entries with these prefixes that exist, from one snapshot. */
  getAll(prefixes: readonly Prefix[]): Entry[] {
    return this.read.entries.getAll(prefixes);
  }

  /** The entries that contain the prefix, including its own, the widest first. */
  supernets(prefix: Prefix): Entry[] {
    return this.read.entries.supernets(prefix);
  }

  /** The entries that the prefix contains, including its own: the widest first, then by network. */
  under(prefix: Prefix, filter?: EntryFilter): IterableIterator<Entry> {
    return this.read.entries.under(prefix, filter);
  }

  /** All entries: IPv4 first, then the widest first, then by network. */
  entries(filter?: EntryFilter): IterableIterator<Entry> {
    return this.read.entries.walk(filter);
  }

  /**
   * The entries around a request for the prefix: those that contain it, or the offender in it, and at
   * most a thousand within it.
   */
  around(prefix: Prefix, offender: Prefix = prefix): Entry[] {
    return this.read.entries.around(prefix, offender);
  }

  /** The prefixes of the active entries and of the feeds. */
  activePrefixes(at: Seconds): PrefixList {
    const list = this.read.entries.prefixes(at);
    this.read.feeds.pushAll(list);
    return list;
  }

  /**
   * The same, while other work of this process goes on: not to be called in a transaction. It is the
   * state at one time all the same.
   */
  async activePrefixesInTurns(at: Seconds): Promise<PrefixList> {
    const list = await this.read.entries.prefixesInTurns(at);
    this.read.feeds.pushAll(list);
    return list;
  }

  /** The prefixes of the entries that are active at that time by hand. */
  activeByHand(at: Seconds): PrefixList {
    return this.read.entries.activeByHand(at);
  }

  /** The number of active, expired and never active entries. Reads every entry. */
  counts(at: Seconds): EntryCounts {
    return this.read.entries.counts(at);
  }

  /** The activations of the entry with this prefix, oldest first. */
  history(prefix: Prefix): Activation[] {
    return this.read.history.of(prefix);
  }

  /** Whether there is evidence of this service for an activation of the entry. */
  hasEvidenceOf(prefix: Prefix, service: string): boolean {
    return this.read.history.hasEvidenceOf(prefix, service);
  }

  /**
   * The allow-list, in the order of comparePrefixes.
   * @param at leave out prefixes that have expired by then
   */
  allowed(at?: Seconds): AllowedPrefix[] {
    const all = this.read.allowed.all();
    return at === undefined ? all : all.filter(({ expiresAt }) => outlasts(expiresAt, at));
  }

  /** The logins from the prefix of which the last is at or after `since`, by address. */
  loginsWithin(prefix: Prefix, since: Seconds = 0): Login[] {
    return this.read.logins.within(prefix, since);
  }
}
