import { McblockError } from './errors.ts';

/** The versions of a schema of a database. An empty database has version 0. */
export interface SchemaVersions {
  /** The number of the first version, and its SQL, which does not change once it is released. */
  readonly first: number;
  readonly schema: string;
  /** Migration n leads from version first + n to the next. A released migration never changes. */
  readonly migrations: readonly string[];
}

export function latestVersion({ first, migrations }: SchemaVersions): number {
  return first + migrations.length;
}

/** The SQL that leads from this version to the latest. */
export function stepsFrom(
  version: number,
  { first, schema, migrations }: SchemaVersions,
): readonly string[] {
  return version === 0 ? [schema, ...migrations] : migrations.slice(version - first);
}

/**
 * Throws McblockError('store') if this version is unknown.
 * @param name of the database, in messages
 * @param remedy what to do if it is too old
 */
export function checkVersion(
  name: string,
  version: number,
  versions: SchemaVersions,
  remedy = 'open it once with a version in between',
): void {
  const latest = latestVersion(versions);
  if (version > latest) {
    throw new McblockError(
      'store',
      `${name} was written by a newer mcblock (version ${version}, this one knows ${latest}); update mcblock`,
    );
  }
  if (version > 0 && version < versions.first) {
    throw new McblockError(
      'store',
      `${name} was written by an older mcblock (version ${version}, this one reads from ${versions.first} on); ${remedy}`,
    );
  }
}
