import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { bundleTypeScript } from '../../scripts/bundle-typescript.mjs';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { signal } from '../../src/process/program.ts';
import { openStore } from '../../src/store/store.ts';
import { random } from '../support/random.ts';
import { until } from '../support/until.ts';
import { NOW, temporaryDirectory } from './helpers.ts';

const ENTRIES_PER_LOG = 40;
const KILLS = 21;
const SEVERAL = 3;
const TRANSACTIONS = 10;
const repository = join(import.meta.dirname, '..', '..');
// Inside the repository, where the packages are.
const directory = mkdtempSync(join(repository, 'build', 'writer-'));
const program = join(directory, 'writer.mjs');

beforeAll(() => bundleTypeScript("import './test/store/writer.ts';", program));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Writer {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  /** Resolves when it is about to open the store (1), and after each log (2, 3, …). */
  readonly reached: (step: number) => Promise<unknown>;
  /** How many logs it has said to be recorded. */
  readonly recorded: () => number;
  readonly complaints: () => string;
}

function startWriter(path: string, own: number, count: number): Writer {
  const child = spawn(process.execPath, [program, path, String(own), String(count)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, complaints] = ['', ''];
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  return {
    process: child,
    ended: once(child, 'close').then(() => child.exitCode),
    reached: async (step) => {
      while (output.length < step && child.exitCode === null) await once(child.stdout, 'data');
    },
    recorded: () => output.replaceAll('.', '').length,
    complaints: () => complaints,
  };
}

/** How many logs the store holds; each has to be there whole, and nothing beside them. */
function wholeLogs(path: string): number {
  const database = new Database(path);
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
    const numbers = (sql: string) => database.prepare(sql).raw().all();
    const tables = numbers("SELECT name FROM sqlite_schema WHERE type = 'table'");
    if (tables.length === 0) return 0;
    const logs = numbers('SELECT name FROM log ORDER BY name') as string[][];
    const wanted = logs.map(([name]) => [name, ENTRIES_PER_LOG]);
    const rest = "WHERE length = 24 AND note <> '' GROUP BY note ORDER BY note";
    expect(numbers(`SELECT note, count(*) FROM entry ${rest}`)).toEqual(wanted);
    expect(numbers(`SELECT note, count(*) FROM activation ${rest}`)).toEqual(wanted);
    expect(numbers('SELECT log, count(*) FROM evidence GROUP BY log ORDER BY log')).toEqual(wanted);
    expect(numbers("SELECT hits FROM entry WHERE note = ''")).toEqual([[logs.length]]);
    return logs.length;
  } finally {
    database.close();
  }
}

describe('several processes at once', () => {
  it('make the store together, wait for each other and lose nothing', async () => {
    const path = join(temporaryDirectory(), 'new', 'mcblock.db');
    const writers = Array.from({ length: SEVERAL }, (_, index) => startWriter(path, index + 1, 25));
    for (const { ended, complaints } of writers) {
      expect(await ended, complaints()).toBe(0);
    }
    expect(wholeLogs(path)).toBe(SEVERAL * 25);
  });
});

/** Writes all the time, but for a millisecond after each transaction, which it counts. */
const BUSY = `
  const database = new (require('better-sqlite3'))(process.argv[1]);
  database.exec('CREATE TABLE turn (count INTEGER NOT NULL) STRICT; INSERT INTO turn VALUES (0)');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  process.stdout.write('.');
  for (;;) {
    database.exec('BEGIN IMMEDIATE; UPDATE turn SET count = count + 1');
    Atomics.wait(pause, 0, 0, 19);
    database.exec('COMMIT');
    Atomics.wait(pause, 0, 0, 1);
  }`;

describe('a process that writes all the time', () => {
  it('lets others write between its transactions', async () => {
    const path = join(temporaryDirectory(), 'mcblock.db');
    const store = openStore(path, { mode: 'write' });
    const busy = spawn(process.execPath, ['-e', BUSY, path], { cwd: repository, stdio: 'pipe' });
    onTestFinished(() => signal(busy, 'SIGKILL'));
    await once(busy.stdout, 'data');
    const reader = new Database(path);
    const turns = () => reader.prepare('SELECT count FROM turn').pluck().get() as number;
    let waited = 0;
    for (let count = 0; count < TRANSACTIONS; count++) {
      const before = turns();
      store.allow(parsePrefix('192.0.2.0/24'), '', NOW);
      waited += turns() - before;
      const after = turns();
      await until(() => turns() > after);
    }
    // With the waits of SQLite, which grow, it would be dozens for each.
    expect(waited).toBeLessThan(10 * TRANSACTIONS);
    reader.close();
    store.close();
  });
});

describe('a process that is killed', () => {
  it('has recorded all of a log or nothing of it, and all that it said to be recorded', async () => {
    const path = join(temporaryDirectory(), 'mcblock.db');
    let before = 0;
    let killedWhileWriting = 0;
    for (let run = 1; run <= KILLS; run++) {
      const isNew = run % 4 === 1;
      // Every fourth one a new store: killed while it is made.
      if (isNew) {
        for (const suffix of ['', '-wal', '-shm', '-journal']) {
          rmSync(path + suffix, { force: true });
        }
        before = 0;
      }
      const writer = startWriter(path, run, 1_000_000);
      await writer.reached(isNew ? 1 : 2);
      await pause(random() * 40);
      signal(writer.process, 'SIGKILL');
      await writer.ended;
      expect(writer.complaints()).toBe('');
      const recorded = writer.recorded();
      if (recorded > 0) killedWhileWriting += 1;
      const now = existsSync(path) ? wholeLogs(path) : 0;
      expect(now - before).toBeGreaterThanOrEqual(recorded);
      // The one that it had no time to tell of.
      expect(now - before).toBeLessThanOrEqual(recorded + 1);
      before = now;
    }
    expect(killedWhileWriting).toBeGreaterThanOrEqual(Math.floor(KILLS * 0.7));
  }, 120_000);
});
