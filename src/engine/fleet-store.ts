import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { McblockError, reasonOf } from '../errors.ts';
import type { FleetStore } from '../fleet/fleet-store.ts';
import { Connection } from '../store/connection.ts';

const BUSY_MILLISECONDS = 10_000;

/**
 * Opens the fleet's store: a PostgreSQL database (a postgres:// URL) or an SQLite file, which is
 * created if it does not exist. Throws McblockError('store').
 */
export async function openFleetStore(location: string): Promise<FleetStore> {
  if (isPostgres(location)) {
    const { openPostgres } = await import('../fleet/postgres/postgres-fleet-store.ts');
    return openPostgres(location);
  }
  const { SqliteFleetStore } = await import('../fleet/sqlite/sqlite-fleet-store.ts');
  makeFile(location);
  const connection = new Connection(location, location, { busyMilliseconds: BUSY_MILLISECONDS });
  try {
    const store = new SqliteFleetStore(connection);
    connection.row('PRAGMA journal_mode = WAL');
    connection.execute('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
    return store;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The location without a password, for messages. */
export function shownLocation(location: string): string {
  return isPostgres(location) ? location.replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, '$1@') : location;
}

export function isPostgres(location: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(location);
}

/** SQLite itself would create the file readable by everybody. */
function makeFile(path: string): void {
  try {
    if (existsSync(path)) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new McblockError(
      'store',
      `fleet store ${path}: ${reasonOf(error)}; use --db to name another`,
      { cause: error },
    );
  }
}
