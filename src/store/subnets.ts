import type { Entry } from '../blocklist/entry.ts';
import { addressBytes, type Family } from '../net/address.ts';
import { contains, lastAddress, type Prefix } from '../net/prefix.ts';
import type { Connection } from './connection.ts';
import { ENTRY_COLUMNS, entryOfRow } from './entry-row.ts';

/** The most entries that are read within one prefix; a /23 has room for 1,022. */
export const MAX_SUBNETS = 1024;

/** A length with no more entries is kept in memory during a transaction. */
const FEW = 64;

const OF_LENGTH = `SELECT ${ENTRY_COLUMNS} FROM entry WHERE family = ? AND length = ? LIMIT ?`;

/** By the number of lengths. */
const withinStatements: string[] = [];

/** The entries of these lengths within a prefix. */
function withinSql(lengths: number): string {
  withinStatements[lengths] ??= `
WITH key(l) AS (VALUES ${Array.from({ length: lengths }, () => '(?)').join(', ')})
SELECT ${ENTRY_COLUMNS} FROM key CROSS JOIN entry
ON family = ? AND length = l AND network BETWEEN ? AND ? LIMIT ?`;
  return withinStatements[lengths];
}

/**
 * The entries within prefixes. Nearly every prefix has none, and a list of a hundred thousand asks
 * for each: so that lengths with few entries, as the bogons have, are looked up in memory.
 */
export class Subnets {
  readonly #connection: Connection;
  /** By family and length; undefined for a length with many. Of one transaction. */
  readonly #few: Record<Family, Map<number, readonly Entry[] | undefined>>;
  #transaction = -1;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#few = { 4: new Map(), 6: new Map() };
  }

  /** At most MAX_SUBNETS entries of these lengths within the prefix, in any order. */
  within(prefix: Prefix, lengths: readonly number[]): Entry[] {
    if (!this.#connection.inTransaction) return this.#read(prefix, lengths, MAX_SUBNETS);
    const found: Entry[] = [];
    const others: number[] = [];
    for (const length of lengths) {
      const few = this.#fewOf(prefix.family, length);
      if (few === undefined) others.push(length);
      for (const entry of few ?? []) if (contains(prefix, entry.prefix)) found.push(entry);
    }
    const more = this.#read(prefix, others, Math.max(0, MAX_SUBNETS - found.length));
    return [...found.slice(0, MAX_SUBNETS), ...more];
  }

  /** At most `limit` entries of one length. */
  ofLength(family: Family, length: number, limit: number): Entry[] {
    return this.#connection.rows(OF_LENGTH, family, length, limit).map(entryOfRow);
  }

  /** To be called for each entry that is written or removed. */
  written({ family, length }: Prefix): void {
    // Many hardly ever become few again.
    if (this.#few[family].get(length) !== undefined) this.#few[family].delete(length);
  }

  /** Call this after entries were removed by other means. */
  clear(): void {
    this.#few[4].clear();
    this.#few[6].clear();
  }

  #read(prefix: Prefix, lengths: readonly number[], limit: number): Entry[] {
    if (lengths.length === 0 || limit === 0) return [];
    const range = [addressBytes(prefix), addressBytes(lastAddress(prefix))];
    return this.#connection
      .rows(withinSql(lengths.length), ...lengths, prefix.family, ...range, limit)
      .map(entryOfRow);
  }

  #fewOf(family: Family, length: number): readonly Entry[] | undefined {
    // What another transaction read may have been rolled back.
    if (this.#transaction !== this.#connection.transactions) {
      this.clear();
      this.#transaction = this.#connection.transactions;
    }
    const known = this.#few[family];
    if (!known.has(length)) {
      const entries = this.ofLength(family, length, FEW + 1);
      known.set(length, entries.length > FEW ? undefined : entries);
    }
    return known.get(length);
  }
}
