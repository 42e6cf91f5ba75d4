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
import { latestVersion } from '../schema-versions.ts';
import { Connection, EMPTY } from './connection.ts';
import { migrate, versionOf } from './migrate.ts';
import { STORE_VERSIONS } from './schema.ts';
import { fileError, hasCode } from './store-error.ts';
import { whileBusy } from './while-busy.ts';

/**
 * `change` writes, but a missing store is an error, as with `read`; for `dry-run` it is an empty one,
 * and `write` creates it.
 */
export type StoreMode = 'read' | 'dry-run' | 'change' | 'write';

export interface OpenOptions {
  readonly mode: StoreMode;
  /** How long to wait for another process that writes; by default 30 seconds. */
  readonly busyMilliseconds?: number;
}

/**
 * Opens the database of a store at the newest version. Where there is none, `write` creates it (0600,
 * its directory 0700, those above 0755), `dry-run` uses an empty one in memory, and the others fail: a
 * misspelt name must not look like an empty blocklist. Throws McblockError('store').
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
  if (!holdsSomething(file)) {
    if (mode === 'dry-run') return openNothing(fill);
    throw new McblockError(
      'store',
      `store ${file}: no such store; mcblock setup creates it, and so does the first command that records something`,
    );
  }
  if (mode === 'change') return openToWrite(file, busyMilliseconds, fill);
  if (holdsSomething(`${file}-journal`)) {
    // A process was killed while it created the store; the rollback needs write access.
    openToWrite(file, busyMilliseconds, fill).close();
  }
  const connection = openToRead(file, busyMilliseconds);
  try {
    if (versionOf(connection) === latestVersion(STORE_VERSIONS)) return connection;
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
    // Two processes that create the store at the same time briefly conflict here.
    whileBusy(busyMilliseconds, () => connection.row('PRAGMA journal_mode = WAL'));
    connection.execute(
      'PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF',
    );
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Makes an empty file that only its owner can read, as SQLite would not. Throws McblockError('store').
 */
export function makeFile(path: string): void {
  try {
    if (existsSync(path)) return;
    makeDirectory(dirname(path), 0o700);
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Makes missing directories. The recursive mode of mkdirSync gives all of them the same mode. */
function makeDirectory(path: string, mode: number): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path), 0o755);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(path)) throw error;
  }
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
    if (hasCode(error, /^SQLITE_(IOERR_SHM|FULL)/)) return openAlone(path, busyMilliseconds);
    // Reading needs the -shm file, which this user may not create. Without a write-ahead log nobody
    // is writing, and the file is complete.
    if (!hasCode(error, /^SQLITE_(CANTOPEN|READONLY)/) || holdsSomething(`${path}-wal`))
      throw error;
    const content = readFileSync(path);
    if (holdsSomething(`${path}-wal`)) throw error;
    return new Connection(path, withoutLog(content), { readonly: true, busyMilliseconds });
  }
}

/**
 * Opens the store on a full disk: after a reboot the rules must come back. In exclusive mode SQLite
 * keeps the index of the write-ahead log in memory, not in the -shm file (Write-Ahead Logging, 5).
 */
function openAlone(path: string, busyMilliseconds: number): Connection {
  const connection = new Connection(path, path, { busyMilliseconds });
  try {
    connection.execute('PRAGMA locking_mode = EXCLUSIVE; PRAGMA query_only = ON');
    connection.row('PRAGMA application_id');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A copy in memory, which can be written to. */
export function copyConnection(connection: Connection): Connection {
  const content = withoutLog(connection.content());
  const copy = new Connection(connection.path, content, { busyMilliseconds: 0 });
  copy.execute('PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF');
  return copy;
}

/** The content with a header that declares no write-ahead log (SQLite file format, 1.3.3). */
export function withoutLog(content: Buffer): Buffer {
  content.fill(1, 18, 20);
  return content;
}
