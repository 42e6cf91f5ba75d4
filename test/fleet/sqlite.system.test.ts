import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { describeApi } from './api.ts';
import { describeKill } from './kill.ts';
import { sqliteBackend } from './sqlite-backend.ts';
import { describeFleetStore } from './store-contract.ts';

describe("the fleet's store in SQLite", () => describeFleetStore(sqliteBackend));

describe("an older fleet's store in SQLite", () => {
  it('is migrated and gets an identity', async () => {
    const backend = sqliteBackend();
    try {
      await (await backend.open()).close();
      const database = new Database(backend.db);
      database.exec('ALTER TABLE fleet DROP COLUMN identity; UPDATE fleet SET sequence = 7');
      database.exec('ALTER TABLE evidence DROP COLUMN port');
      database.pragma('user_version = 1');
      database.close();
      const store = await backend.open();
      expect(await store.sequence()).toBe(7);
      expect(await store.identity()).toMatch(/^[0-9a-f]{32}$/);
      await store.close();
    } finally {
      await backend.remove();
    }
  });
});

describe('the server on SQLite', () => describeApi(sqliteBackend));
describe('the server process on SQLite', () => describeKill(sqliteBackend));
