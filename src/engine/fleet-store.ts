import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Context } from '../cli/context.ts';
import { storePath } from '../cli/store-location.ts';
import { McblockError, reasonOf } from '../errors.ts';
import type { FleetStore } from '../fleet/fleet-store.ts';

const BUSY_MILLISECONDS = 10_000;

/** The fleet's store: a PostgreSQL database, or an SQLite file, which is made if it is not there. */
export async function openFleetStore(place: string): Promise<FleetStore> {
  if (isPostgres(place)) {
    const { openPostgres } = await import('../fleet/postgres/postgres-fleet-store.ts');
    return openPostgres(place);
  }
  const { SqliteFleetStore } = await import('../fleet/sqlite/sqlite-fleet-store.ts');
  const { Connection } = await import('../store/connection.ts');
  makeFile(place);
  const connection = new Connection(place, place, { busyMilliseconds: BUSY_MILLISECONDS });
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

/** The place without a password that stands in it. */
export function shownPlace(place: string): string {
  return isPostgres(place) ? place.replace(/^(\w+:\/\/[^:/@]*):[^@]*@/, '$1@') : place;
}

/** What --db or MCBLOCK_DB names; else fleet.db, beside where the store of a machine lies. */
export function fleetPlace(context: Context): string {
  const { db } = context.options;
  if (db !== undefined) return isPostgres(db) ? db : resolve(db);
  return join(dirname(storePath(undefined, context.env)), 'fleet.db');
}

function isPostgres(place: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(place);
}

/** Before SQLite does, which would make it readable to everybody. */
function makeFile(path: string): void {
  try {
    if (existsSync(path)) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new McblockError(
      'store',
      `the fleet's store ${path} cannot be made: ${reasonOf(error)}; name another with --db`,
      { cause: error },
    );
  }
}
