import { createRequire } from 'node:module';
import Database from 'better-sqlite3';
import type { Prefix } from '../net/prefix.ts';
import { storeError } from './store-error.ts';
import { WaitingRows } from './waiting-rows.ts';
import { whileBusy } from './while-busy.ts';

/** The value of a column. */
export type Cell = number | string | Uint8Array | null;

/** The columns of a row, in the order of the statement. */
export type Row = readonly Cell[];

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** How long to wait for another process that writes. */
  readonly busyMilliseconds: number;
}

/** The source of an empty database in memory. */
export const EMPTY = ':memory:';

/**
 * One open SQLite database. Statements are compiled once. Errors of SQLite are thrown as
 * McblockError('store').
 */
export class Connection {
  readonly path: string;
  readonly #database: Database.Database;
  readonly #busyMilliseconds: number;
  readonly #statements = new Map<string, Database.Statement>();
  #versionInTransaction = 0;
  #transactions = 0;
  readonly #beforeCommit: (() => void)[] = [];
  readonly #waiting = new WaitingRows<Cell>();

  /**
   * @param path the name of the database in messages
   * @param source an existing file, or the content of a database
   */
  constructor(
    path: string,
    source: string | Buffer,
    { readonly = false, busyMilliseconds }: ConnectionOptions,
  ) {
    this.path = path;
    this.#busyMilliseconds = busyMilliseconds;
    try {
      this.#database = new Database(source, {
        readonly,
        fileMustExist: typeof source === 'string' && source !== EMPTY,
        timeout: busyMilliseconds,
        nativeBinding: nativeModule(),
      });
    } catch (error) {
      throw storeError(path, error);
    }
  }

  /**
   * Inserts a row, later and together with others: at the latest before any other statement, tables in
   * the order in which they were first used.
   * @param rest the columns after family, length and network
   */
  insertLater(table: string, prefix: Prefix, rest: readonly Cell[]): void {
    if (this.#waiting.mustWait(table, prefix, rest)) this.#insertWaiting();
    this.#waiting.add(table, prefix, rest);
  }

  /** Returns the number of rows that the statement changed. */
  run(sql: string, ...values: readonly Cell[]): number {
    if (this.#waiting.size > 0) this.#insertWaiting();
    try {
      return this.#statement(sql).run(...values).changes;
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /** The first row. */
  row(sql: string, ...values: readonly Cell[]): Row | undefined {
    if (this.#waiting.size > 0) this.#insertWaiting();
    try {
      return this.#statement(sql).get(...values) as Row | undefined;
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  rows(sql: string, ...values: readonly Cell[]): Row[] {
    if (this.#waiting.size > 0) this.#insertWaiting();
    try {
      return this.#statement(sql).all(...values) as Row[];
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /** Yields the rows one by one. Until the end, the connection can do nothing else. */
  *each(sql: string, ...values: readonly Cell[]): Generator<Row> {
    if (this.#waiting.size > 0) this.#insertWaiting();
    try {
      yield* this.#statement(sql).iterate(...values) as IterableIterator<Row>;
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /** The first column of all rows, without an array per row. */
  column(sql: string, ...values: readonly Cell[]): Cell[] {
    if (this.#waiting.size > 0) this.#insertWaiting();
    try {
      return this.#statement(sql, true).all(...values) as Cell[];
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /** Runs statements that return nothing. */
  execute(sql: string): void {
    if (this.#waiting.size > 0) this.#insertWaiting();
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** The number of transactions so far, which identifies the current one. */
  get transactions(): number {
    return this.#transactions;
  }

  /**
   * Commits what `work` writes, or rolls back if it throws. The write lock is taken first, so that
   * nothing changes between reading and writing. Transactions do not nest.
   */
  transaction<T>(work: () => T): T {
    if (this.inTransaction) throw new Error('a transaction of the store cannot hold another one');
    this.#begin();
    this.#transactions++;
    try {
      this.#versionInTransaction = this.#dataVersion();
      const result = work();
      for (const write of this.#beforeCommit) write();
      this.run('COMMIT');
      return result;
    } catch (error) {
      this.#waiting.clear();
      // SQLite has rolled back already if the disk is full or broken.
      if (this.inTransaction) this.run('ROLLBACK');
      throw error;
    }
  }

  /**
   * Like transaction, but does not wait for the disk. A failure of power may undo it, with all that was
   * committed since the last transaction that waited.
   */
  unsyncedTransaction<T>(work: () => T): T {
    this.execute('PRAGMA synchronous = NORMAL');
    try {
      return this.transaction(work);
    } finally {
      this.execute('PRAGMA synchronous = FULL');
    }
  }

  /**
   * What was committed before the current transaction, and what is with it. One transaction's `after`
   * is another's `before` if nothing was written in between, by whichever process.
   */
  get states(): { readonly before: string; readonly after: string } {
    const stateAt = (count: number) => `${count} ${this.#versionInTransaction}`;
    return { before: stateAt(this.#transactions - 1), after: stateAt(this.#transactions) };
  }

  /** Adds what runs at the end of each transaction, before it is committed. */
  onCommit(write: () => void): void {
    this.#beforeCommit.push(write);
  }

  /** Joins the current transaction, or runs a new one. */
  together<T>(work: () => T): T {
    return this.inTransaction ? work() : this.transaction(work);
  }

  /**
   * Reads see the database as it is now, whatever others write, until the returned function is
   * called.
   */
  snapshot(): () => void {
    if (this.inTransaction) return () => {};
    this.run('BEGIN');
    // The first read of a transaction takes the snapshot, not its BEGIN.
    this.#versionInTransaction = this.#dataVersion();
    return () => {
      if (this.inTransaction) this.run('COMMIT');
    };
  }

  /** Changes when another connection has written. */
  version(): number {
    return this.inTransaction ? this.#versionInTransaction : this.#dataVersion();
  }

  /** Changes when this or another connection has written. */
  get contentVersion(): string {
    return `${this.version()} ${this.row('SELECT total_changes()')?.[0]}`;
  }

  /** The content of the database as it is now. */
  content(): Buffer {
    return this.#database.serialize();
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  /** Takes the write lock in the first moment in which no other process has it. */
  #begin(): void {
    this.execute('PRAGMA busy_timeout = 0');
    try {
      whileBusy(this.#busyMilliseconds, () => this.run('BEGIN IMMEDIATE'));
    } finally {
      this.execute(`PRAGMA busy_timeout = ${this.#busyMilliseconds}`);
    }
  }

  #insertWaiting(): void {
    for (const [sql, ...values] of this.#waiting.take()) this.run(sql, ...values);
  }

  #dataVersion(): number {
    return this.row('PRAGMA data_version')?.[0] as number;
  }

  #statement(sql: string, pluck = false): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      // By default better-sqlite3 returns rows as objects.
      if (statement.reader && pluck) statement.pluck();
      else if (statement.reader) statement.raw();
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

let loaded: string | undefined;

/**
 * The native module where npm puts it, as better-sqlite3 takes longer to search for it than to open a
 * store. Loaded once: later, this process may have given up the right to read it.
 */
function nativeModule(): string {
  // better-sqlite3 takes a loaded module too; its type declarations do not say so.
  loaded ??= createRequire(import.meta.url)(
    'better-sqlite3/build/Release/better_sqlite3.node',
  ) as string;
  return loaded;
}
