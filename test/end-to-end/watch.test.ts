import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import { signal } from '../../src/process/program.ts';
import { Namespace, NO_NAMESPACES } from '../firewall/namespace.ts';
import { CommandLine } from '../support/command-line.ts';
import { program } from '../support/program.ts';
import { random } from '../support/random.ts';
import { until as untilTrue } from '../support/until.ts';

const NOW = '2026-03-24T00:00:00Z';
const START = Date.UTC(2026, 2, 19, 12) / 1000;
const KILLS = 8;
/** Offences that are written before the watch has stored earlier ones. */
const BACKLOG = 40;

let line: CommandLine;
let log = '';
let written: string[] = [];
let rotations = 0;
let watches: Watch[] = [];
beforeEach(() => {
  line = new CommandLine();
  line.now = NOW;
  log = line.path('auth.log');
  written = [];
  rotations = 0;
  watches = [];
});
afterEach(async () => {
  for (const { child, ended } of watches) {
    signal(child, 'SIGKILL');
    await ended;
  }
  line.remove();
});

interface Watch {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** A process of its own that watches until it is told to stop. */
function startWatch(...argv: string[]): Watch {
  const common = ['--db', line.db, '--now', NOW];
  const child = spawn(process.execPath, [program, 'watch', ...common, ...argv], {
    env: { ...process.env, TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(() => child.exitCode);
  const watch = { child, ended, stdout: () => stdout, stderr: () => stderr };
  watches.push(watch);
  return watch;
}

/** The n-th line ever: most are failed logins, of addresses by turns. */
function lineOf(n: number): string {
  const at = new Date((START + n * 7) * 1000).toISOString();
  if (n % 5 === 3) return `${at} gw cron[${n}]: (root) CMD (true)\n`;
  return `${at} gw sshd[${n + 100}]: Failed password for root from 5.149.${(n * n) % 23}.${n % 200} port 4711 ssh2\n`;
}

function attemptsOf(address: string): string {
  return [1, 2, 3]
    .map(
      (n) =>
        `2026-03-23T10:00:0${n}Z gw sshd[${n}]: Failed password for root from ${address} port 4711 ssh2\n`,
    )
    .join('');
}

/** The next so many lines. */
function lines(count: number): string {
  const text = Array.from({ length: count }, (_, index) => lineOf(written.length + index));
  written.push(...text);
  return text.join('');
}

function append(count: number): void {
  appendFileSync(log, lines(count));
}

/**
 * The entries with their history, and what is pending: all that lines can change. Each store has its
 * own key for the hashes of users.
 */
async function outcomeIn(store: CommandLine): Promise<string[]> {
  const { stdout } = await store.run('export');
  return stdout
    .split('\n')
    .filter((row) => /"type":"(?:entry|pending|login)"/.test(row))
    .map((row) => row.replace(/"user":\d+/, '"user":0'));
}

function outcome(): Promise<string[]> {
  return outcomeIn(line);
}

/** The same of a store in which one grok read all the lines at once. */
async function outcomeOfGrok(): Promise<string[]> {
  const reference = new CommandLine();
  try {
    writeFileSync(log, written.join(''));
    reference.now = NOW;
    expect((await reference.run('grok', log)).exitCode).toBe(0);
    return await outcomeIn(reference);
  } finally {
    reference.remove();
  }
}

function countsOf(rows: readonly string[]): string[] {
  return rows.map((row) => row.replace(/"activatedAt".*/, ''));
}

function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const instead = () => `${what}; ${watches.map(({ stderr }) => stderr()).join('---\n')}`;
  return untilTrue(condition, { instead });
}

/** From files of all kinds. Linux alone says. */
function bytesReadBy({ child }: Watch): number {
  const file = `/proc/${child.pid}/io`;
  return existsSync(file)
    ? Number(/^rchar: (\d+)/.exec(readFileSync(file, 'utf8'))?.[1])
    : Infinity;
}

/** How many offences the store holds, in entries or pending. */
function offencesStored(): number {
  if (!existsSync(line.db)) return 0;
  const database = new Database(line.db, { readonly: true });
  try {
    const sum = (sql: string): number => Number(database.prepare(sql).pluck().get());
    return sum('SELECT total(hits) FROM entry') + sum('SELECT total(count) FROM pending');
  } catch {
    // It is being made.
    return 0;
  } finally {
    database.close();
  }
}

const offencesWritten = (): number => written.filter((text) => text.includes('Failed')).length;
const allIsStored = () => until('all lines', () => offencesStored() >= offencesWritten());

async function stop({ child, ended, stderr }: Watch): Promise<void> {
  signal(child, 'SIGTERM');
  expect(await ended, stderr()).toBe(0);
}

/** As newsyslog does: .0 becomes .1, and what was the log becomes .0. */
function rotate(): void {
  for (const suffix of ['', '.gz', '.bz2']) {
    for (let number = rotations; number >= 0; number--) {
      const name = `${log}.${number}${suffix}`;
      if (existsSync(name)) renameSync(name, `${log}.${number + 1}${suffix}`);
    }
  }
  renameSync(log, `${log}.0`);
  rotations++;
}

function compress(name: string): void {
  if (existsSync(name)) execFileSync('gzip', [name]);
}

describe('watch', () => {
  it('records lines as they are written, and stops on SIGTERM', async () => {
    append(20);
    const watch = startWatch(log);
    await allIsStored();
    append(40);
    await allIsStored();
    // A line that is not whole waits for its end.
    const half = lines(1);
    appendFileSync(log, half.slice(0, 50));
    appendFileSync(log, half.slice(50));
    await allIsStored();
    await stop(watch);
    expect(watch.stderr()).toBe(`mcblock: watching ${log}\n`);
    expect(watch.stdout()).toMatch(
      /^new 5\.149\.\d+\/24 until 2026-04-18 \d\d:\d\d UTC, 3 hits in /m,
    );
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });

  it('reads a renamed log to its end and continues in the new one', async () => {
    append(30);
    const watch = startWatch(log);
    await allIsStored();
    for (let turn = 0; turn < 3; turn++) {
      append(10);
      rotate();
      // syslogd has not heard of it yet.
      appendFileSync(`${log}.0`, lines(10));
      await allIsStored();
      writeFileSync(log, lines(10));
      appendFileSync(`${log}.0`, lines(5));
      await allIsStored();
    }
    await stop(watch);
    // Some lines came late, which tells in the history, but not in what is counted.
    expect(countsOf(await outcome())).toEqual(countsOf(await outcomeOfGrok()));
  });

  it('starts over in a log that was copied and truncated', async () => {
    append(30);
    const watch = startWatch(log);
    await allIsStored();
    for (let turn = 0; turn < 4; turn++) {
      append(10);
      if (existsSync(`${log}.1`)) renameSync(`${log}.1`, `${log}.2`);
      copyFileSync(log, `${log}.1`);
      truncateSync(log);
      // Longer than before, or shorter.
      append(turn % 2 === 0 ? 100 : 3);
      await allIsStored();
    }
    await stop(watch);
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });

  it('is not counted again by grok from a copy made before the last lines', async () => {
    append(20);
    const watch = startWatch(log);
    await allIsStored();
    append(10);
    await allIsStored();
    append(3);
    copyFileSync(log, `${log}.1`);
    append(10);
    await allIsStored();
    writeFileSync(log, lines(5));
    await allIsStored();
    expect((await line.run('grok', '--rotated', log)).stdout).toContain('nothing new since');
    await stop(watch);
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });

  it('follows several logs and waits for a missing one', async () => {
    const other = line.path('secure');
    const watch = startWatch(log, other);
    await until('that it waits', () => watch.stderr().includes(`${other} does not exist yet`));
    append(12);
    writeFileSync(other, lines(12));
    await allIsStored();
    append(12);
    appendFileSync(other, lines(12));
    await allIsStored();
    await stop(watch);
    const named = (await outcome()).map((row) => row.replaceAll(other, log));
    expect(named.length).toBe((await outcomeOfGrok()).length);
  });

  it('neither loses nor repeats a line, whenever it is killed', async () => {
    append(5);
    await stop(await started(startWatch(log)));
    for (let kill = 0; kill < KILLS; kill++) {
      const watch = startWatch(log);
      const killedAt = performance.now() + 100 + random() * 350;
      for (let step = 0; performance.now() < killedAt; step++) {
        const text = lines(1 + (step % 4));
        // In two writes: the end of a line may come later.
        appendFileSync(log, text.slice(0, 40));
        appendFileSync(log, text.slice(40));
        if (step % 12 === 5 + (kill % 4)) {
          rotate();
          if (kill % 3 !== 0) writeFileSync(log, lines(2));
          if (kill % 2 === 0) compress(`${log}.1`);
          if (kill % 4 === 3) compress(`${log}.0`);
          if (!existsSync(log)) writeFileSync(log, lines(1));
        }
        await until(
          'reading falls behind',
          () => performance.now() >= killedAt || offencesWritten() - offencesStored() < BACKLOG,
        );
      }
      signal(watch.child, 'SIGKILL');
      await watch.ended;
      // And while nobody watches.
      if (kill % 3 === 1) rotate();
      append(3);
    }
    const watch = startWatch('--once', log);
    expect(await watch.ended, watch.stderr()).toBe(0);
    expect(offencesStored()).toBe(offencesWritten());
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });

  it('stops in the middle of a large log, and the next one continues there', async () => {
    append(30_000);
    const watch = startWatch(log);
    await until('the first batch', () => offencesStored() > 0);
    await stop(watch);
    const next = startWatch('--once', log);
    expect(await next.ended, next.stderr()).toBe(0);
    expect(offencesStored()).toBe(offencesWritten());
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });

  it('continues where grok stopped, and grok where it stopped', async () => {
    append(20);
    await line.run('grok', log);
    append(20);
    await stop(await started(startWatch(log)));
    expect(offencesStored()).toBe(offencesWritten());
    expect((await line.run('grok', log)).stdout).toContain('nothing new since');
    append(20);
    expect((await line.run('grok', log)).stdout).toContain('20 new lines');
    await stop(await started(startWatch(log)));
    writeFileSync(`${log}.0.gz`, gzipSync(written.join('')));
    expect((await line.run('grok', '--rotated', log)).stdout).toContain('nothing new since');
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });

  it('does not count again what grok reads from the same log', async () => {
    append(20);
    const watch = startWatch(log);
    for (let turn = 0; turn < 3; turn++) {
      await allIsStored();
      signal(watch.child, 'SIGSTOP');
      append(10);
      expect((await line.run('grok', log)).stdout).toContain('10 new lines');
      append(10);
      signal(watch.child, 'SIGCONT');
    }
    await allIsStored();
    await stop(watch);
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });

  it('reloads its configuration on SIGHUP and keeps the old one if the new one is invalid', async () => {
    const config = line.path('mcblock.toml');
    writeFileSync(config, '[auto]\nlength4 = 32\n');
    append(30);
    const watch = startWatch('--config', config, log);
    await allIsStored();
    writeFileSync(config, '[auto]\nlenght4 = 24\n');
    signal(watch.child, 'SIGHUP');
    await until('the complaint', () => watch.stderr().includes('did you mean auto.length4?'));
    expect(watch.stderr()).toContain('keeping the old configuration');
    expect(await line.json<EntryJson[]>('show')).toEqual([]);
    writeFileSync(config, '[auto]\nlength4 = 24\n');
    signal(watch.child, 'SIGHUP');
    await until('the change', () => watch.stderr().includes('configuration reloaded'));
    append(60);
    await allIsStored();
    await stop(watch);
    const shown = await line.json<EntryJson[]>('show');
    expect(shown.length).toBeGreaterThan(3);
    expect(shown.every(({ prefix }) => prefix.endsWith('/24'))).toBe(true);
    // The lines from before the change are not forgotten.
    expect(offencesStored()).toBe(offencesWritten());
  });

  it('uses the allow-list as it is when a line is written', async () => {
    const watch = startWatch('--json', log);
    await until('that it waits', () => watch.stderr().includes('does not exist yet'));
    await line.run('allow', '5.149.105.0/25');
    writeFileSync(log, attemptsOf('5.149.105.9') + attemptsOf('5.149.105.200'));
    await until('the entry', () => watch.stdout().includes('\n'));
    await stop(watch);
    expect(
      watch
        .stdout()
        .trim()
        .split('\n')
        .map((row) => JSON.parse(row)),
    ).toMatchObject([
      { outcome: 'new', prefix: '5.149.105.0/24', hits: 3, messages: { 'sshd failed-login': 3 } },
    ]);
  });

  it('warns once of a log that is not read as it was meant', async () => {
    const other = line.path('other.log');
    writeFileSync(other, 'one\ntwo\n');
    const old = line.path('old.log');
    const heads = ['Nov 20 10:00:00', 'Mar  1 00:00:00', 'Aug  1 00:00:00', 'Nov 22 10:00:00'];
    const failed = 'gw sshd[1]: Failed password for root from 5.149.104.7 port 50112 ssh2\n';
    writeFileSync(old, heads.map((head) => `${head} ${failed}`).join(''));
    const { exitCode, stderr } = await line.run('watch', '--once', other, old);
    expect(exitCode).toBe(0);
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^mcblock: .*other\.log: no line has the header of a log line; /),
      expect.stringMatching(/^mcblock: .*old\.log: its lines have no year, and seem to span /),
    ]);
  });

  it('waits for a locked store and loses nothing', async () => {
    append(10);
    const watch = startWatch(log);
    await allIsStored();
    const database = new Database(line.db);
    database.exec('BEGIN IMMEDIATE');
    const before = bytesReadBy(watch);
    const more = lines(30);
    appendFileSync(log, more);
    await until('the lines are read', () => bytesReadBy(watch) >= before + more.length);
    rotate();
    writeFileSync(log, lines(10));
    database.exec('ROLLBACK');
    database.close();
    await allIsStored();
    await stop(watch);
    expect(await outcome()).toEqual(await outcomeOfGrok());
  });
});

async function started(watch: Watch): Promise<Watch> {
  await until('its beginning', () => watch.stderr().includes('watching'));
  await allIsStored();
  return watch;
}

it.skipIf(NO_NAMESPACES)('adds to nftables without reading what it holds each time', async () => {
  const namespace = new Namespace();
  try {
    const [nft, calls] = [line.path('nft'), line.path('calls')];
    writeFileSync(nft, `#!/bin/sh\necho "$@" >> ${calls}\nexec ${namespace.nft} "$@"\n`, {
      mode: 0o755,
    });
    const config = line.path('mcblock.toml');
    writeFileSync(config, `[firewall]\nkind = "nft"\nnft = "${nft}"\n`);
    const table = () => namespace.run('nft', 'list', 'ruleset');
    const callsOf = () => readFileSync(calls, 'utf8').trim().split('\n');
    writeFileSync(log, attemptsOf('5.149.104.9'));
    startWatch('--config', config, log);
    await untilTrue(() => existsSync(calls) && table().includes('5.149.104.0'));
    // The table is created and read once more, and the program for what comes next is started.
    const starts = ['-j list', '-f -', '-j list', '-i'];
    await untilTrue(() => callsOf().length === starts.length);
    expect(callsOf().every((call, index) => call.startsWith(starts[index] ?? ''))).toBe(true);
    for (const network of ['5.149.106', '5.149.108']) {
      appendFileSync(log, attemptsOf(`${network}.9`));
      await untilTrue(() => table().includes(`${network}.0`));
    }
    expect(callsOf()).toHaveLength(starts.length);
  } finally {
    namespace.remove();
  }
});
