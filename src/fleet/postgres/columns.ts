import type { SqlValue } from '../../validation/sql-column.ts';

/**
 * The columns of rows, each as an array literal: for thousands of rows far quicker than JSON or a
 * placeholder for each value.
 */
export function columnsOf(
  rows: readonly (readonly SqlValue[])[],
  columns: readonly string[],
): readonly string[] {
  return columns.map((_, index) => `{${rows.map((row) => elementOf(row[index])).join(',')}}`);
}

/** PostgreSQL's manual, 8.15.6. */
function elementOf(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  return PLAIN.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** No character with a meaning in an array literal, and not the word NULL. */
const PLAIN = /^(?!null$)[\w.:/-]+$/i;
