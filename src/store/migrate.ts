import { McblockError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { latestVersion, type SchemaVersions, STORE_VERSIONS } from './schema.ts';

/** "mcbl": identifies a database as a store (PRAGMA application_id). */
const APPLICATION_ID = 0x6d_63_62_6c;

/**
 * The schema version of the database; 0 if it is empty. Throws McblockError('store') for the
 * database of another program, of a newer mcblock, or of one before the first release.
 */
export function versionOf(connection: Connection, versions = STORE_VERSIONS): number {
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
  const latest = latestVersion(versions);
  if (version > latest) {
    throw new McblockError(
      'store',
      `store ${connection.path}: written by a newer mcblock (version ${version}, this one reads up to ${latest}); update mcblock`,
    );
  }
  if (version < versions.first) {
    throw new McblockError(
      'store',
      `store ${connection.path}: written by mcblock before its first release (version ${version}); use that mcblock to export it, and import the export into a new store`,
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
  versions: SchemaVersions = STORE_VERSIONS,
): void {
  const latest = latestVersion(versions);
  if (versionOf(connection, versions) === latest) return;
  connection.transaction(() => {
    // Another process may have migrated it in the meantime.
    const version = versionOf(connection, versions);
    if (version === 0) connection.execute(versions.schema);
    const known = Math.max(version, versions.first);
    for (const migration of versions.migrations.slice(known - versions.first)) {
      connection.execute(migration);
    }
    connection.execute(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${latest}`,
    );
    if (version === 0) fill();
  });
}
