import type { Entry } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import {
  columnName,
  EVIDENCE_FIELDS,
  EVIDENCE_KEY,
  EVIDENCE_NAMES,
  type EvidenceName,
} from '../validation/evidence.ts';
import type { SqlColumn, SqlValue } from '../validation/sql-column.ts';
import {
  expiryField,
  type FleetRow,
  numberOf,
  optionalWholeField,
  originField,
  readRow,
  textField,
  wholeField,
} from './fleet-row.ts';
import type { FleetActivation, FleetAllowed, FleetEntry, FleetEvidence } from './fleet-store.ts';
import { sentOfText, textOfSent } from './sent-evidence.ts';
import { isScope, type User } from './user.ts';

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
  'made_by',
  'by_admin',
  'activated_by_admin',
  'withdrawn',
  'shared',
  'evidence',
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
  'by_admin',
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
  latestEvidence,
  isShared,
  isWithdrawn,
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
    entry.by,
    Number(entry.byAdmin),
    Number(activation.byAdmin),
    Number(isWithdrawn),
    Number(isShared),
    textOfSent(latestEvidence),
  ];
}

export function fleetEntryOfRow(row: FleetRow): FleetEntry {
  return readRow('entry', row, () => {
    const days = textField(row, 'hit_days');
    const prefix = parsePrefix(textField(row, 'prefix'));
    const activations = wholeField(row, 'activations');
    const activatedAt = wholeField(row, 'activated_at');
    const endedAt = optionalWholeField(row, 'ended_at');
    const entry: Entry = {
      prefix,
      origin: originField(row, 'origin'),
      by: textField(row, 'made_by'),
      byAdmin: wholeField(row, 'by_admin') === 1,
      note: textField(row, 'note'),
      activations,
      hits: wholeField(row, 'hits'),
      firstSeen: wholeField(row, 'first_seen'),
      lastSeen: wholeField(row, 'last_seen'),
      activatedAt,
      expiresAt: expiryField(row, 'expires_at'),
      endedAt,
      hitDays: days === '' ? [] : days.split(',').map(Number),
    };
    const activation: FleetActivation = {
      prefix,
      number: activations,
      at: activatedAt,
      until: expiryField(row, 'until'),
      endedAt,
      origin: originField(row, 'activated_origin'),
      note: textField(row, 'activated_note'),
      by: textField(row, 'activated_by'),
      byAdmin: wholeField(row, 'activated_by_admin') === 1,
    };
    const sequence = wholeField(row, 'sequence');
    const activatedSequence = wholeField(row, 'activated_sequence');
    const isWithdrawn = wholeField(row, 'withdrawn') === 1;
    const isShared = wholeField(row, 'shared') === 1;
    const latestEvidence = sentOfText(textField(row, 'evidence'));
    const states = { latestEvidence, isShared, isWithdrawn };
    return { entry, sequence, activatedSequence, activation, ...states };
  });
}

/** In the order of ACTIVATION_COLUMNS. */
export function rowOfActivation(activation: FleetActivation): SqlValue[] {
  const { prefix, number, at, until, endedAt, by, byAdmin } = activation;
  const ended = endedAt ?? null;
  const { origin: from, note } = activation;
  const times = [at, numberOf(until), ended];
  return [formatPrefix(prefix), number, ...times, from, note, by, Number(byAdmin)];
}

export function activationOfRow(row: FleetRow): FleetActivation {
  return readRow('activation', row, () => ({
    prefix: parsePrefix(textField(row, 'prefix')),
    number: wholeField(row, 'number'),
    at: wholeField(row, 'at'),
    until: expiryField(row, 'until'),
    endedAt: optionalWholeField(row, 'ended_at'),
    origin: originField(row, 'origin'),
    note: textField(row, 'note'),
    by: textField(row, 'reported_by'),
    byAdmin: wholeField(row, 'by_admin') === 1,
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
      prefix: parsePrefix(textField(row, 'prefix')),
      activation: wholeField(row, 'activation'),
      by: textField(row, 'reported_by'),
      kind: textField(row, 'kind') as FleetEvidence['kind'],
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
    prefix: parsePrefix(textField(row, 'prefix')),
    sequence: wholeField(row, 'sequence'),
    removed: wholeField(row, 'removed') === 1,
    note: textField(row, 'note'),
    by: textField(row, 'reported_by'),
    at: wholeField(row, 'at'),
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
    name: textField(row, 'name'),
    password: textField(row, 'password'),
    scopes: textField(row, 'scopes').split(',').filter(isScope),
    widest4: wholeField(row, 'widest4'),
    widest6: wholeField(row, 'widest6'),
    longest: expiryField(row, 'longest'),
    disabled: wholeField(row, 'disabled') === 1,
    createdAt: wholeField(row, 'created_at'),
  }));
}
