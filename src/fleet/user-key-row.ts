import { type FleetRow, readRow, textField, wholeField } from './fleet-row.ts';
import type { UserKey } from './user.ts';

export const USER_KEY_COLUMNS = ['name', 'key', 'key_since'] as const;

export function userKeyOfRow(row: FleetRow): UserKey {
  return readRow('user', row, () => ({
    name: textField(row, 'name'),
    key: textField(row, 'key'),
    since: wholeField(row, 'key_since'),
  }));
}
