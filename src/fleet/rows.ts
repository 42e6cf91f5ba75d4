import type { Entry, Expiry, Origin, Seconds } from '../blocklist/entry.ts';
import { McblockError, reasonOf } from '../errors.ts';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import type { FleetActivation, FleetAllowed, FleetEntry, Statement } from './fleet-store.ts';
import { isScope, type User } from './user.ts';

/** One row as both back-ends give it: texts, whole numbers, null for ever. By name of the column. */
export type Row = Readonly<Record<string, unknown>>;

export const ENTRY_COLUMNS = [
  'prefix',
  'sequence',
  'place',
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
  'said_by',
] as const;

export const STATEMENT_COLUMNS = [
  'prefix',
  'activation',
  'said_by',
  'kind',
  'address',
  'service',
  'message',
  'log',
  'host',
  'count',
  'first_seen',
  'last_seen',
] as const;

export const ALLOWED_COLUMNS = ['prefix', 'sequence', 'removed', 'note', 'said_by', 'at'] as const;

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

/** What a column takes. */
export type Value = string | number | null;

/** In the order of ENTRY_COLUMNS. */
export function rowOfEntry({ entry, sequence, place, activation }: FleetEntry): Value[] {
  const { prefix, firstSeen, lastSeen, activatedAt, expiresAt } = entry;
  return [
    formatPrefix(prefix),
    sequence,
    place,
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

export function entryOfRow(row: Row): FleetEntry {
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
    const [sequence, place] = [whole(row, 'sequence'), whole(row, 'place')];
    return { entry, sequence, place, activation };
  });
}

/** In the order of ACTIVATION_COLUMNS. */
export function rowOfActivation(activation: FleetActivation): Value[] {
  const { prefix, number, at, until, endedAt, by } = activation;
  const ended = endedAt ?? null;
  const { origin: from, note } = activation;
  return [formatPrefix(prefix), number, at, numberOf(until), ended, from, note, by];
}

export function activationOfRow(row: Row): FleetActivation {
  return readRow('activation', row, () => ({
    prefix: parsePrefix(text(row, 'prefix')),
    number: whole(row, 'number'),
    at: whole(row, 'at'),
    until: expiry(row, 'until'),
    endedAt: optionalWhole(row, 'ended_at'),
    origin: origin(row, 'origin'),
    note: text(row, 'note'),
    by: text(row, 'said_by'),
  }));
}

/** In the order of STATEMENT_COLUMNS. */
export function rowOfStatement(statement: Statement): Value[] {
  const { prefix, activation, by, kind, address, service, message, log, host } = statement;
  const { count, firstSeen, lastSeen } = statement;
  const who = address === undefined ? '' : formatAddress(address);
  const said = [by, kind, who, service, message, log, host];
  return [formatPrefix(prefix), activation, ...said, count, firstSeen, lastSeen];
}

export function statementOfRow(row: Row): Statement {
  return readRow('statement', row, () => ({
    prefix: parsePrefix(text(row, 'prefix')),
    activation: whole(row, 'activation'),
    by: text(row, 'said_by'),
    kind: text(row, 'kind') as Statement['kind'],
    address: parseAddress(text(row, 'address')),
    service: text(row, 'service'),
    message: text(row, 'message'),
    log: text(row, 'log'),
    host: text(row, 'host'),
    count: whole(row, 'count'),
    firstSeen: whole(row, 'first_seen'),
    lastSeen: whole(row, 'last_seen'),
  }));
}

/** In the order of ALLOWED_COLUMNS. */
export function rowOfAllowed({ prefix, sequence, removed, note, by, at }: FleetAllowed): Value[] {
  return [formatPrefix(prefix), sequence, Number(removed), note, by, at];
}

export function allowedOfRow(row: Row): FleetAllowed {
  return readRow('allowed', row, () => ({
    prefix: parsePrefix(text(row, 'prefix')),
    sequence: whole(row, 'sequence'),
    removed: whole(row, 'removed') === 1,
    note: text(row, 'note'),
    by: text(row, 'said_by'),
    at: whole(row, 'at'),
  }));
}

/** In the order of USER_COLUMNS. */
export function rowOfUser(user: User): Value[] {
  const { name, password, scopes, widest4, widest6, longest, disabled, createdAt } = user;
  const limits = [widest4, widest6, numberOf(longest)];
  return [name, password, scopes.join(','), ...limits, Number(disabled), createdAt];
}

export function userOfRow(row: Row): User {
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

function readRow<T>(table: string, row: Row, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new McblockError(
      'store',
      `the fleet's store is damaged: in the table ${table}, row ${String(row['prefix'] ?? row['name'])}: ${reasonOf(error)}; put back a copy of it`,
      { cause: error },
    );
  }
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new Error(`${column} is no text`);
}

function whole(row: Row, column: string): number {
  const value = row[column];
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new Error(`${column} is no whole number from 0`);
}

function expiry(row: Row, column: string): Expiry {
  return row[column] === null ? 'forever' : whole(row, column);
}

function optionalWhole(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : whole(row, column);
}

function origin(row: Row, column: string): Origin {
  return text(row, column) as Origin;
}

function numberOf(time: Expiry): Seconds | null {
  return time === 'forever' ? null : time;
}
