import type { Expiry, Origin, Seconds } from '../blocklist/entry.ts';
import { McblockError, reasonOf } from '../errors.ts';

/** A row by column name, as both back-ends return it: texts, integers, null for forever. */
export type FleetRow = Readonly<Record<string, unknown>>;

/** Reads a row. Throws McblockError('store') where `read` throws: the row is damaged. */
export function readRow<T>(table: string, row: FleetRow, read: () => T): T {
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

export function textField(row: FleetRow, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new Error(`${column} is not text`);
}

export function wholeField(row: FleetRow, column: string): number {
  const value = row[column];
  if (Number.isSafeInteger(value) && Number(value) >= 0) return Number(value);
  throw new Error(`${column} is not a non-negative integer`);
}

export function expiryField(row: FleetRow, column: string): Expiry {
  return row[column] === null ? 'forever' : wholeField(row, column);
}

export function optionalWholeField(row: FleetRow, column: string): number | undefined {
  return row[column] === null ? undefined : wholeField(row, column);
}

export function originField(row: FleetRow, column: string): Origin {
  return textField(row, column) as Origin;
}

export function numberOf(time: Expiry): Seconds | null {
  return time === 'forever' ? null : time;
}
