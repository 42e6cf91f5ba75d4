import Database from 'better-sqlite3';
import { McblockError, reasonOf } from '../errors.ts';

/**
 * What SQLite threw, as an error that says what to do. Anything else comes back as it is: a bug
 * must not look like a fault of the disk.
 */
export function storeError(path: string, error: unknown): unknown {
  if (isNotLoaded(error)) {
    return new McblockError(
      'program',
      `better-sqlite3 was not compiled for this Node.js (${process.version}); run "npm rebuild better-sqlite3" where mcblock is installed`,
      { cause: error },
    );
  }
  if (!(error instanceof Database.SqliteError)) return error;
  return new McblockError('store', `the store ${path} ${explain(error)}`, { cause: error });
}

/** What the file system threw while the store was looked for or made. */
export function fileError(path: string, error: unknown): McblockError {
  return new McblockError(
    'store',
    `the store ${path} cannot be used: ${reasonOf(error)}; run the command as its owner, or name another store with --db`,
    { cause: error },
  );
}

/** A row that holds what mcblock never writes. */
export function damagedRow(table: string, key: string, what: string): McblockError {
  return new McblockError(
    'store',
    `the store is damaged: in the table ${table}, row ${key}, ${what}; put back a copy of the store, or start a new one and import your last export`,
  );
}

/** After an update of Node.js: its native part must be compiled anew. */
function isNotLoaded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_DLOPEN_FAILED';
}

/** The extended result codes of SQLite start with the name of the primary one. */
function explain({ code, message }: { readonly code: string; readonly message: string }): string {
  const is = (...names: readonly string[]) =>
    names.some((name) => code.startsWith(`SQLITE_${name}`));
  if (is('BUSY', 'LOCKED')) {
    return 'is being written by another program; run the command again when that has ended';
  }
  if (is('FULL')) {
    return 'has no room left on its disk; nothing was recorded: make room and run the command again';
  }
  if (is('READONLY')) {
    return `may not be written by this user (${message}); nothing was recorded: run the command as its owner, or name another store with --db`;
  }
  if (is('CANTOPEN', 'PERM', 'AUTH')) {
    return `may not be opened by this user, is no file, or lies on a disk that is mounted read-only (${message}); run the command as its owner, or name another store with --db`;
  }
  if (is('NOTADB')) {
    return 'is no store of mcblock, nor any SQLite database; name another file with --db';
  }
  if (is('CORRUPT')) {
    return `is damaged (${message}): put back a copy of it, or start a new one and import your last export`;
  }
  if (is('IOERR')) {
    return `cannot be read or written (${message}, ${code}); nothing was recorded: see to the disk and run the command again`;
  }
  return `failed (${message}, ${code}); nothing was recorded`;
}
