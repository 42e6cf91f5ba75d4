import type { Seconds } from '../../blocklist/entry.ts';
import type { Usage } from '../../blocklist/user-usage.ts';
import type { Family } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { PrefixList } from '../../net/prefix-list.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { CLAIM_COLUMNS, claimOfRow, rowOfClaim } from '../claim-rows.ts';
import type { FleetRow } from '../fleet-row.ts';
import type {
  Claim,
  EvidenceCount,
  FleetAllowed,
  FleetChange,
  FleetEntry,
  FleetOffence,
  FleetSnapshot,
  ReportKey,
  SnapshotQuery,
} from '../fleet-store.ts';
import { OFFENCE_COLUMNS, offenceOfRow, rowOfOffence } from '../offence-rows.ts';
import {
  ALLOWED_COLUMNS,
  allowedOfRow,
  FLEET_ENTRY_COLUMNS,
  fleetEntryOfRow,
  rowOfActivation,
  rowOfAllowed,
  rowOfEvidence,
  rowOfFleetEntry,
} from '../rows.ts';
import { ALL_LENGTHS, coveringKeys, lengthsOf } from '../supernet-keys.ts';
import { activeOfRows, rowsOfUsage, USAGE_COLUMNS, usageOfRows } from '../usage-rows.ts';
import type { SqliteConnection, SqliteValue } from './connection.ts';
import {
  ACTIVE_AT,
  ADD_ACTIVATION,
  ADD_EVIDENCE,
  ADD_OFFENCE,
  COUNT_EVIDENCE,
  DROP_CLAIMS,
  DROP_OFFENCES,
  GET_ENTRY,
  PUT_ALLOWED,
  PUT_CLAIM,
  PUT_ENTRY,
  PUT_USAGE,
  type Query,
  selection,
  TAKE_BACK_OFFENCES,
} from './statements.ts';

/** Reads what is asked for, and writes what `decide` makes of it. To be called in a transaction. */
export function changeFleet(
  connection: SqliteConnection,
  wanted: SnapshotQuery,
  decide: (snapshot: FleetSnapshot) => FleetChange,
): void {
  const found = supernets(connection, wanted.prefixes);
  const past = {
    sequence: sequenceOf(connection),
    entries: [...found, ...activeBesides(connection, found, wanted.activeAt)],
    evidenceCounts: found.map((held) => evidenceCount(connection, held)),
    usage: usageOf(connection, wanted.users),
    activeOf: activeOf(connection, wanted.counted, wanted.now),
    claims: claimsTo(connection, wanted.claimed),
    offences: offencesFrom(connection, wanted.offenders),
    allowed: allowedOf(connection),
    keys: wanted.keys.filter((key) => isKnown(connection, key)),
  };
  write(connection, decide(past), past.sequence);
}

export function sequenceOf(connection: SqliteConnection): number {
  return Number(connection.row('SELECT sequence FROM fleet')?.[0]);
}

export function allowedOf(connection: SqliteConnection): FleetAllowed[] {
  const query = selection(ALLOWED_COLUMNS, 'FROM allowed ORDER BY sequence');
  return selectRows(connection, query).map(allowedOfRow);
}

/** Rows by column name. */
export function selectRows(
  connection: SqliteConnection,
  { sql, columns }: Query,
  ...values: readonly SqliteValue[]
): FleetRow[] {
  return connection
    .rows(sql, ...values)
    .map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index]])));
}

function supernets(connection: SqliteConnection, prefixes: readonly Prefix[]): FleetEntry[] {
  const lengths = new Map<Family, number[]>([
    [4, []],
    [6, []],
  ]);
  for (const [family, length] of connection.rows('SELECT family, length FROM length')) {
    lengths.get(family === 4 ? 4 : 6)?.push(Number(length));
  }
  const found: FleetEntry[] = [];
  for (const prefix of coveringKeys(prefixes, lengths)) {
    const held = fleetEntryOf(connection, formatPrefix(prefix));
    if (held !== undefined) found.push(held);
  }
  return found;
}

/** The other entries that are active at this time, if there is one. */
function activeBesides(
  connection: SqliteConnection,
  known: readonly FleetEntry[],
  at: Seconds | undefined,
): FleetEntry[] {
  if (at === undefined) return [];
  const keys = new Set(known.map(({ entry }) => formatPrefix(entry.prefix)));
  return selectRows(
    connection,
    selection(FLEET_ENTRY_COLUMNS, `FROM entry WHERE ${ACTIVE_AT}`),
    at,
    at,
  )
    .filter((row) => !keys.has(String(row['prefix'])))
    .map(fleetEntryOfRow);
}

export function fleetEntryOf(connection: SqliteConnection, key: string): FleetEntry | undefined {
  return selectRows(connection, GET_ENTRY, key).map(fleetEntryOfRow)[0];
}

function evidenceCount(
  connection: SqliteConnection,
  { entry: { prefix, activations } }: FleetEntry,
): EvidenceCount {
  const row = connection.row(COUNT_EVIDENCE, formatPrefix(prefix), activations);
  return { prefix, count: Number(row?.[0]) };
}

function usageOf(
  connection: SqliteConnection,
  users: readonly string[],
): ReadonlyMap<string, Usage> {
  const of = selection(USAGE_COLUMNS, 'FROM usage WHERE name = ?');
  return usageOfRows(users.flatMap((user) => selectRows(connection, of, user)));
}

function activeOf(
  connection: SqliteConnection,
  users: readonly string[],
  at: Seconds,
): ReadonlyMap<string, PrefixList> {
  const of = selection(
    ['activated_by', 'prefix'],
    `FROM entry WHERE activated_by = ? AND ${ACTIVE_AT}`,
  );
  return activeOfRows(
    users,
    users.flatMap((user) => selectRows(connection, of, user, at, at)),
  );
}

function claimsTo(connection: SqliteConnection, prefixes: readonly Prefix[]): Claim[] {
  const of = selection(CLAIM_COLUMNS, 'FROM claim WHERE prefix = ?');
  const keys = [...coveringKeys(prefixes, ALL_LENGTHS)].map(formatPrefix);
  return keys.flatMap((key) => selectRows(connection, of, key)).map(claimOfRow);
}

function offencesFrom(connection: SqliteConnection, networks: readonly Prefix[]): FleetOffence[] {
  const of = selection(OFFENCE_COLUMNS, 'FROM offence WHERE network = ?');
  const keys = [...new Set(networks.map(formatPrefix))];
  return keys.flatMap((key) => selectRows(connection, of, key)).map(offenceOfRow);
}

function isKnown(connection: SqliteConnection, { by, key }: ReportKey): boolean {
  const sql = 'SELECT 1 FROM report_key WHERE reported_by = ? AND key = ?';
  return connection.row(sql, by, key) !== undefined;
}

function write(connection: SqliteConnection, change: FleetChange, before: number): void {
  const { sequence, at, entries, allowed, past, evidence, keys, usage } = change;
  const { claims, takenBack, offences, forgetsTo } = change;
  if (sequence !== before) connection.run('UPDATE fleet SET sequence = ?', sequence);
  for (const held of entries) connection.run(PUT_ENTRY, ...rowOfFleetEntry(held));
  for (const [family, length] of lengthsOf(entries)) {
    connection.run('INSERT OR IGNORE INTO length VALUES (?, ?)', family, length);
  }
  for (const row of allowed) connection.run(PUT_ALLOWED, ...rowOfAllowed(row));
  for (const row of past) connection.run(ADD_ACTIVATION, ...rowOfActivation(row));
  for (const row of evidence) connection.run(ADD_EVIDENCE, ...rowOfEvidence(row));
  for (const { by, key } of keys) {
    connection.run('INSERT INTO report_key VALUES (?, ?, ?)', by, key, at);
  }
  for (const row of rowsOfUsage(usage)) connection.run(PUT_USAGE, ...row);
  for (const claim of claims) connection.run(PUT_CLAIM, ...rowOfClaim(claim, at));
  for (const by of new Set(claims.map((claim) => claim.by))) connection.run(DROP_CLAIMS, by, by);
  for (const { network, address, by } of takenBack) {
    connection.run(TAKE_BACK_OFFENCES, formatPrefix(network), formatAddress(address), by);
  }
  for (const row of offences) connection.run(ADD_OFFENCE, ...rowOfOffence(row));
  for (const by of new Set(offences.map((offence) => offence.by))) {
    connection.run(DROP_OFFENCES, by, forgetsTo, by);
  }
}
