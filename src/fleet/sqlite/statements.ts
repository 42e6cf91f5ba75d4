import { CLAIM_COLUMNS, MAX_CLAIMS } from '../claim-rows.ts';
import { mergedEvidence } from '../merged-evidence.ts';
import { MAX_OFFENCES, OFFENCE_COLUMNS } from '../offence-rows.ts';
import {
  ACTIVATION_COLUMNS,
  ALLOWED_COLUMNS,
  FLEET_ENTRY_COLUMNS,
  FLEET_EVIDENCE_COLUMNS,
  FLEET_EVIDENCE_KEY,
  USER_COLUMNS,
} from '../rows.ts';
import { USAGE_COLUMNS } from '../usage-rows.ts';

export const ACTIVE_AT = 'activated_at <= ? AND (expires_at IS NULL OR expires_at > ?)';

export const PUT_ENTRY = `
INSERT INTO entry (${FLEET_ENTRY_COLUMNS.join(', ')}) VALUES (${placeholders(FLEET_ENTRY_COLUMNS)})
ON CONFLICT (prefix) DO UPDATE SET ${replaced(FLEET_ENTRY_COLUMNS)}`;

export const ADD_ACTIVATION = `
INSERT INTO activation (${ACTIVATION_COLUMNS.join(', ')}) VALUES (${placeholders(ACTIVATION_COLUMNS)})`;

export const ADD_EVIDENCE = `
INSERT INTO evidence AS old (${FLEET_EVIDENCE_COLUMNS.join(', ')})
VALUES (${placeholders(FLEET_EVIDENCE_COLUMNS)})
ON CONFLICT (${FLEET_EVIDENCE_KEY.join(', ')}) DO UPDATE SET ${mergedEvidence('min', 'max')}`;

export const PUT_ALLOWED = `
INSERT OR REPLACE INTO allowed (${ALLOWED_COLUMNS.join(', ')}) VALUES (${placeholders(ALLOWED_COLUMNS)})`;

export const UPSERT_USER = `
INSERT INTO user (${USER_COLUMNS.join(', ')}) VALUES (${placeholders(USER_COLUMNS)})
ON CONFLICT (name) DO UPDATE SET ${replaced(USER_COLUMNS)}`;

export const UPDATE_USER =
  'UPDATE user SET password = ifnull(?, password), disabled = ifnull(?, disabled) WHERE name = ?';

export const PUT_USAGE = `
INSERT OR REPLACE INTO usage (${USAGE_COLUMNS.join(', ')}) VALUES (${placeholders(USAGE_COLUMNS)})`;

export const PUT_CLAIM = `
INSERT OR REPLACE INTO claim (${CLAIM_COLUMNS.join(', ')}) VALUES (${placeholders(CLAIM_COLUMNS)})`;

export const DROP_CLAIMS = `
DELETE FROM claim WHERE reported_by = ? AND prefix NOT IN (
  SELECT prefix FROM claim WHERE reported_by = ? ORDER BY at DESC, prefix LIMIT ${MAX_CLAIMS})`;

export const ADD_OFFENCE = `
INSERT INTO offence (${OFFENCE_COLUMNS.join(', ')}) VALUES (${placeholders(OFFENCE_COLUMNS)})`;

export const TAKE_BACK_OFFENCES =
  'DELETE FROM offence WHERE network = ? AND address = ? AND reported_by = ?';

export const DROP_OFFENCES = `
DELETE FROM offence WHERE reported_by = ? AND (at <= ? OR (at, network, event) <= (
  SELECT at, network, event FROM offence WHERE reported_by = ?
  ORDER BY at DESC, network DESC, event DESC LIMIT 1 OFFSET ${MAX_OFFENCES}))`;

export const COUNT_EVIDENCE = 'SELECT count(*) FROM evidence WHERE prefix = ? AND activation = ?';

export const GET_ENTRY = selection(FLEET_ENTRY_COLUMNS, 'FROM entry WHERE prefix = ?');

export interface Query {
  readonly sql: string;
  readonly columns: readonly string[];
}

/** Selects these columns. */
export function selection(columns: readonly string[], rest: string): Query {
  return { sql: `SELECT ${columns.join(', ')} ${rest}`, columns };
}

/** Every column but the first, which is the key. */
function replaced([, ...columns]: readonly string[]): string {
  return columns.map((name) => `${name} = excluded.${name}`).join(', ');
}

function placeholders(columns: readonly string[]): string {
  return columns.map(() => '?').join(', ');
}
