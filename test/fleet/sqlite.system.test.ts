import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { describeApi } from './api.ts';
import { describeKill } from './kill.ts';
import { sqliteBackend } from './sqlite-backend.ts';
import { describeFleetStore } from './store-contract.ts';

describe("the fleet's store in SQLite", () => describeFleetStore(sqliteBackend));

describe("a fleet's store in SQLite of another version", () => {
  it.each([
    [1, /was written by an older mcblock/],
    [99, /was written by a newer mcblock .* update mcblock/],
  ])('is refused: %i', async (version, message) => {
    const backend = sqliteBackend();
    try {
      const store = await backend.open();
      expect(await store.identity()).toMatch(/^[0-9a-f]{32}$/);
      await store.close();
      const database = new Database(backend.db);
      database.pragma(`user_version = ${version}`);
      database.close();
      await expect(backend.open()).rejects.toThrow(message);
    } finally {
      await backend.remove();
    }
  });
});

describe('the server on SQLite', () => describeApi(sqliteBackend));
describe('the server process on SQLite', () => describeKill(sqliteBackend));
