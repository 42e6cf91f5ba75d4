import { sizeOf } from '../blocklist/coverage.ts';
import type { Seconds } from '../blocklist/entry.ts';
import type { Family } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Connection } from './connection.ts';
import { UserUsageTable } from './user-usage-table.ts';

const GROW = 'UPDATE coverage SET addresses = addresses + ? WHERE family = ?';
const REFUSE = `
INSERT INTO share_refusal VALUES (1, ?, ?)
ON CONFLICT (id) DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at`;

/** The automatic requests that were refused because too much would have been active. */
export interface ShareRefusals {
  readonly count: number;
  readonly lastAt: Seconds;
}

/**
 * An upper bound of what active entries and feeds cover, so that not every command has to read all
 * entries: it grows with each activation, and whoever counts exactly sets it anew.
 */
export class StoredCoverage {
  /** How much the users of the fleet have active. */
  readonly users: UserUsageTable;
  readonly #connection: Connection;
  /** What this transaction, by its number, has added so far. */
  #grown = { transaction: -1, 4: 0, 6: 0 };

  constructor(connection: Connection) {
    this.#connection = connection;
    this.users = new UserUsageTable(connection);
    connection.onCommit(() => this.#write());
  }

  /** The most addresses that may be covered; undefined if nobody has counted. */
  most(family: Family): number | undefined {
    const row = this.#connection.row('SELECT addresses FROM coverage WHERE family = ?', family);
    const grown = this.#isOfThisTransaction() ? this.#grown[family] : 0;
    return row === undefined ? undefined : Number(row[0]) + grown;
  }

  /** An entry became active, or for longer. To be called in the transaction that records it. */
  grow(prefix: Prefix): void {
    if (!this.#isOfThisTransaction()) {
      this.#grown = { transaction: this.#connection.transactions, 4: 0, 6: 0 };
    }
    this.#grown[prefix.family] += Number(sizeOf(prefix));
  }

  /** All entries were counted. Without effect outside a transaction: a dry run keeps nothing. */
  set(counted: Readonly<Record<Family, bigint>>): void {
    if (!this.#connection.inTransaction) return;
    this.#grown.transaction = -1;
    for (const family of [4, 6] as const) {
      const sql = 'INSERT OR REPLACE INTO coverage VALUES (?, ?)';
      this.#connection.run(sql, family, Number(counted[family]));
    }
  }

  /** Entries changed in ways that nobody counted. */
  forget(): void {
    this.#connection.execute('DELETE FROM coverage; DELETE FROM user_usage');
  }

  /** Counts refused automatic requests. Without effect outside a transaction. */
  addRefusals(count: number, at: Seconds): void {
    if (count > 0 && this.#connection.inTransaction) this.#connection.run(REFUSE, count, at);
  }

  /** Undefined if there were none. */
  refusals(): ShareRefusals | undefined {
    const row = this.#connection.row('SELECT count, last_at FROM share_refusal');
    return row && { count: Number(row[0]), lastAt: Number(row[1]) };
  }

  #isOfThisTransaction(): boolean {
    const { inTransaction, transactions } = this.#connection;
    return inTransaction && this.#grown.transaction === transactions;
  }

  #write(): void {
    if (!this.#isOfThisTransaction()) return;
    for (const family of [4, 6] as const) {
      if (this.#grown[family] > 0) this.#connection.run(GROW, this.#grown[family], family);
    }
    this.#grown.transaction = -1;
  }
}
