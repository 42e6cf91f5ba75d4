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
  /** How long to wait for another process that writes; 30 seconds if nothing is said. */
  readonly busyMilliseconds?: number;
}

/**
 * Opens the database of a store at its newest version. To write: made if it is not there, the
 * file 0600 and missing directories 0700. To read: where there is none, an empty one in memory;
 * nothing is made. Throws McblockError('store').
 * @param fill puts what a new store holds from the start into it
 */
export function openConnection(
  path: string,
  { mode, busyMilliseconds = 30_000 }: OpenOptions,
  fill: (connection: Connection) => void,
): Connection {
  const place = resolve(path);
  if (place !== place.trim()) {
    // better-sqlite3 would trim it, and open another file.
    throw new McblockError('store', `store "${path}": the name ends in white space`);
  }
  if (mode === 'write') return openToWrite(place, busyMilliseconds, fill);
  if (!holdsSomething(place)) return openNothing(fill);
  if (holdsSomething(`${place}-journal`)) {
    // Killed while it was made; only who may write can undo what is half done.
    openToWrite(place, busyMilliseconds, fill).close();
  }
  const connection = openToRead(place, busyMilliseconds);
  try {
    if (versionOf(connection) === MIGRATIONS.length) return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
  // Older: it must be brought forward before it can be read.
  connection.close();
  openToWrite(place, busyMilliseconds, fill).close();
  return openToRead(place, busyMilliseconds);
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

/** Before SQLite does, which would make it readable to everybody. */
function makeFile(path: string): void {
  try {
    if (existsSync(path)) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Two processes that make the store at the same time are in each other's way here, not for long. */
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
    // A reader too needs the -shm file, which this user may not make. Where there is no write-ahead
    // log, nobody writes, and the file is whole without it.
    if (!isCannotOpen(error) || holdsSomething(`${path}-wal`)) throw error;
    const content = readFileSync(path);
    if (holdsSomething(`${path}-wal`)) throw error;
    return new Connection(path, withoutLog(content), { readonly: true, busyMilliseconds });
  }
}

/** The content with its header saying that it has no write-ahead log (SQLite file format, 1.3.3). */
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
