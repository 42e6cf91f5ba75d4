import { McblockError } from '../errors.ts';
import { checkVersion, latestVersion, type SchemaVersions, stepsFrom } from '../schema-versions.ts';
import type { Connection } from './connection.ts';
import { STORE_VERSIONS } from './schema.ts';

/** "mcbl": identifies a database as a store (PRAGMA application_id). */
const APPLICATION_ID = 0x6d_63_62_6c;
const TO_MOVE = 'run mcblock export with that version, and mcblock import with this one';

/**
 * The schema version of the database; 0 if it is empty. Throws McblockError('store') for the
 * database of another program, of a newer mcblock, or of one before the first release.
 */
export function versionOf(connection: Connection, versions = STORE_VERSIONS): number {
  // In one statement: another process may create the store meanwhile.
  const [application, version, isFull] = connection.row(
    `SELECT application_id, user_version, EXISTS (SELECT 1 FROM sqlite_schema)
    FROM pragma_application_id, pragma_user_version`,
  ) as [number, number, number];
  if (application !== APPLICATION_ID) {
    if (application === 0 && version === 0 && isFull === 0) return 0;
    throw new McblockError(
      'store',
      `${connection.path}: not a store of mcblock; use --db to name another`,
    );
  }
  checkVersion(`store ${connection.path}`, version, versions, TO_MOVE);
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
    for (const step of stepsFrom(version, versions)) connection.execute(step);
    connection.execute(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${latest}`,
    );
    if (version === 0) fill();
  });
}
