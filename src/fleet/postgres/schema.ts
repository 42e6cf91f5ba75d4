import {
  checkVersion,
  latestVersion,
  type SchemaVersions,
  stepsFrom,
} from '../../schema-versions.ts';
import type { Queries } from './queries.ts';
import SCHEMA from './schema.sql?raw';

/** "mcbf": held during migrations. */
const LOCK = 0x6d_63_62_66;

/** None before the first was released. */
const VERSIONS: SchemaVersions = { first: 13, schema: SCHEMA, migrations: [] };

const MIGRATION_TABLE = `
CREATE SCHEMA IF NOT EXISTS mcblock;
CREATE TABLE mcblock.migration (number integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())`;

/** Migrates the database to the newest version. To be called inside a transaction. */
export async function migratePostgres(queries: Queries): Promise<void> {
  await queries.run('SELECT pg_advisory_xact_lock($1)', LOCK);
  const [found] = await queries.rows(`SELECT to_regclass('mcblock.migration')::text AS name`);
  if (found?.['name'] === null) await queries.script(MIGRATION_TABLE);
  const [last] = await queries.rows(
    'SELECT coalesce(max(number), 0) AS number FROM mcblock.migration',
  );
  const version = Number(last?.['number']);
  checkVersion("the fleet's store", version, VERSIONS);
  const latest = latestVersion(VERSIONS);
  if (version === latest) return;
  for (const step of stepsFrom(version, VERSIONS)) await queries.script(step);
  await queries.run('INSERT INTO mcblock.migration (number) VALUES ($1)', latest);
}
