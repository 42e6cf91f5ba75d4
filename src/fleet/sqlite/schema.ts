import { McblockError } from '../../errors.ts';
import {
  checkVersion,
  latestVersion,
  type SchemaVersions,
  stepsFrom,
} from '../../schema-versions.ts';
import type { SqliteConnection } from './connection.ts';
import SCHEMA from './schema.sql?raw';

/** "mcbf": the application_id of a fleet's store. */
const APPLICATION_ID = 0x6d_63_62_66;
/** "mcbl": the application_id of a machine's store. */
const STORE_ID = 0x6d_63_62_6c;

/** None before the first was released. */
const VERSIONS: SchemaVersions = { first: 13, schema: SCHEMA, migrations: [] };

/** Migrates the database to the newest version. Throws McblockError('store') for another program's. */
export function migrateFleet(connection: SqliteConnection): void {
  const latest = latestVersion(VERSIONS);
  if (versionOf(connection) === latest) return;
  connection.transaction(() => {
    // Read again under the lock: another process may have migrated it.
    for (const step of stepsFrom(versionOf(connection), VERSIONS)) connection.execute(step);
    connection.execute(
      `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${latest}`,
    );
  });
}

function versionOf(connection: SqliteConnection): number {
  const version = Number(connection.row('PRAGMA user_version')?.[0]);
  const application = connection.row('PRAGMA application_id')?.[0];
  if (application === APPLICATION_ID) {
    checkVersion(`the fleet's store ${connection.path}`, version, VERSIONS);
    return version;
  }
  if (application === 0 && !connection.row('SELECT 1 FROM sqlite_schema LIMIT 1')) return 0;
  throw new McblockError(
    'store',
    application === STORE_ID
      ? `${connection.path} is the store of one machine, not of a fleet; name another file with --db`
      : `${connection.path} is the database of another program; name another file with --db`,
  );
}
