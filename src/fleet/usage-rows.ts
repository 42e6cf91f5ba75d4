import type { Usage } from '../blocklist/user-usage.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { parsePrefix } from '../net/prefix-text.ts';
import type { SqlValue } from '../validation/sql-column.ts';
import { type FleetRow, textField, wholeField } from './fleet-row.ts';

export const USAGE_COLUMNS = ['name', 'addresses4', 'prefixes6'] as const;

/** In the order of USAGE_COLUMNS. */
export function rowsOfUsage(usage: ReadonlyMap<string, Usage>): SqlValue[][] {
  return Array.from(usage, ([name, { addresses4, prefixes6 }]) => [name, addresses4, prefixes6]);
}

export function usageOfRows(rows: readonly FleetRow[]): ReadonlyMap<string, Usage> {
  return new Map(
    rows.map((row) => [
      textField(row, 'name'),
      {
        addresses4: wholeField(row, 'addresses4'),
        prefixes6: wholeField(row, 'prefixes6'),
      },
    ]),
  );
}

/** The prefixes of these users, from rows with `activated_by` and `prefix`. */
export function activeOfRows(
  users: readonly string[],
  rows: readonly FleetRow[],
): ReadonlyMap<string, PrefixList> {
  const lists = new Map(users.map((user) => [user, new PrefixList()]));
  for (const row of rows) {
    lists.get(textField(row, 'activated_by'))?.push(parsePrefix(textField(row, 'prefix')));
  }
  return lists;
}
