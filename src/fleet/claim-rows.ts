import type { Seconds } from '../blocklist/entry.ts';
import { formatPrefix, parsePrefix } from '../net/prefix-text.ts';
import type { SqlValue } from '../validation/sql-column.ts';
import { expiryField, type FleetRow, numberOf, readRow, textField } from './fleet-row.ts';
import type { Claim } from './fleet-store.ts';

/** Older claims of the same user are dropped. */
export const MAX_CLAIMS = 1000;

export const CLAIM_COLUMNS = ['prefix', 'reported_by', 'until', 'at'] as const;

/** In the order of CLAIM_COLUMNS. */
export function rowOfClaim({ prefix, by, until }: Claim, at: Seconds): SqlValue[] {
  return [formatPrefix(prefix), by, numberOf(until), at];
}

export function claimOfRow(row: FleetRow): Claim {
  return readRow('claim', row, () => ({
    prefix: parsePrefix(textField(row, 'prefix')),
    by: textField(row, 'reported_by'),
    until: expiryField(row, 'until'),
  }));
}
