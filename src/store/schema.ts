import SCHEMA from './schema.sql?raw';

/** The versions of a schema. */
export interface SchemaVersions {
  /** The number of the first version, and its SQL. */
  readonly first: number;
  readonly schema: string;
  /** Migration n leads from version first + n to the next. A released migration never changes. */
  readonly migrations: readonly string[];
}

/** Those of the store. None before the first was released. */
export const STORE_VERSIONS: SchemaVersions = { first: 27, schema: SCHEMA, migrations: [] };

export function latestVersion({ first, migrations }: SchemaVersions): number {
  return first + migrations.length;
}
