import { McblockError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { MIGRATIONS } from './schema.ts';

/** "mcbl": identifies a database as a store (PRAGMA application_id). */
const APPLICATION_ID = 0x6d_63_62_6c;

/**
 * The schema version of the database; 0 if it is empty. Throws McblockError('store') for the
 * database of another program or of a newer mcblock.
 */
export function versionOf(connection: Connection, migrations = MIGRATIONS): number {
  const version = connection.row('PRAGMA user_version')?.[0] as number;
  const application = connection.row('PRAGMA application_id')?.[0];
  if (application !== APPLICATION_ID) {
    const isEmpty = !connection.row('SELECT 1 FROM sqlite_schema LIMIT 1');
    if (application === 0 && version === 0 && isEmpty) return 0;
    throw new McblockError(
      'store',
      `${connection.path}: not a store of mcblock; use --db to name another`,
    );
  }
  if (version > migrations.length) {
    throw new McblockError(
      'store',
      `store ${connection.path}: written by a newer mcblock (version ${version}, this one reads up to ${migrations.length}); update mcblock`,
    );
  }
  return version;
}

/**
 * Migrates the database to the newest version, in one transaction.
 * @param fill called in that transaction if the store is new
 */
export function migrate(
  connection: Connection,
  fill: () => void,
  migrations: readonly string[] = MIGRATIONS,
): void {
  if (versionOf(connection, migrations) === migrations.length) return;
  connection.transaction(() => {
    // Another process may have migrated it in the meantime.
    const version = versionOf(connection, migrations);
    for (const migration of migrations.slice(version)) connection.execute(migration);
    connection.execute(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}`,
    );
    if (version === 0) fill();
  });
}
