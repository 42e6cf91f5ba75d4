import { createRequire } from 'node:module';
import Database from 'better-sqlite3';
import { storeError } from './store-error.ts';

/** What a column can hold. */
export type Cell = number | string | Uint8Array | null;

/** One row, its columns in the order in which the statement names them. */
export type Row = readonly Cell[];

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** How long to wait for another process that writes. */
  readonly busyMilliseconds: number;
}

/** The source of a database in memory that holds nothing. */
export const EMPTY = ':memory:';

/**
 * One open SQLite database. Statements are compiled at their first use and kept. Whatever SQLite
 * throws comes out as a McblockError('store').
 */
export class Connection {
  readonly path: string;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #versionInTransaction = 0;
  #transactions = 0;

  /**
   * @param path what messages call it
   * @param source the file, which must be there, or its whole content
   */
  constructor(
    path: string,
    source: string | Buffer,
    { readonly = false, busyMilliseconds }: ConnectionOptions,
  ) {
    this.path = path;
    try {
      this.#database = new Database(source, {
        readonly,
        fileMustExist: typeof source === 'string' && source !== EMPTY,
        timeout: busyMilliseconds,
        ...nativeModule(),
      });
    } catch (error) {
      throw storeError(path, error);
    }
  }

  /** Runs a statement that changes; returns how many rows it changed. */
  run(sql: string, ...values: readonly Cell[]): number {
    try {
      return this.#statement(sql).run(...values).changes;
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /** The first row. */
  row(sql: string, ...values: readonly Cell[]): Row | undefined {
    try {
      return this.#statement(sql).get(...values) as Row | undefined;
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  rows(sql: string, ...values: readonly Cell[]): Row[] {
    try {
      return this.#statement(sql).all(...values) as Row[];
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /** The first column of all rows, without an array for each: for a million rows. */
  column(sql: string, ...values: readonly Cell[]): Cell[] {
    try {
      return this.#statement(sql, true).all(...values) as Cell[];
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  /** Runs several statements that return nothing. */
  execute(sql: string): void {
    try {
      this.#database.exec(sql);
    } catch (error) {
      throw storeError(this.path, error);
    }
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** How many transactions have begun here: another number in another one. */
  get transactions(): number {
    return this.#transactions;
  }

  /**
   * All that `work` writes, or nothing of it. The lock for writing is taken at once, so that what
   * is read inside still holds when it is written. A transaction within a transaction is an error.
   */
  transaction<T>(work: () => T): T {
    if (this.inTransaction) throw new Error('a transaction of the store cannot hold another one');
    this.run('BEGIN IMMEDIATE');
    this.#transactions++;
    try {
      this.#versionInTransaction = this.#dataVersion();
      const result = work();
      this.run('COMMIT');
      return result;
    } catch (error) {
      // SQLite rolls back by itself where the disk is full or broken.
      if (this.inTransaction) this.run('ROLLBACK');
      throw error;
    }
  }

  /** Like transaction, but part of the one that is under way, if there is one. */
  together<T>(work: () => T): T {
    return this.inTransaction ? work() : this.transaction(work);
  }

  /**
   * Until the function that comes back is called, everything read is as it is now, whatever others
   * write meanwhile.
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

  /** Another number after another connection wrote. */
  version(): number {
    return this.inTransaction ? this.#versionInTransaction : this.#dataVersion();
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #dataVersion(): number {
    return this.row('PRAGMA data_version')?.[0] as number;
  }

  #statement(sql: string, pluck = false): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      // SQLite's wrapper gives rows as objects unless told otherwise.
      if (statement.reader && pluck) statement.pluck();
      else if (statement.reader) statement.raw();
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

let loaded: { readonly nativeBinding?: string } | undefined;

/**
 * The native module where npm puts it, as better-sqlite3 takes longer to search for it than to open a
 * store. Loaded once: later, this process may have given up the right to read it.
 */
function nativeModule(): { readonly nativeBinding?: string } {
  loaded ??= loadNativeModule();
  return loaded;
}

function loadNativeModule(): { readonly nativeBinding?: string } {
  try {
    const require = createRequire(import.meta.url);
    // better-sqlite3 takes a loaded module too; its type declarations do not say so.
    return { nativeBinding: require('better-sqlite3/build/Release/better_sqlite3.node') as string };
  } catch {
    return {};
  }
}
