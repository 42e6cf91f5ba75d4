import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { addressOf } from '../../src/net/address.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { entryOf, NOW, temporaryDirectory } from './helpers.ts';

const PAGE_BYTES = 4096;

function storeOf(count: number): string {
  const path = join(temporaryDirectory(), `${count}.db`);
  const store = openStore(path, { mode: 'write' });
  const model = entryOf('192.0.2.0/24');
  store.transaction(() => {
    for (let index = 0; index < count; index++) {
      const address = addressOf(4, 0x0a_00_00_00 + index * 256);
      store.record({ entry: { ...model, prefix: prefixAround(address, 24) } });
    }
    store.record({ entry: entryOf('172.16.0.0/12') });
    store.record({ entry: entryOf('2001:db8::/32') });
  });
  store.close();
  return path;
}

/** What a command does that is about one address: to look it up, and to write. */
function commands(path: string): void {
  const reader = openStore(path, { mode: 'read' });
  expect(reader.supernets(parsePrefix('10.0.5.7/32')).length).toBe(1);
  reader.supernets(parsePrefix('2001:db8::1/128'));
  reader.close();
  const store = openStore(path, { mode: 'write' });
  store.transaction(() => {
    store.supernets(parsePrefix('192.0.2.0/24'));
    store.around(parsePrefix('192.0.2.0/24'), parsePrefix('192.0.2.7/32'));
    const snapshot = store.snapshot();
    snapshot.activations(parsePrefix('192.0.2.0/24'));
    expect(snapshot.supernets(parsePrefix('10.0.5.7/32')).length).toBe(1);
    snapshot.subnets(parsePrefix('10.0.5.0/24'));
    snapshot.loginsWithin(parsePrefix('10.0.5.0/24'));
    expect([...store.under(parsePrefix('192.0.2.0/24'))]).toEqual([]);
    const entry = entryOf('192.0.2.0/24');
    store.record({ entry, activations: [entry], evidence: [{ activation: 1, rows: [] }] });
    store.history(parsePrefix('192.0.2.0/24'));
    store.loginsWithin(parsePrefix('192.0.2.0/24'), 0);
    store.logs.find(Buffer.alloc(32));
    store.logs.withHead(Buffer.alloc(32));
    store.allow(parsePrefix('198.51.100.0/24'), '', NOW);
    store.recordLogins([]);
  });
  store.close();
}

describe('what a command about one address costs', () => {
  it('is a search by key for each statement, never a scan of a table that grows', () => {
    const path = storeOf(100);
    const prepare = vi.spyOn(Database.prototype, 'prepare');
    commands(path);
    const statements = new Set(prepare.mock.calls.map(([sql]) => sql));
    prepare.mockRestore();
    expect(statements.size).toBeGreaterThan(10);
    const database = new Database(path, { readonly: true });
    try {
      const plans = [...statements]
        .filter((sql) => /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)/.test(sql))
        .flatMap((sql) => {
          // A plan needs no values, but the wrapper wants them.
          const values = Array.from(sql.match(/\?/g) ?? [], () => null);
          const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
          return rows.map((row) => (row as { detail: string }).detail);
        });
      expect(plans.filter((plan) => plan.startsWith('SEARCH entry')).length).toBeGreaterThan(3);
      // `run` is the list of lengths while it is being found, `key` that of the prefixes around one.
      expect(
        plans.filter((plan) =>
          /^SCAN (?!run\b|key\b|\d* ?CONSTANT ROW|sqlite_schema|pragma_)/.test(plan),
        ),
      ).toEqual([]);
    } finally {
      database.close();
    }
  });

  const why =
    process.platform === 'linux' ? '' : ' (skipped: /proc/self/io is there on Linux alone)';
  it.skipIf(why !== '')(`reads as much of a large store as of a small one${why}`, () => {
    const [small, large] = [storeOf(10), storeOf(20_000)];
    // Once before, so that nothing is counted that is read only the first time.
    commands(storeOf(10));
    const [forSmall, forLarge] = [small, large].map((path) => {
      const before = readBytes();
      commands(path);
      return readBytes() - before;
    }) as [number, number];
    expect(forSmall).toBeGreaterThan(0);
    // The large one is a tree that is two pages deeper.
    expect(forLarge - forSmall).toBeLessThan(16 * PAGE_BYTES);
  });
});

/** What this process has read by system calls so far, from the cache of the system too. */
function readBytes(): number {
  return Number(/^rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}
