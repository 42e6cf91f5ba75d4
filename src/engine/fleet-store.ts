import { existsSync } from 'node:fs';
import { McblockError } from '../errors.ts';
import type { FleetStore } from '../fleet/fleet-store.ts';
import { Connection } from '../store/connection.ts';
import { makeFile } from '../store/open.ts';

const BUSY_MILLISECONDS = 10_000;

/**
 * Opens the fleet's store: a PostgreSQL database (a postgres:// URL) or an SQLite file. Throws
 * McblockError('store').
 * @param mustExist otherwise a missing file is created
 */
export async function openFleetStore(location: string, mustExist = false): Promise<FleetStore> {
  if (isPostgres(location)) {
    const { openPostgres } = await import('../fleet/postgres/postgres-fleet-store.ts');
    return openPostgres(location);
  }
  const { SqliteFleetStore } = await import('../fleet/sqlite/sqlite-fleet-store.ts');
  if (mustExist && !existsSync(location)) {
    throw new McblockError(
      'store',
      `store ${location}: no such store; mcblock serve and mcblock user add create it`,
    );
  }
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
