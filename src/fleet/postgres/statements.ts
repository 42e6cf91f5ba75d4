import { columnName, EVIDENCE_FIELDS, EVIDENCE_NAMES } from '../../validation/evidence.ts';
import type { SqlColumn } from '../../validation/sql-column.ts';
import { CLAIM_COLUMNS, MAX_CLAIMS, rowOfClaim } from '../claim-rows.ts';
import type { FleetChange } from '../fleet-store.ts';
import { mergedEvidence } from '../merged-evidence.ts';
import { MAX_OFFENCES, OFFENCE_COLUMNS, rowOfOffence } from '../offence-rows.ts';
import {
  ACTIVATION_COLUMNS,
  ALLOWED_COLUMNS,
  FLEET_ENTRY_COLUMNS,
  FLEET_EVIDENCE_COLUMNS,
  FLEET_EVIDENCE_KEY,
  rowOfActivation,
  rowOfAllowed,
  rowOfEvidence,
  rowOfFleetEntry,
  USER_COLUMNS,
} from '../rows.ts';
import { rowsOfUsage, USAGE_COLUMNS } from '../usage-rows.ts';
import { USER_KEY_COLUMNS } from '../user-key-row.ts';
import { columnsOf } from './columns.ts';

/** Columns with a time, which is a number of seconds in JavaScript. */
const TIMES: ReadonlySet<string> = new Set([
  'first_seen',
  'last_seen',
  ...evidenceColumns('time'),
  'activated_at',
  'expires_at',
  'at',
  'until',
  'ended_at',
  'created_at',
  'key_since',
]);
const CIDRS: ReadonlySet<string> = new Set(['prefix', 'network']);
const NUMBERS: ReadonlySet<string> = new Set([
  'sequence',
  'activated_sequence',
  'activations',
  'activation',
  'hits',
  'number',
  ...evidenceColumns('integer'),
  'removed',
  'widest4',
  'widest6',
  'longest',
  'disabled',
  'by_admin',
  'activated_by_admin',
  'withdrawn',
  'shared',
  'points',
  'addresses4',
  'prefixes6',
]);

/** Selects columns of a table, which is t in `rest`, as texts and JavaScript numbers. */
export function selectFrom(table: string, columns: readonly string[], rest: string): string {
  return `SELECT ${selected(columns)} FROM mcblock.${table} t ${rest}`;
}

function selected(columns: readonly string[]): string {
  return columns
    .map((name) => {
      if (TIMES.has(name)) return `extract(epoch FROM ${name})::float8 AS ${name}`;
      if (NUMBERS.has(name)) return `${name}::float8 AS ${name}`;
      return CIDRS.has(name) ? `${name}::text AS ${name}` : name;
    })
    .join(', ');
}

/**
 * Entries that contain any of these prefixes, each once, found by the prefix lengths in use; with the
 * amount of evidence for the latest activation.
 */
export const COVERING = `
SELECT ${selected(FLEET_ENTRY_COLUMNS)}, evidence_count
FROM mcblock.entry t CROSS JOIN LATERAL (
  SELECT count(*)::float8 AS evidence_count
  FROM mcblock.evidence s WHERE s.prefix = t.prefix AND s.activation = t.activations) c
WHERE prefix IN (
  SELECT set_masklen(p, l.length) FROM unnest($1::cidr[]) p
  JOIN mcblock.length l ON l.family = family(p) AND l.length <= masklen(p))`;

const IS_ACTIVE =
  'activated_at <= to_timestamp($1) AND (expires_at IS NULL OR expires_at > to_timestamp($1))';

export const ACTIVE = selectFrom('entry', FLEET_ENTRY_COLUMNS, `WHERE ${IS_ACTIVE}`);

export const USAGE = selectFrom('usage', USAGE_COLUMNS, 'WHERE name = ANY($1::text[])');

export const ACTIVE_OF = selectFrom(
  'entry',
  ['activated_by', 'prefix'],
  `WHERE activated_by = ANY($2::text[]) AND ${IS_ACTIVE}`,
);

export const CLAIMS_AROUND = selectFrom(
  'claim',
  CLAIM_COLUMNS,
  `WHERE prefix IN (
  SELECT set_masklen(p, l) FROM unnest($1::cidr[]) p, generate_series(0, masklen(p)) l)`,
);

export const COUNT_CLAIMED = `
SELECT count(DISTINCT prefix)::float8 AS count FROM mcblock.claim
WHERE until IS NULL OR until > to_timestamp($1)`;

export const PRUNE_CLAIMS = `
DELETE FROM mcblock.claim WHERE reported_by = $1 AND prefix NOT IN (
  SELECT prefix FROM mcblock.claim WHERE reported_by = $1 ORDER BY at DESC, prefix LIMIT ${MAX_CLAIMS})`;

export const OFFENCES = selectFrom('offence', OFFENCE_COLUMNS, 'WHERE network = ANY($1::cidr[])');

export const DELETE_OFFENCES = `
DELETE FROM mcblock.offence WHERE network = $1::cidr AND address = $2 AND reported_by = $3`;

export const PRUNE_OFFENCES = `
DELETE FROM mcblock.offence WHERE reported_by = $1 AND (
  at <= to_timestamp($2) OR (at, network, event) <= (
    SELECT at, network, event FROM mcblock.offence WHERE reported_by = $1
    ORDER BY at DESC, network DESC, event DESC LIMIT 1 OFFSET ${MAX_OFFENCES}))`;

/** The write lock: what is read after it stays true until the transaction ends. */
export const LOCK = 'SELECT sequence::float8 AS sequence FROM mcblock.fleet FOR UPDATE';

export const ALLOWED = selectFrom('allowed', ALLOWED_COLUMNS, 'ORDER BY t.sequence');

export const KNOWN_KEYS = `
SELECT k.reported_by, k.key FROM mcblock.report_key k
JOIN unnest($1::text[], $2::text[]) AS n(reported_by, key) USING (reported_by, key)`;

/** How each list of a change is written, in their order. */
const PARTS: readonly {
  readonly columns: readonly string[];
  readonly write: (rows: string) => string;
}[] = [
  {
    columns: FLEET_ENTRY_COLUMNS,
    write: (rows) => `e AS (
  INSERT INTO mcblock.entry ${rows}
  ON CONFLICT (prefix) DO UPDATE SET ${replaced(FLEET_ENTRY_COLUMNS.slice(1))}
  RETURNING family(prefix) AS family, masklen(prefix) AS length
), l AS (
  INSERT INTO mcblock.length SELECT DISTINCT family, length FROM e ON CONFLICT DO NOTHING
)`,
  },
  {
    columns: ACTIVATION_COLUMNS,
    write: (rows) => `a AS (INSERT INTO mcblock.activation ${rows})`,
  },
  {
    columns: FLEET_EVIDENCE_COLUMNS,
    write: (rows) => `s AS (
  INSERT INTO mcblock.evidence AS old ${rows}
  ON CONFLICT (${FLEET_EVIDENCE_KEY.join(', ')})
  DO UPDATE SET ${mergedEvidence('least', 'greatest')}
)`,
  },
  {
    columns: ALLOWED_COLUMNS,
    write: (rows) => `w AS (
  INSERT INTO mcblock.allowed ${rows}
  ON CONFLICT (prefix) DO UPDATE SET ${replaced(ALLOWED_COLUMNS.slice(1))}
)`,
  },
  {
    columns: ['reported_by', 'key', 'at'],
    write: (rows) => `k AS (INSERT INTO mcblock.report_key ${rows})`,
  },
  {
    columns: USAGE_COLUMNS,
    write: (rows) => `g AS (
  INSERT INTO mcblock.usage ${rows}
  ON CONFLICT (name) DO UPDATE SET ${replaced(USAGE_COLUMNS.slice(1))}
)`,
  },
  {
    columns: CLAIM_COLUMNS,
    write: (rows) => `c AS (
  INSERT INTO mcblock.claim ${rows}
  ON CONFLICT (prefix, reported_by) DO UPDATE SET ${replaced(CLAIM_COLUMNS.slice(2))}
)`,
  },
  {
    columns: OFFENCE_COLUMNS,
    write: (rows) => `o AS (INSERT INTO mcblock.offence ${rows})`,
  },
];

/**
 * Writes a change in one round trip: entries, past activations, evidence, allow-list, keys, usage,
 * claims and offences, as rows, and the latest number. Empty lists are left out, so there are 256
 * different statements.
 */
export function writeStatement(change: FleetChange): {
  readonly sql: string;
  readonly values: readonly (string | number)[];
} {
  const { sequence, at, entries, past, evidence, allowed, keys, usage, claims, offences } = change;
  const lists = [
    entries.map(rowOfFleetEntry),
    past.map(rowOfActivation),
    evidence.map(rowOfEvidence),
    allowed.map(rowOfAllowed),
    keys.map(({ by, key }) => [by, key, at]),
    rowsOfUsage(usage),
    claims.map((claim) => rowOfClaim(claim, at)),
    offences.map(rowOfOffence),
  ];
  const values: (string | number)[] = [sequence];
  const parts: string[] = [];
  for (const [index, { columns, write }] of PARTS.entries()) {
    const rows = lists[index] ?? [];
    if (rows.length === 0) continue;
    parts.push(write(unnested(columns, values.length + 1)));
    values.push(...columnsOf(rows, columns));
  }
  const first = parts.length === 0 ? '' : `WITH ${parts.join(', ')} `;
  const sql = `${first}UPDATE mcblock.fleet SET sequence = $1::bigint WHERE sequence <> $1::bigint`;
  return { sql, values };
}

export const PUT_USER = `
INSERT INTO mcblock."user" ${unnested(USER_COLUMNS, 1)}
ON CONFLICT (name) DO UPDATE SET ${replaced(USER_COLUMNS.slice(1))}`;

export const CHANGE_USER = `
UPDATE mcblock."user" SET password = coalesce($2, password),
  disabled = coalesce($3::integer, disabled) WHERE name = $1`;

export const KEYS = selectFrom(
  '"user"',
  USER_KEY_COLUMNS,
  `WHERE disabled = 0 AND key <> '' ORDER BY name COLLATE "C"`,
);

/** Returns the key before. */
export const SET_KEY = `
UPDATE mcblock."user" u SET key = $2,
  key_since = CASE WHEN u.key = $2 THEN u.key_since ELSE to_timestamp($3) END
FROM (SELECT name, key FROM mcblock."user" WHERE name = $1 FOR UPDATE) old
WHERE u.name = old.name RETURNING old.key`;

/** The columns of a table, and a query for them from one array each; the first one is $first. */
function unnested(columns: readonly string[], first: number): string {
  const values = columns.map((name) => (TIMES.has(name) ? `to_timestamp(${name})` : name));
  const arrays = columns.map((name, index) => {
    const type = CIDRS.has(name) ? 'cidr' : TIMES.has(name) ? 'float8' : 'text';
    return `$${first + index}::${NUMBERS.has(name) ? 'bigint' : type}[]`;
  });
  const names = columns.join(', ');
  return `(${names}) SELECT ${values.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${names})`;
}

function replaced(columns: readonly string[]): string {
  return columns.map((name) => `${name} = excluded.${name}`).join(', ');
}

function evidenceColumns(type: SqlColumn<unknown>['type']): readonly string[] {
  return EVIDENCE_NAMES.filter((name) => EVIDENCE_FIELDS[name].column.type === type).map(
    columnName,
  );
}
