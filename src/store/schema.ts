import type { SchemaVersions } from '../schema-versions.ts';
import SCHEMA from './schema.sql?raw';

/** None before the first was released. */
export const STORE_VERSIONS: SchemaVersions = { first: 28, schema: SCHEMA, migrations: [] };
