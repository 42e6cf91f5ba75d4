import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { parsePrefix } from '../../src/net/prefix-text.ts';
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
      for (const column of ['port', 'proxy', 'rule']) {
        database.exec(`ALTER TABLE evidence DROP COLUMN ${column}`);
      }
      database.exec(
        'DROP TABLE usage; DROP INDEX entry_activated_by; DROP TABLE claim; DROP TABLE offence; DROP TABLE feed',
      );
      const added = [
        'made_by',
        'by_admin',
        'activated_by_admin',
        'withdrawn',
        'shared',
        'evidence',
      ];
      for (const column of added) {
        database.exec(`ALTER TABLE entry DROP COLUMN ${column}`);
      }
      database.exec('ALTER TABLE activation DROP COLUMN by_admin');
      for (const column of ['key', 'key_since']) {
        database.exec(`ALTER TABLE user DROP COLUMN ${column}`);
      }
      database.exec(`INSERT INTO entry VALUES
        ('192.0.2.1/32', 1, 1, 'manual', '', 1, 1, 1, 1, 1, 2, '', 2, NULL, 'manual', '', 'alice'),
        ('192.0.2.2/32', 2, 2, 'manual', '', 1, 1, 1, 1, 1, 2, '', 2, NULL, 'manual', '', 'gate1')`);
      database.exec(
        "INSERT INTO user VALUES ('alice', '', 'admin', 20, 48, NULL, 0, 1), ('gate1', '', 'report', 20, 48, NULL, 0, 1)",
      );
      database.exec(`INSERT INTO evidence VALUES
        ('192.0.2.1/32', 1, 'gate1', 'offence', '192.0.2.1', 'sshd', 'x', '', '', 1, 1, 1),
        ('192.0.2.2/32', 1, 'gate1', 'offence', '192.0.2.2', 'sshd', 'x', '', '', 1, 1, 1)`);
      database.pragma('user_version = 1');
      database.close();
      const store = await backend.open();
      expect(await store.sequence()).toBe(7);
      const makers = await Promise.all(
        ['192.0.2.1', '192.0.2.2'].map((text) => store.history(parsePrefix(text))),
      );
      expect(makers).toMatchObject([
        {
          entry: { by: 'alice', byAdmin: true },
          activation: { by: 'alice', byAdmin: true },
          isShared: true,
        },
        {
          entry: { by: 'gate1', byAdmin: false },
          activation: { by: 'gate1', byAdmin: false },
          isShared: false,
        },
      ]);
      expect(await store.identity()).toMatch(/^[0-9a-f]{32}$/);
      await store.close();
    } finally {
      await backend.remove();
    }
  });
});

describe('the server on SQLite', () => describeApi(sqliteBackend));
describe('the server process on SQLite', () => describeKill(sqliteBackend));
