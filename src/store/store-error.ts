import Database from 'better-sqlite3';
import { McblockError, reasonOf } from '../errors.ts';

/**
 * An error of SQLite as one that says what to do. Other errors are returned unchanged: a bug must
 * not look like a fault of the disk.
 */
export function storeError(path: string, error: unknown): unknown {
  if (isNotLoaded(error)) {
    return new McblockError(
      'program',
      `better-sqlite3 is not built for Node.js ${process.version}; run "npm rebuild better-sqlite3" in the folder of mcblock`,
      { cause: error },
    );
  }
  if (!(error instanceof Database.SqliteError)) return error;
  return new McblockError('store', `store ${path}: ${explain(error)}`, { cause: error });
}

/** An error of the file system while the store was opened or created. */
export function fileError(path: string, error: unknown): McblockError {
  return new McblockError(
    'store',
    `store ${path}: ${reasonOf(error)}; run as its owner, or use --db to name another`,
    { cause: error },
  );
}

/** Whether it is an error of SQLite with such a code. */
export function hasCode(error: unknown, pattern: RegExp): boolean {
  if (!(error instanceof McblockError)) return false;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && pattern.test(String(cause.code));
}

/** A row that mcblock cannot have written. */
export function damagedRow(table: string, key: string, what: string): McblockError {
  return new McblockError(
    'store',
    `the store is damaged: table ${table}, row ${key}: ${what}; restore a copy, or import the last export into a new store`,
  );
}

/** Whether better-sqlite3 was not compiled, or for another version of Node.js. */
function isNotLoaded(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return error.code === 'ERR_DLOPEN_FAILED' || error.code === 'MODULE_NOT_FOUND';
}

/** The extended result codes of SQLite start with the name of the primary one. */
function explain({ code, message }: { readonly code: string; readonly message: string }): string {
  const is = (...names: readonly string[]) =>
    names.some((name) => code.startsWith(`SQLITE_${name}`));
  if (is('BUSY', 'LOCKED')) {
    return 'locked by another process; try again later';
  }
  if (is('FULL')) {
    return 'disk full; nothing was recorded';
  }
  if (is('READONLY')) {
    return 'read-only for this user; nothing was recorded; run as its owner, or use --db to name another';
  }
  if (is('CANTOPEN', 'PERM', 'AUTH')) {
    return 'cannot be opened: no permission, not a file, or a read-only file system; run as its owner, or use --db to name another';
  }
  if (is('NOTADB')) {
    return 'not a store of mcblock; use --db to name another';
  }
  if (is('CORRUPT')) {
    return `damaged (${message}); restore a copy, or import the last export into a new store`;
  }
  if (is('IOERR')) {
    return `${message} (${code}); nothing was recorded; check the disk`;
  }
  return `${message} (${code}); nothing was recorded`;
}
