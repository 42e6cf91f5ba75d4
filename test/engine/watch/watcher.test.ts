import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { Watcher, type WatchSettings } from '../../../src/engine/watch/watcher.ts';
import { McblockError } from '../../../src/errors.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { tinyScanner } from '../../log/tiny-scanner.ts';
import { CommandLine } from '../../support/command-line.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;
const SETTINGS: WatchSettings = {
  policies: onePolicy(DEFAULT_POLICY),
  readOptions: { scanners: [tinyScanner], zone: 'UTC', points: new Map() },
  files: [],
};

/** With the one log that most tests follow. */
function settings(): WatchSettings {
  const { readOptions } = SETTINGS;
  return { ...SETTINGS, files: [{ name: log, isConfigured: false, readOptions, archives: [] }] };
}

/** What a pause returns to send a hang-up. */
const HANG_UP = Symbol('hang-up');

let line: CommandLine;
let log = '';
let store: Store;
let warnings: string[] = [];
let changes = 0;
beforeEach(() => {
  line = new CommandLine();
  log = line.path('auth.log');
  store = openStore(line.db, { mode: 'write' });
  warnings = [];
  changes = 0;
});
afterEach(() => {
  vi.useRealTimers();
  store.close();
  line.remove();
});

async function reloadSame(): Promise<WatchSettings> {
  return settings();
}

/** Three attempts from one address: a block. */
function attempts(third: number): string {
  return [0, 1, 2]
    .map(
      (n) =>
        `2026-03-23T10:${third}:0${n}Z gw sshd[${third}${n}]: Failed password for root from 5.149.${third}.9 port 4711 ssh2\n`,
    )
    .join('');
}

/** Runs a watcher; each pause does the next of these, and after the last it is stopped. */
async function runThrough(pauses: readonly (() => unknown)[], reload = reloadSame) {
  const waits: number[] = [];
  let isHungUp = false;
  const signals = {
    isStopped: false,
    takeHangUp: () => {
      const was = isHungUp;
      isHungUp = false;
      return was;
    },
    pause: async (milliseconds: number) => {
      const next = pauses[waits.length];
      waits.push(milliseconds);
      if (next?.() === HANG_UP) isHungUp = true;
      if (waits.length >= pauses.length) signals.isStopped = true;
    },
  };
  const watcher = new Watcher(await reload(), signals, {
    store,
    now: () => NOW,
    reload,
    warn: (text) => warnings.push(text),
    onChange: () => changes++,
  });
  try {
    await watcher.run();
  } finally {
    watcher.close();
  }
  return waits;
}

/** The next so many transactions fail as SQLite's do. */
function breakStore(code: string, times: number): void {
  const transaction = store.transaction.bind(store);
  let left = times;
  store.transaction = (work) => {
    if (left-- > 0) {
      const cause = new Database.SqliteError('no', code);
      throw new McblockError('store', 'the store has no room', { cause });
    }
    return transaction(work);
  };
}

const nothing = (): void => {};
const descriptors = (): number => readdirSync('/dev/fd').length;
const hangUp = (): symbol => HANG_UP;
const prefixes = (): number => [...store.entries()].length;

describe('a watcher', () => {
  it('retries with growing delays while the store cannot be written, and loses nothing', async () => {
    breakStore('SQLITE_FULL', 3);
    writeFileSync(log, attempts(11));
    const none = () => expect(prefixes()).toBe(0);
    const more = () => appendFileSync(log, attempts(12));
    const waits = await runThrough([none, more, none, nothing, nothing]);
    expect(waits).toEqual([1000, 2000, 4000, 250, 250]);
    expect(prefixes()).toBe(2);
    expect(changes).toBe(1);
    expect(warnings).toEqual(['mcblock: the store has no room; retrying']);
  });

  it('waits no longer than a minute', async () => {
    breakStore('SQLITE_BUSY', 10);
    writeFileSync(log, attempts(11));
    const waits = await runThrough(Array.from({ length: 12 }, () => nothing));
    expect(Math.max(...waits)).toBe(60_000);
    expect(prefixes()).toBe(1);
  });

  it('stops if the store is damaged', async () => {
    breakStore('SQLITE_CORRUPT', 1);
    writeFileSync(log, attempts(11));
    await expect(runThrough([nothing])).rejects.toThrow('no room');
  });

  it('reports a missing log once, and again after it has existed', async () => {
    await runThrough([nothing, nothing, () => writeFileSync(log, attempts(11)), nothing]);
    expect(warnings).toEqual([`mcblock: ${log} does not exist yet`]);
    expect(prefixes()).toBe(1);
  });

  it('reads new lines at once, also of a file that replaced the log', async () => {
    writeFileSync(log, attempts(11));
    const written = [
      () => appendFileSync(log, attempts(12)),
      () => {
        renameSync(log, `${log}.0`);
        writeFileSync(log, attempts(13));
      },
      () => appendFileSync(log, attempts(14)),
    ];
    const signals = {
      isStopped: false,
      takeHangUp: () => false,
      // Nothing but the alarm ends a pause after which something is to be read.
      pause: async (_: number, early?: AbortSignal) => {
        const write = written.shift();
        if (write === undefined) {
          signals.isStopped = prefixes() === 4;
          return;
        }
        write();
        // Who has another file under the old name is not told, but looks.
        if (written.length !== 1 && early?.aborted === false) await once(early, 'abort');
      },
    };
    const callbacks = { warn: nothing, onChange: nothing };
    const watcher = new Watcher(settings(), signals, {
      store,
      now: () => NOW,
      reload: reloadSame,
      ...callbacks,
    });
    try {
      await watcher.run();
      expect(prefixes()).toBe(4);
    } finally {
      watcher.close();
    }
  });

  it('reports missing and compressed logs with --once', async () => {
    const signals = { isStopped: false, takeHangUp: () => false, pause: async () => {} };
    const watcher = new Watcher(settings(), signals, {
      store,
      now: () => NOW,
      reload: async () => SETTINGS,
      warn: () => {},
      onChange: () => {},
    });
    await expect(watcher.once()).rejects.toThrow(`${log}: no such file`);
    writeFileSync(log, gzipSync(attempts(11)));
    await expect(watcher.once()).rejects.toThrow(`${log}: compressed`);
    writeFileSync(log, attempts(11));
    await watcher.once();
    expect(prefixes()).toBe(1);
  });

  it('picks up new files that match a pattern, and lets go of those that are gone', async () => {
    const { readOptions } = SETTINGS;
    const pattern = { name: line.path('*.log'), isConfigured: true, readOptions, archives: [] };
    writeFileSync(log, attempts(11));
    let [before, pauses] = [0, 0];
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const steps: (() => unknown)[] = [
      () => expect(prefixes()).toBe(1),
      () => writeFileSync(line.path('other.log'), attempts(12)),
      () => prefixes() === 2,
      () => {
        before = descriptors();
        rmSync(line.path('other.log'));
      },
      () => descriptors() < before,
    ];
    const signals = {
      isStopped: false,
      takeHangUp: () => false,
      pause: async () => {
        // Folders are looked through every other second, and files that are gone are kept a while.
        vi.advanceTimersByTime(2500);
        expect(++pauses).toBeLessThan(100);
        if (steps[0]?.() !== false) steps.shift();
        signals.isStopped = steps.length === 0;
      },
    };
    const watcher = new Watcher({ ...SETTINGS, files: [pattern] }, signals, {
      store,
      now: () => NOW,
      reload: async () => SETTINGS,
      warn: (text) => warnings.push(text),
      onChange: () => changes++,
    });
    await watcher.run();
    watcher.close();
    expect(warnings).toEqual([]);
  });

  it('follows the other logs if one cannot be read, and says so once', async () => {
    mkdirSync(log);
    const other = line.path('other.log');
    writeFileSync(other, attempts(11));
    const all = settings();
    const files = [log, other].map((name) => ({ ...all.files[0], name })) as typeof all.files;
    await runThrough([nothing, nothing], async () => ({ ...all, files }));
    expect(prefixes()).toBe(1);
    expect(warnings).toEqual([
      `mcblock: ${log} is not a regular file; only those can be followed; retrying`,
    ]);
  });

  it('follows other logs after a hang-up, and keeps what it knows of the same ones', async () => {
    const other = line.path('other.log');
    writeFileSync(log, attempts(11));
    writeFileSync(other, attempts(12));
    const all = settings();
    const both = [log, other].map((name) => ({ ...all.files[0], name })) as typeof all.files;
    let isFirst = true;
    const reload = async () => {
      const files = isFirst ? all.files : both;
      isFirst = false;
      return { ...all, files };
    };
    await runThrough([() => expect(prefixes()).toBe(1), hangUp, nothing, nothing], reload);
    expect(prefixes()).toBe(2);
  });
});
