import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { formatPrefix } from '../../src/net/prefix-text.ts';
import { latestVersion } from '../../src/schema-versions.ts';
import { Connection } from '../../src/store/connection.ts';
import { migrate, versionOf } from '../../src/store/migrate.ts';
import type { StoreMode } from '../../src/store/open.ts';
import { STORE_VERSIONS } from '../../src/store/schema.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { bogonOf, entryOf, errorOf, evidenceOf, NOW, temporaryDirectory } from './helpers.ts';

const isRoot = process.getuid?.() === 0;
const seed = () => [bogonOf('10.0.0.0/8')];

function open(path: string, mode: StoreMode): Store {
  const store = openStore(path, { mode, seed, busyMilliseconds: 0 });
  onTestFinished(() => store.close());
  return store;
}

/** A store of one entry beside its seed, closed. */
function smallStore(directory: string): string {
  const path = join(directory, 'mcblock.db');
  const store = openStore(path, { mode: 'write', seed });
  store.record({ entry: entryOf('192.0.2.0/24') });
  store.close();
  return path;
}

/** A directory on a file system of 2 MiB. */
function smallDisk(context: TestContext): string {
  const directory = temporaryDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory], {
      stdio: 'pipe',
    });
  } catch {
    context.skip('may not mount here');
  }
  onTestFinished(() => void execFileSync('umount', [directory]));
  return directory;
}

/** As a user for whom the permissions of files count. */
function asNobody<T>(work: () => T): T {
  if (!isRoot) return work();
  process.seteuid?.(65_534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

/** To a made-up database, for made-up migrations. */
function connect(path: string): Connection {
  writeFileSync(path, '', { flag: 'a' });
  const connection = new Connection(path, path, { busyMilliseconds: 0 });
  onTestFinished(() => connection.close());
  return connection;
}

function failingSeed(): never {
  throw new Error('no seed');
}

describe('a missing store', () => {
  it('is created to be written, for its owner alone', () => {
    const above = join(temporaryDirectory(), 'a');
    const directory = join(above, 'b');
    const path = join(directory, 'mcblock.db');
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const store = open(path, 'write');
    store.record({ entry: entryOf('192.0.2.0/24') });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(above).mode & 0o777).toBe(0o755);
    for (const name of readdirSync(directory)) {
      expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600);
    }
    expect(readdirSync(directory)).toContain('mcblock.db-wal');
    expect([...store.entries()].length).toBe(2);
  });

  it('is created for its owner alone through a symbolic link too', () => {
    const directory = temporaryDirectory();
    symlinkSync(join(directory, 'target.db'), join(directory, 'link.db'));
    open(join(directory, 'link.db'), 'write');
    expect(statSync(join(directory, 'target.db')).mode & 0o777).toBe(0o600);
  });

  it('cannot be read: a misspelt name must not look like an empty blocklist', () => {
    const directory = temporaryDirectory();
    const empty = join(directory, 'empty.db');
    writeFileSync(empty, '');
    for (const path of [join(directory, 'none', 'mcblock.db'), empty]) {
      expect(errorOf(() => open(path, 'read')).message).toMatch(/no such store/);
    }
    expect(readdirSync(directory)).toEqual(['empty.db']);
  });

  it('is its seed in a dry run, and nothing is created', () => {
    const directory = temporaryDirectory();
    const store = open(join(directory, 'none', 'mcblock.db'), 'dry-run');
    expect([...store.entries()]).toEqual(seed());
    expect(store.allowed()).toEqual([]);
    expect(errorOf(() => store.record({ entry: entryOf('192.0.2.0/24') })).code).toBe('store');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('may be an empty file, which a process leaves that is killed at its very start', () => {
    const path = join(temporaryDirectory(), 'mcblock.db');
    writeFileSync(path, '');
    expect([...open(path, 'dry-run').entries()]).toEqual(seed());
    expect(statSync(path).size).toBe(0);
    expect([...open(path, 'write').entries()]).toEqual(seed());
  });

  it('cannot be created below a file', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    const error = errorOf(() => open(join(directory, 'file', 'mcblock.db'), 'write'));
    expect(error.message).toMatch(/^store .*--db/);
  });

  it('cannot be created below /proc', () => {
    if (process.platform !== 'linux') return;
    expect(errorOf(() => open('/proc/none/a/mcblock.db', 'write')).code).toBe('store');
  });

  it('cannot have a name that ends in white space', () => {
    expect(errorOf(() => open(`${temporaryDirectory()}/a.db `, 'write')).message).toMatch(/white/);
  });
});

describe('a store that is there', () => {
  it('is read and written again, and has its pragmas', () => {
    const path = smallStore(temporaryDirectory());
    const store = open(path, 'write');
    store.record({ entry: entryOf('198.51.100.0/24') });
    expect([...open(path, 'read').entries()].length).toBe(3);
    const database = new Database(path, { readonly: true });
    onTestFinished(() => void database.close());
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(database.pragma('user_version', { simple: true })).toBe(latestVersion(STORE_VERSIONS));
    expect(database.pragma('application_id', { simple: true })).toBe(0x6d63626c);
    const tables = database.pragma('table_list') as { name: string; strict: number }[];
    const loose = tables.filter(({ name, strict }) => !strict && !name.startsWith('sqlite_'));
    expect(loose).toEqual([]);
  });

  it('is read with a name that means something to SQLite', () => {
    const directory = join(temporaryDirectory(), 'a?mode=memory#%20');
    mkdirSync(directory);
    const path = smallStore(directory);
    expect([...open(path, 'read').entries()].length).toBe(2);
    expect(existsSync(path)).toBe(true);
  });

  it('cannot be written by a reader', () => {
    const store = open(smallStore(temporaryDirectory()), 'read');
    const error = errorOf(() => store.record({ entry: entryOf('198.51.100.0/24') }));
    expect(error.message).toMatch(/read-only for this user/);
  });

  it('is seen by another connection when it changes, lengths that are new included', () => {
    const path = smallStore(temporaryDirectory());
    const [reader, writer] = [open(path, 'read'), open(path, 'write')];
    const { prefix } = entryOf('192.0.2.7/32');
    expect(reader.supernets(prefix).length).toBe(1);
    writer.record({ entry: entryOf('192.0.2.0/28') });
    expect(reader.supernets(prefix).length).toBe(2);
    writer.transaction(() => {
      expect(writer.supernets(prefix).length).toBe(2);
      writer.record({ entry: entryOf('192.0.2.0/30') });
      expect(writer.supernets(prefix).length).toBe(2);
      writer.record({ entry: entryOf('192.0.2.4/30') });
      expect(writer.supernets(prefix).length).toBe(3);
      expect(reader.supernets(prefix).length).toBe(2);
    });
    expect(reader.supernets(prefix).length).toBe(3);
  });

  it('makes others wait while it is written, and tells them who is in the way', () => {
    const path = smallStore(temporaryDirectory());
    const [first, second] = [open(path, 'write'), open(path, 'write')];
    first.transaction(() => {
      const error = errorOf(() => second.transaction(() => 1));
      expect(error.message).toMatch(/locked by another process/);
      // Whoever reads does not wait.
      expect([...second.entries()].length).toBe(2);
    });
    expect(second.transaction(() => 1)).toBe(1);
  });

  it.each([0o500, 0o700])('is read in a directory that may not be written (mode %o)', (mode) => {
    const directory = temporaryDirectory();
    const path = smallStore(directory);
    chmodSync(path, 0o444);
    chmodSync(directory, mode | 0o055);
    onTestFinished(() => chmodSync(directory, 0o700));
    asNobody(() => {
      const store = open(path, 'read');
      expect([...store.entries()].length).toBe(2);
      expect(store.supernets(entryOf('192.0.2.7/32').prefix).length).toBe(1);
      expect(store.activePrefixes(NOW).size).toBe(1);
    });
    expect(readdirSync(directory)).toEqual(['mcblock.db']);
  });

  it('is not written without permission, and says what to do', () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    const path = smallStore(directory);
    chmodSync(path, 0o444);
    const error = errorOf(() => asNobody(() => open(path, 'write')));
    expect(error.message).toMatch(/read-only for this user.*run as its owner/);
    chmodSync(path, 0o000);
    expect(errorOf(() => asNobody(() => open(path, 'read'))).message).toMatch(/cannot be opened/);
  });

  it('is read as it was before a change that was cut off half way', () => {
    const path = smallStore(temporaryDirectory());
    const database = new Database(path);
    database.pragma('journal_mode = DELETE');
    database.pragma('cache_size = 1');
    database.exec("BEGIN; UPDATE entry SET note = 'half done'");
    const insert = database.prepare("INSERT INTO allowed VALUES (4, ?, 32, 'half done', 0, NULL)");
    for (let index = 0; index < 2000; index++) {
      const network = Buffer.alloc(4);
      network.writeUInt32BE(index);
      insert.run(network);
    }
    const copy = join(temporaryDirectory(), 'copy.db');
    for (const suffix of ['', '-journal']) {
      writeFileSync(copy + suffix, readFileSync(path + suffix));
    }
    database.close();
    expect(readFileSync(copy).includes('half done')).toBe(true);
    const store = open(copy, 'read');
    expect([...store.entries()]).toEqual([...seed(), entryOf('192.0.2.0/24')]);
    expect(store.allowed()).toEqual([]);
  });

  it('is not taken for whole where a write-ahead log cannot be used', () => {
    const directory = temporaryDirectory();
    const path = smallStore(directory);
    const writer = open(path, 'write');
    writer.record({ entry: entryOf('198.51.100.0/24') });
    const copy = join(temporaryDirectory(), 'copy.db');
    for (const suffix of ['', '-wal']) {
      writeFileSync(copy + suffix, readFileSync(path + suffix), { mode: 0o444 });
    }
    const parent = join(copy, '..');
    chmodSync(parent, 0o555);
    onTestFinished(() => chmodSync(parent, 0o700));
    expect(errorOf(() => asNobody(() => open(copy, 'read'))).code).toBe('store');
    chmodSync(parent, 0o755);
    expect([...open(copy, 'read').entries()].length).toBe(3);
  });
});

describe('what is no store', () => {
  it.each(['read', 'write'] as const)('is refused and left alone (%s)', (mode) => {
    const path = join(temporaryDirectory(), 'text');
    writeFileSync(path, 'A text that is longer than the header of a database is.\n'.repeat(99));
    const before = readFileSync(path);
    expect(errorOf(() => open(path, mode)).message).toMatch(/not a store of mcblock.*--db/);
    expect(readFileSync(path)).toEqual(before);
  });

  it.each(['read', 'write'] as const)('may be the database of another program (%s)', (mode) => {
    const path = join(temporaryDirectory(), 'other.db');
    const database = new Database(path);
    database.exec('CREATE TABLE shopping (item TEXT)');
    database.close();
    const before = readFileSync(path);
    expect(errorOf(() => open(path, mode)).message).toMatch(/not a store of mcblock/);
    expect(readFileSync(path)).toEqual(before);
  });

  it.each(['read', 'write'] as const)('may be a store of a newer mcblock (%s)', (mode) => {
    const path = smallStore(temporaryDirectory());
    const database = new Database(path);
    database.pragma(`user_version = ${latestVersion(STORE_VERSIONS) + 1}`);
    database.close();
    expect(errorOf(() => open(path, mode)).message).toMatch(/newer mcblock.*update mcblock/);
  });

  it('may be a directory', () => {
    for (const mode of ['read', 'write'] as const) {
      expect(errorOf(() => open(temporaryDirectory(), mode)).code).toBe('store');
    }
  });

  it('may be a store that broke', () => {
    const path = smallStore(temporaryDirectory());
    const size = statSync(path).size;
    truncateSync(path, size - 4096);
    const error = errorOf(() => {
      const store = open(path, 'write');
      for (let index = 0; index < 9; index++)
        store.record({ entry: entryOf(`198.51.${index}.0/24`) });
      store.allow(entryOf('198.51.100.0/24').prefix, '', NOW);
      store.recordLogins([]);
      store.loginsWithin(entryOf('0.0.0.0/0').prefix, 0);
      Array.from(store.exportRows());
    });
    expect(error.message).toMatch(/damaged/);
  });

  it.each([
    ["UPDATE entry SET network = x'c0000201' WHERE length = 24", /4\/24\/C0000201: bad prefix/],
    ['UPDATE entry SET length = 33 WHERE length = 24', /4\/33\/C0000200: bad prefix/],
    ["UPDATE entry SET network = x'c00002' WHERE length = 24", /4\/24\/C00002: /],
    ['UPDATE entry SET family = 6 WHERE length = 24', /6\/24\/C0000200/],
    ['UPDATE entry SET activations = -1 WHERE length = 24', /bad number of activations -1/],
    ["UPDATE entry SET origin = 'nobody' WHERE length = 24", /bad origin nobody/],
    ["UPDATE entry SET hit_days = '5,,6' WHERE length = 24", /days/],
    ['UPDATE entry SET hits = 9007199254740993 WHERE length = 24', /hits/],
    ['UPDATE entry SET activations = 0 WHERE length = 24', /0 activations/],
  ])('may hold a row that is damaged: %s', (sql, message) => {
    const path = smallStore(temporaryDirectory());
    const database = new Database(path);
    if (!/x|nobody|5,,6|9007/.test(sql)) {
      expect(() => database.exec(sql)).toThrow(/CHECK/);
    }
    database.pragma('ignore_check_constraints = ON');
    database.exec(sql);
    database.close();
    const store = open(path, 'read');
    expect(errorOf(() => [...store.entries()]).message).toMatch(message);
    if (/network|length = 33|family/.test(sql)) {
      expect(errorOf(() => store.activePrefixes(NOW)).message).toMatch(message);
    }
  });
});

describe('migrations', () => {
  const schema = 'CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)';
  const older = { first: 5, schema, migrations: [] };
  const newer = {
    ...older,
    migrations: ['ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1'],
  };

  it('lead from each version to the newest, and fill a new store once', () => {
    const path = join(temporaryDirectory(), 'made-up.db');
    const filled: string[] = [];
    migrate(connect(path), () => filled.push('older'), older);
    expect(versionOf(connect(path), newer)).toBe(5);
    migrate(connect(path), () => filled.push('newer'), newer);
    const connection = connect(path);
    migrate(connection, () => filled.push('again'), newer);
    expect(versionOf(connection, newer)).toBe(6);
    expect(connection.rows('SELECT x, y FROM a')).toEqual([[1, 2]]);
    expect(filled).toEqual(['older']);
    expect(errorOf(() => migrate(connection, () => {}, older)).message).toMatch(/newer mcblock/);
    const later = { ...older, first: 7 };
    expect(errorOf(() => migrate(connection, () => {}, later)).message).toMatch(
      /older mcblock .* run mcblock export with that version/,
    );
  });

  it('are carried out whole or not at all', () => {
    const path = join(temporaryDirectory(), 'made-up.db');
    migrate(connect(path), () => {}, older);
    const connection = connect(path);
    const broken = { ...older, migrations: [...newer.migrations, 'DELETE FROM nothing'] };
    expect(errorOf(() => migrate(connection, () => {}, broken)).code).toBe('store');
    expect(versionOf(connection, broken)).toBe(5);
    expect(connection.rows('SELECT * FROM a')).toEqual([[1]]);
    const fresh = connect(join(temporaryDirectory(), 'fresh.db'));
    expect(() => migrate(fresh, failingSeed, older)).toThrow('no seed');
    expect(fresh.rows('SELECT * FROM sqlite_schema')).toEqual([]);
  });
});

describe('a full disk', () => {
  const why = isRoot && process.platform === 'linux' ? '' : ' (skipped: needs root on Linux)';
  it.skipIf(why !== '')(`does not keep the store from being read${why}`, (context) => {
    const directory = smallDisk(context);
    const path = smallStore(directory);
    const withLog = join(directory, 'with-log.db');
    const writer = openStore(withLog, { mode: 'write', seed });
    writer.record({ entry: entryOf('192.0.2.0/24') });
    const crashed = join(directory, 'crashed.db');
    for (const suffix of ['', '-wal']) copyFileSync(`${withLog}${suffix}`, `${crashed}${suffix}`);
    writer.close();
    expect(() => writeFileSync(join(directory, 'rest'), Buffer.alloc(1 << 22))).toThrow('ENOSPC');
    for (const name of [path, crashed]) {
      expect(Array.from(open(name, 'read').activePrefixes(NOW), formatPrefix), name).toEqual([
        '192.0.2.0/24',
      ]);
    }
  });

  it.skipIf(why !== '')(`leaves the store as it was and is reported${why}`, (context) => {
    const path = smallStore(smallDisk(context));
    const store = openStore(path, { mode: 'write' });
    const entry = entryOf('192.0.2.0/24');
    store.record({ entry, activations: [entry] });
    let kept = 0;
    const error = errorOf(() => {
      for (;;) {
        store.transaction(() => {
          const log = `${kept}${'x'.repeat(20_000)}`;
          const rows = [evidenceOf({ log }), evidenceOf({ log, host: 'b' })];
          store.record({ entry, evidence: [{ activation: 1, rows }] });
        });
        kept += 1;
      }
    });
    expect(error.message).toMatch(/disk full; nothing was recorded/);
    expect(kept).toBeGreaterThan(0);
    expect(store.history(entry.prefix)[0]?.evidence.length).toBe(kept * 2);
    store.close();
    const again = open(path, 'read');
    expect(again.history(entry.prefix)[0]?.evidence.length).toBe(kept * 2);
    again.close();
  });
});
