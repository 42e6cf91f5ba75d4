import type { Entry, Seconds } from '../blocklist/entry.ts';
import { addressBytes, type Family } from '../net/address.ts';
import { containsPrefix, type Prefix, prefixAround } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { Cell, Connection } from './connection.ts';
import { cellsOfEntry, ENTRY_COLUMNS, entryOfRow, rowOfEntry } from './entry-row.ts';
import { keyOf, prefixOfRow, pushHex } from './key.ts';
import { Lengths } from './lengths.ts';
import { EVERYTHING, type PageKey, pageSql, pages } from './pages.ts';
import { Subnets } from './subnets.ts';

/** Entries that are active at a time, that are expired, or that were never active. */
export interface EntryFilter {
  readonly state: 'active' | 'expired' | 'never';
  readonly at: Seconds;
}

/** How many entries there are of each state. */
export type EntryCounts = Readonly<Record<EntryFilter['state'], number>>;

const GET = `SELECT ${ENTRY_COLUMNS} FROM entry WHERE family = ? AND length = ? AND network = ?`;

function getAllSql(count: number): string {
  const keys = Array.from({ length: count }, () => '(?, ?, ?)').join(', ');
  return `
WITH key(f, l, n) AS (VALUES ${keys})
SELECT ${ENTRY_COLUMNS} FROM key CROSS JOIN entry ON family = f AND length = l AND network = n`;
}

const REMOVE = 'DELETE FROM entry WHERE family = ? AND length = ? AND network = ?';

const PUT = `
INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (family, length, network) DO UPDATE SET
  origin = excluded.origin, note = excluded.note, activations = excluded.activations,
  hits = excluded.hits, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
  activated_at = excluded.activated_at, expires_at = excluded.expires_at,
  hit_days = excluded.hit_days, made_by = excluded.made_by, by_admin = excluded.by_admin,
  ended_at = excluded.ended_at, command = excluded.command, rule = excluded.rule`;

/** By the number of lengths. */
const coveringStatements: string[] = [];

/** A single statement that seeks each length. */
function coveringSql(lengths: number): string {
  coveringStatements[lengths] ??= makeCoveringSql(lengths);
  return coveringStatements[lengths];
}

function makeCoveringSql(lengths: number): string {
  const keys = Array.from({ length: lengths }, () => '(?, ?)').join(', ');
  return `
WITH key(l, n) AS (VALUES ${keys})
SELECT ${ENTRY_COLUMNS} FROM key CROSS JOIN entry ON family = ? AND length = l AND network = n`;
}

/** isActive in SQL; the time is bound twice. */
export const IS_ACTIVE = '(activated_at <= ? AND (expires_at IS NULL OR expires_at > ?))';

const CONDITIONS = {
  active: `AND ${IS_ACTIVE}`,
  expired: `AND activations > 0 AND NOT ${IS_ACTIVE}`,
  never: 'AND activations = 0',
} as const;

const COUNT = `
SELECT count(*) FILTER (WHERE ${IS_ACTIVE}), count(*) FILTER (WHERE activations = 0), count(*)
FROM entry`;

/** By the partial index, whose condition it has to repeat. */
const BY_HAND = `
SELECT family, length, hex(network)
FROM activation CROSS JOIN entry USING (family, length, network)
WHERE activation.origin = 'manual' AND number = activations AND ${IS_ACTIVE}`;

/** How often prefixes are read in turns. */
const ATTEMPTS = 3;

/** The current entries, without their history. */
export class Entries {
  readonly #connection: Connection;
  readonly #lengths: Lengths;
  readonly #subnets: Subnets;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#lengths = new Lengths(connection);
    this.#subnets = new Subnets(connection);
  }

  get(prefix: Prefix): Entry | undefined {
    const row = this.#connection.row(GET, ...keyOf(prefix));
    return row && entryOfRow(row);
  }

  /** The entries with these prefixes that exist; at most 10,000 prefixes, for SQLite's limit. */
  getAll(prefixes: readonly Prefix[]): Entry[] {
    const keys = prefixes.flatMap(keyOf);
    return this.#connection.rows(getAllSql(prefixes.length), ...keys).map(entryOfRow);
  }

  /** The entries that contain the prefix, including its own, the widest first. */
  supernets(prefix: Prefix): Entry[] {
    const lengths = this.#lengths.of(prefix.family).filter((length) => length <= prefix.length);
    if (lengths.length === 0) return [];
    const keys: Cell[] = [];
    for (const length of lengths) keys.push(length, addressBytes(prefixAround(prefix, length)));
    return this.#connection
      .rows(coveringSql(lengths.length), ...keys, prefix.family)
      .map(entryOfRow);
  }

  /** The prefix lengths of the entries, ascending. */
  lengths(family: Family): readonly number[] {
    return this.#lengths.of(family);
  }

  /** At most `limit` entries of one length. */
  ofLength(family: Family, length: number, limit: number): Entry[] {
    return this.#subnets.ofLength(family, length, limit);
  }

  /** At most a thousand entries of these lengths within the prefix. */
  within(prefix: Prefix, lengths: readonly number[]): Entry[] {
    return this.#subnets.within(prefix, lengths);
  }

  /**
   * At most a thousand entries within the prefix, without its own, in any order: all that an IPv4
   * prefix from /23 on can have.
   */
  subnets(prefix: Prefix): Entry[] {
    const lengths = this.#lengths.of(prefix.family).filter((length) => length > prefix.length);
    return this.within(prefix, lengths);
  }

  /** Those that contain the prefix, or the offender in it, and a thousand within it. */
  around(prefix: Prefix, offender: Prefix): Entry[] {
    const within = this.subnets(prefix);
    const supernets = this.supernets(within.length === 0 ? prefix : offender);
    return [...supernets, ...within.filter((entry) => !containsPrefix(entry.prefix, offender))];
  }

  /** The entries that the prefix contains, including its own: the widest first, then by network. */
  *under(prefix: Prefix, filter?: EntryFilter): IterableIterator<Entry> {
    const sql = pageSql(ENTRY_COLUMNS, filter ? CONDITIONS[filter.state] : '');
    const time: Cell[] = filter && filter.state !== 'never' ? [filter.at, filter.at] : [];
    const read = (...key: PageKey) => this.#connection.rows(sql, ...key, ...time);
    const lengths = this.#lengths.of(prefix.family);
    for (const { items } of pages(prefix, lengths, read, (row) => row[2])) {
      for (const row of items) yield entryOfRow(row);
    }
  }

  /** All entries: IPv4 first, then the widest first, then by network. */
  *walk(filter?: EntryFilter): IterableIterator<Entry> {
    for (const prefix of EVERYTHING) yield* this.under(prefix, filter);
  }

  /** The prefixes of the entries, or of those active at a time, without an object per entry. */
  prefixes(activeAt?: Seconds): PrefixList {
    const list = new PrefixList();
    const end = this.#connection.snapshot();
    try {
      for (const _ of this.#pushPages(list, activeAt));
    } finally {
      end();
    }
    return list;
  }

  /** As prefixes; other work has its turn between the pages, unless the store always changes meanwhile. */
  async prefixesInTurns(activeAt: Seconds): Promise<PrefixList> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const list = new PrefixList();
      const { contentVersion } = this.#connection;
      for (const _ of this.#pushPages(list, activeAt)) await new Promise(setImmediate);
      if (this.#connection.contentVersion === contentVersion) return list;
    }
    return this.prefixes(activeAt);
  }

  *#pushPages(list: PrefixList, activeAt?: Seconds): Generator<void> {
    const sql = pageSql('hex(network)', activeAt === undefined ? '' : CONDITIONS.active);
    const times = activeAt === undefined ? [] : [activeAt, activeAt];
    const read = (...key: PageKey) => this.#connection.column(sql, ...key, ...times);
    for (const prefix of EVERYTHING) {
      const lengths = this.#lengths.of(prefix.family);
      for (const { length, items } of pages(prefix, lengths, read, (hex) => hex)) {
        for (const hex of items) pushHex(list, prefix.family, length, hex);
        yield;
      }
    }
  }

  /** Those whose current activation was made by hand. */
  activeByHand(at: Seconds): PrefixList {
    const list = new PrefixList();
    for (const [family, length, hex] of this.#connection.rows(BY_HAND, at, at)) {
      list.push(prefixOfRow('entry', family ?? null, length ?? null, hex ?? null));
    }
    return list;
  }

  /** Reads every entry. */
  counts(at: Seconds): EntryCounts {
    const [active, never, all] = (this.#connection.row(COUNT, at, at) ?? []) as number[];
    if (active === undefined || never === undefined || all === undefined) throw new Error('no row');
    return { active, expired: all - active - never, never };
  }

  /**
   * Replaces the entry with the same prefix.
   * @param command the command that changes it
   */
  put(entry: Entry, command?: number): void {
    this.#connection.run(PUT, ...rowOfEntry(entry), command ?? null, entry.rule ?? null);
    this.#written(entry.prefix);
  }

  /** The same for a prefix without an entry. */
  insert(entry: Entry, command: number | undefined): void {
    const row = [...cellsOfEntry(entry), command ?? null, entry.rule ?? null];
    this.#connection.insertLater('entry', entry.prefix, row);
    this.#written(entry.prefix);
  }

  /** The history of the entry must be removed first. */
  remove(prefix: Prefix): void {
    this.#connection.run(REMOVE, ...keyOf(prefix));
    this.#subnets.written(prefix);
  }

  /** Call this after entries were removed by other means. */
  removedMany(): void {
    this.#subnets.clear();
  }

  putMany(entries: Iterable<Entry>): void {
    this.#connection.together(() => {
      for (const entry of entries) this.put(entry);
    });
  }

  #written(prefix: Prefix): void {
    this.#lengths.written(prefix);
    this.#subnets.written(prefix);
  }
}
