import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { FLEET_EVIDENCE_COLUMNS, FLEET_EVIDENCE_KEY } from '../../src/fleet/rows.ts';
import { SqliteFleetStore } from '../../src/fleet/sqlite/sqlite-fleet-store.ts';
import { Connection } from '../../src/store/connection.ts';
import { openStore } from '../../src/store/store.ts';
import { columnName, DETAIL_FIELDS, DETAIL_NAMES } from '../../src/validation/evidence.ts';
import { temporaryDirectory } from '../store/helpers.ts';

interface Column {
  readonly name: string;
  readonly pk: number;
}

function columnsOf(path: string, table: string): readonly Column[] {
  const database = new Database(path);
  const columns = database.pragma(`table_info(${table})`) as readonly Column[];
  database.close();
  return columns;
}

function keyOf(columns: readonly Column[]): string[] {
  return columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
}

describe('the tables have a column for each field of evidence, and its key', () => {
  it('in the store of a machine', () => {
    const path = `${temporaryDirectory()}/mcblock.db`;
    openStore(path, { mode: 'write' }).close();
    const columns = columnsOf(path, 'pending');
    const names = columns.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(DETAIL_NAMES.map(columnName)));
    const key = DETAIL_NAMES.filter((name) => DETAIL_FIELDS[name].merge === 'key').map(columnName);
    const own = ['family', 'address', 'at', 'user'];
    expect(keyOf(columns).toSorted()).toEqual([...own, ...key].toSorted());
  });

  it('in the store of a fleet', async () => {
    const path = `${temporaryDirectory()}/fleet.db`;
    new Database(path).close();
    await new SqliteFleetStore(new Connection(path, path, { busyMilliseconds: 0 })).close();
    const columns = columnsOf(path, 'evidence');
    const names = columns.map(({ name }) => name);
    expect(names.toSorted()).toEqual(FLEET_EVIDENCE_COLUMNS.toSorted());
    expect(keyOf(columns).toSorted()).toEqual(FLEET_EVIDENCE_KEY.toSorted());
  });
});
