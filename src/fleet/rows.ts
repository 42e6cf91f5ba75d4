import type { Entry, Expiry, Origin, Seconds } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import { McblockError, reasonOf } from '../errors.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import {
  columnName,
  EVIDENCE_FIELDS,
  EVIDENCE_KEY,
  EVIDENCE_NAMES,
  type EvidenceName,
} from '../validation/evidence.ts';
import type { SqlColumn, SqlValue } from '../validation/sql-column.ts';
import type { FleetActivation, FleetAllowed, FleetEntry, FleetEvidence } from './fleet-store.ts';
import { isScope, type User } from './user.ts';

/** A row by column name, as both back-ends return it: texts, integers, null for forever. */
export type FleetRow = Readonly<Record<string, unknown>>;

export const FLEET_ENTRY_COLUMNS = [
  'prefix',
  'sequence',
  'activated_sequence',
  'origin',
  'note',
  'activations',
  'hits',
  'first_seen',
  'last_seen',
  'activated_at',
  'expires_at',
  'hit_days',
  'until',
  'ended_at',
  'activated_origin',
  'activated_note',
  'activated_by',
] as const;

export const ACTIVATION_COLUMNS = [
  'prefix',
  'number',
  'at',
  'until',
  'ended_at',
  'origin',
  'note',
  'reported_by',
] as const;

export const FLEET_EVIDENCE_COLUMNS = [
  'prefix',
  'activation',
  'reported_by',
  'kind',
  ...EVIDENCE_NAMES.map(columnName),
] as const;

/** The columns of the primary key. */
export const FLEET_EVIDENCE_KEY = [
  'prefix',
  'activation',
  'reported_by',
  'kind',
  ...EVIDENCE_KEY.map(columnName),
] as const;

export const ALLOWED_COLUMNS = [
  'prefix',
  'sequence',
  'removed',
  'note',
  'reported_by',
  'at',
] as const;

export const USER_COLUMNS = [
  'name',
  'password',
  'scopes',
  'widest4',
  'widest6',
  'longest',
  'disabled',
  'created_at',
] as const;

/** In the order of FLEET_ENTRY_COLUMNS. */
export function rowOfFleetEntry({
  entry,
  sequence,
  activatedSequence,
  activation,
}: FleetEntry): SqlValue[] {
  const { prefix, firstSeen, lastSeen, activatedAt, expiresAt } = entry;
  return [
    formatPrefix(prefix),
    sequence,
    activatedSequence,
    entry.origin,
    entry.note,
    entry.activations,
    entry.hits,
    firstSeen ?? 0,
    lastSeen ?? 0,
    activatedAt ?? 0,
    numberOf(expiresAt),
    entry.hitDays.join(','),
    numberOf(activation.until),
    activation.endedAt ?? null,
    activation.origin,
    activation.note,
    activation.by,
  ];
}

export function fleetEntryOfRow(row: FleetRow): FleetEntry {
  return readRow('entry', row, () => {
    const days = text(row, 'hit_days');
    const prefix = parsePrefix(text(row, 'prefix'));
    const activations = whole(row, 'activations');
    const activatedAt = whole(row, 'activated_at');
    const entry: Entry = {
      prefix,
      origin: origin(row, 'origin'),
      note: text(row, 'note'),
      activations,
      hits: whole(row, 'hits'),
      firstSeen: whole(row, 'first_seen'),
      lastSeen: whole(row, 'last_seen'),
      activatedAt,
      expiresAt: expiry(row, 'expires_at'),
      hitDays: days === '' ? [] : days.split(',').map(Number),
    };
    const activation: FleetActivation = {
      prefix,
      number: activations,
      at: activatedAt,
      until: expiry(row, 'until'),
      endedAt: optionalWhole(row, 'ended_at'),
      origin: origin(row, 'activated_origin'),
      note: text(row, 'activated_note'),
      by: text(row, 'activated_by'),
    };
    const sequence = whole(row, 'sequence');
    const activatedSequence = whole(row, 'activated_sequence');
    return { entry, sequence, activatedSequence, activation };
  });
}

/** In the order of ACTIVATION_COLUMNS. */
export function rowOfActivation(activation: FleetActivation): SqlValue[] {
  const { prefix, number, at, until, endedAt, by } = activation;
  const ended = endedAt ?? null;
  const { origin: from, note } = activation;
  return [formatPrefix(prefix), number, at, numberOf(until), ended, from, note, by];
}

export function activationOfRow(row: FleetRow): FleetActivation {
  return readRow('activation', row, () => ({
    prefix: parsePrefix(text(row, 'prefix')),
    number: whole(row, 'number'),
    at: whole(row, 'at'),
    until: expiry(row, 'until'),
    endedAt: optionalWhole(row, 'ended_at'),
    origin: origin(row, 'origin'),
    note: text(row, 'note'),
    by: text(row, 'reported_by'),
  }));
}

/** In the order of FLEET_EVIDENCE_COLUMNS. */
export function rowOfEvidence(evidence: FleetEvidence): SqlValue[] {
  const { prefix, activation, by, kind } = evidence;
  const values = EVIDENCE_NAMES.map((name) => columnOf(name).toSql(evidence[name]));
  return [formatPrefix(prefix), activation, by, kind, ...values];
}

export function evidenceOfRow(row: FleetRow): FleetEvidence {
  return readRow('evidence', row, () => {
    const values = EVIDENCE_NAMES.map((name) => [
      name,
      columnOf(name).fromSql(row[columnName(name)]),
    ]);
    return {
      prefix: parsePrefix(text(row, 'prefix')),
      activation: whole(row, 'activation'),
      by: text(row, 'reported_by'),
      kind: text(row, 'kind') as FleetEvidence['kind'],
      ...(Object.fromEntries(values) as unknown as Evidence),
    };
  });
}

function columnOf(name: EvidenceName): SqlColumn<unknown> {
  return EVIDENCE_FIELDS[name].column;
}

/** In the order of ALLOWED_COLUMNS. */
export function rowOfAllowed({
  prefix,
  sequence,
  removed,
  note,
  by,
  at,
}: FleetAllowed): SqlValue[] {
  return [formatPrefix(prefix), sequence, Number(removed), note, by, at];
}

export function allowedOfRow(row: FleetRow): FleetAllowed {
  return readRow('allowed', row, () => ({
    prefix: parsePrefix(text(row, 'prefix')),
    sequence: whole(row, 'sequence'),
    removed: whole(row, 'removed') === 1,
    note: text(row, 'note'),
    by: text(row, 'reported_by'),
    at: whole(row, 'at'),
  }));
}

/** In the order of USER_COLUMNS. */
export function rowOfUser(user: User): SqlValue[] {
  const { name, password, scopes, widest4, widest6, longest, disabled, createdAt } = user;
  const limits = [widest4, widest6, numberOf(longest)];
  return [name, password, scopes.join(','), ...limits, Number(disabled), createdAt];
}

export function userOfRow(row: FleetRow): User {
  return readRow('user', row, () => ({
    name: text(row, 'name'),
    password: text(row, 'password'),
    scopes: text(row, 'scopes').split(',').filter(isScope),
    widest4: whole(row, 'widest4'),
    widest6: whole(row, 'widest6'),
    longest: expiry(row, 'longest'),
    disabled: whole(row, 'disabled') === 1,
    createdAt: whole(row, 'created_at'),
  }));
}

function readRow<T>(table: string, row: FleetRow, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new McblockError(
      'store',
      `the fleet's store is damaged: table ${table}, row ${String(row['prefix'] ?? row['name'])}: ${reasonOf(error)}; restore a backup`,
      { cause: error },
    );
  }
}

function text(row: FleetRow, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new Error(`${column} is not text`);
}

function whole(row: FleetRow, column: string): number {
  const value = row[column];
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new Error(`${column} is not a non-negative integer`);
}

function expiry(row: FleetRow, column: string): Expiry {
  return row[column] === null ? 'forever' : whole(row, column);
}

function optionalWhole(row: FleetRow, column: string): number | undefined {
  return row[column] === null ? undefined : whole(row, column);
}

function origin(row: FleetRow, column: string): Origin {
  return text(row, column) as Origin;
}

function numberOf(time: Expiry): Seconds | null {
  return time === 'forever' ? null : time;
}
