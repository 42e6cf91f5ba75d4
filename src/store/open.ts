import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { McblockError } from '../errors.ts';
import { Connection, EMPTY } from './connection.ts';
import { MIGRATIONS, migrate, versionOf } from './schema.ts';
import { fileError } from './store-error.ts';

export interface OpenOptions {
  readonly mode: 'read' | 'write';
  /** How long to wait for another process that writes; by default 30 seconds. */
  readonly busyMilliseconds?: number;
}

/**
 * Opens the database of a store at the newest version. In mode `write` a missing file is created
 * (0600, missing directories 0700); in mode `read` it is an empty database in memory. Throws
 * McblockError('store').
 * @param fill adds the initial content of a new store
 */
export function openConnection(
  path: string,
  { mode, busyMilliseconds = 30_000 }: OpenOptions,
  fill: (connection: Connection) => void,
): Connection {
  const file = resolve(path);
  if (file !== file.trim()) {
    // better-sqlite3 would trim the name and open another file.
    throw new McblockError('store', `store "${path}": the name ends in white space`);
  }
  if (mode === 'write') return openToWrite(file, busyMilliseconds, fill);
  if (!holdsSomething(file)) return openNothing(fill);
  if (holdsSomething(`${file}-journal`)) {
    // A process was killed while it created the store; the rollback needs write access.
    openToWrite(file, busyMilliseconds, fill).close();
  }
  const connection = openToRead(file, busyMilliseconds);
  try {
    if (versionOf(connection) === MIGRATIONS.length) return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
  // An older version must be migrated before it can be read.
  connection.close();
  openToWrite(file, busyMilliseconds, fill).close();
  return openToRead(file, busyMilliseconds);
}

function openToWrite(
  path: string,
  busyMilliseconds: number,
  fill: (connection: Connection) => void,
): Connection {
  makeFile(path);
  const connection = new Connection(path, path, { busyMilliseconds });
  try {
    migrate(connection, () => fill(connection));
    useWriteAheadLog(connection, busyMilliseconds);
    connection.execute(
      'PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF',
    );
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** SQLite would create it readable for everybody. */
function makeFile(path: string): void {
  try {
    if (existsSync(path)) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Two processes that create the store at the same time briefly conflict here. */
function useWriteAheadLog(connection: Connection, busyMilliseconds: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += 10) {
    try {
      connection.row('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (waited >= busyMilliseconds || !isBusy(error)) throw error;
      Atomics.wait(pause, 0, 0, 10);
    }
  }
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof McblockError)) return false;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('SQLITE_BUSY');
}

function holdsSomething(path: string): boolean {
  try {
    return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
  } catch (error) {
    throw fileError(path, error);
  }
}

function openNothing(fill: (connection: Connection) => void): Connection {
  const connection = new Connection('(empty)', EMPTY, { busyMilliseconds: 0 });
  migrate(connection, () => fill(connection));
  connection.execute('PRAGMA query_only = ON');
  return connection;
}

function openToRead(path: string, busyMilliseconds: number): Connection {
  const connection = new Connection(path, path, { readonly: true, busyMilliseconds });
  try {
    connection.row('PRAGMA application_id');
    return connection;
  } catch (error) {
    connection.close();
    // Reading needs the -shm file, which this user may not create. Without a write-ahead log nobody
    // is writing, and the file is complete.
    if (!isCannotOpen(error) || holdsSomething(`${path}-wal`)) throw error;
    const content = readFileSync(path);
    if (holdsSomething(`${path}-wal`)) throw error;
    return new Connection(path, withoutLog(content), { readonly: true, busyMilliseconds });
  }
}

/** The content with a header that declares no write-ahead log (SQLite file format, 1.3.3). */
function withoutLog(content: Buffer): Buffer {
  content.fill(1, 18, 20);
  return content;
}

function isCannotOpen(error: unknown): boolean {
  if (!(error instanceof McblockError)) return false;
  const { cause } = error;
  return (
    cause instanceof Error &&
    'code' in cause &&
    /^SQLITE_(CANTOPEN|READONLY)/.test(String(cause.code))
  );
}
