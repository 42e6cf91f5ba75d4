import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/engine/doctor/finding.ts';
import { signal } from '../../src/process/program.ts';
import { CommandLine } from '../support/command-line.ts';
import { failedLogin, hasJournal, JournalFiles } from '../support/journal-files.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-11-22T12:00:00Z';
  configure();
});
afterEach(() => line.remove());

/** Two logs of nginx, one of all services, and one that does not exist. */
function configure(more = ''): void {
  line.config = line.path('mcblock.toml');
  writeFileSync(
    line.config,
    `[[log]]
file = "${line.path('auth.log')}"
[[log]]
file = "${line.path('nginx/*.log')}"
services = ["nginx"]
archive = "old"
[[log]]
file = "${line.path('missing/x.log')}"
${more}`,
  );
}

function put(name: string, text: string): string {
  const file = line.path(name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Three failed logins at sshd, in a syslogd's log. */
function sshd(address: string): string {
  return [1, 2, 3]
    .map(
      (n) =>
        `2026-11-22T10:0${n}:00Z gw sshd[${n}]: Failed password for root from ${address} port 4711 ssh2\n`,
    )
    .join('');
}

/** Three failed logins in nginx's own error log. */
function nginx(address: string): string {
  return [1, 2, 3]
    .map(
      (n) =>
        `2026/11/22 10:0${n}:00 [error] 7#7: *${n} user "x": password mismatch, client: ${address}, server: h, request: "GET / HTTP/1.1", host: "h"\n`,
    )
    .join('');
}

async function blocked(): Promise<string[]> {
  const entries = await line.json<{ prefix: string }[]>('show');
  return entries.map(({ prefix }) => prefix).toSorted();
}

function isBlocked(prefix: string): () => Promise<boolean> {
  return async () => (await blocked()).includes(prefix);
}

describe('grok --rotated without a log', () => {
  it('reads the newest rotation of each log that the configuration names', async () => {
    put('auth.log', '');
    put('auth.log.1', sshd('5.149.9.9'));
    put('auth.log.0', sshd('5.149.1.9'));
    put('nginx/error.log', '');
    put('nginx/old/error.log-20261122', nginx('5.149.2.9'));
    expect(await line.run('grok', '--rotated')).toMatchObject({ exitCode: 0 });
    expect(await blocked()).toEqual(['5.149.1.0/24', '5.149.2.0/24']);
  });

  it('counts nothing of a service that may not write the log', async () => {
    put('nginx/error.log', '');
    put('nginx/error.log.0', sshd('5.149.3.9') + nginx('5.149.2.9'));
    put('nginx/other.log', '');
    put('nginx/other.log.1', sshd('5.149.3.9'));
    await line.run('grok', '--rotated');
    expect(await blocked()).not.toContain('5.149.3.0/24');
  });

  it('reads the other logs if one is damaged, and exits with 1', async () => {
    put('auth.log', '');
    put('auth.log.0', sshd('5.149.1.9'));
    put('nginx/error.log', '');
    writeFileSync(put('nginx/error.log.0.bz2', ''), 'BZh9, but no more');
    const { exitCode, stderr } = await line.run('grok', '--rotated');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('error.log.0.bz2'),
    });
    expect(await blocked()).toEqual(['5.149.1.0/24']);
  });

  it('is an error if none has a rotation, and if a service is named as well', async () => {
    put('auth.log', '');
    expect(await line.run('grok', '--rotated')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no rotation of'),
    });
    expect(await line.run('grok', '--rotated', '--service', 'nginx')).toMatchObject({
      exitCode: 2,
    });
  });
});

describe('watch without a log', () => {
  it('reads the logs that the configuration names, each for its services', async () => {
    put('auth.log', sshd('5.149.1.9'));
    put('nginx/error.log', nginx('5.149.2.9'));
    put('nginx/other.log', sshd('5.149.3.9'));
    expect(await line.run('watch', '--once')).toMatchObject({ exitCode: 0 });
    expect(await blocked()).toEqual(['5.149.1.0/24', '5.149.2.0/24']);
    expect(await line.run('watch', '--once', '--service', 'nginx')).toMatchObject({ exitCode: 2 });
  });

  it("reads a router's lines where only its service is named", async () => {
    writeFileSync(
      line.config ?? '',
      `[[log]]\nfile = "${line.path('router.log')}"\nservices = ["mikrotik"]\n`,
    );
    const failure = 'system,error,critical login failure for user admin from 5.149.1.9 via ssh';
    put('router.log', [1, 2, 3].map((n) => `2026-11-22T10:0${n}:00Z router ${failure}\n`).join(''));
    await line.run('watch', '--once');
    expect(await blocked()).toEqual(['5.149.1.0/24']);
  });

  it.runIf(hasJournal)('reads the units of the journal beside the files', async () => {
    const journal = new JournalFiles(line.path('journal'));
    configure(
      `[[log]]\nunit = "ssh@*.service"\nservices = ["sshd"]\n[journal]\ndirectory = "${journal.folder}"\n`,
    );
    const start = Date.UTC(2026, 10, 22, 10) / 1000;
    const entries = (address: string, unit: string) =>
      [1, 2, 3].map((pid) =>
        failedLogin(start, pid, {
          _SYSTEMD_UNIT: unit,
          MESSAGE: `Failed password for root from ${address} port 4711 ssh2`,
        }),
      );
    journal.write([
      ...entries('5.149.4.9', 'ssh@1-2.service'),
      ...entries('5.149.5.9', 'other.service'),
    ]);
    put('auth.log', sshd('5.149.1.9'));
    expect(await line.run('watch', '--once')).toMatchObject({ exitCode: 0 });
    expect(await blocked()).toEqual(['5.149.1.0/24', '5.149.4.0/24']);
  });

  it('follows files that appear, and other logs after a hang-up', async () => {
    put('auth.log', sshd('5.149.1.9'));
    const args = ['--db', line.db, '--config', line.config ?? '', 'watch'];
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    const ended = once(child, 'exit');
    try {
      await until(isBlocked('5.149.1.0/24'));
      renameSync(put('nginx/new.tmp', nginx('5.149.2.9')), line.path('nginx/new.log'));
      await until(isBlocked('5.149.2.0/24'));
      put('mail.log', sshd('5.149.6.9'));
      configure(`[[log]]\nfile = "${line.path('mail.log')}"\n`);
      signal(child, 'SIGHUP');
      await until(isBlocked('5.149.6.0/24'));
    } finally {
      signal(child, 'SIGTERM');
      await ended;
    }
    expect(child.exitCode).toBe(0);
  }, 60_000);
});

describe('the logs that the configuration names', () => {
  it('are named by doctor and status, with how they are understood and when they were read', async () => {
    put('auth.log', sshd('5.149.1.9'));
    put('nginx/error.log', nginx('5.149.2.9'));
    put('nginx/other.log', sshd('5.149.3.9'));
    await line.run('watch', '--once');
    const { stdout } = await line.run('doctor', '--json');
    const found = (JSON.parse(stdout) as Finding[]).filter(({ name }) => name === 'log');
    expect(found.map(({ state, text }) => [state, text.replaceAll(line.folder, '')])).toEqual([
      ['ok', '/auth.log: 3 of the last 3 lines recognised; last read just now'],
      ['ok', '/nginx/error.log: 3 of the last 3 lines recognised; last read just now'],
      ['ok', '/nginx/other.log: 0 of the last 3 lines recognised; last read just now'],
      ['warning', '/missing/x.log does not exist yet'],
    ]);
    const status = await line.run('status');
    expect(status.stdout.match(/^log {7}/gm)).toHaveLength(4);
  });

  it('are checked by config check, where a missing one is no error', async () => {
    expect(await line.run('config', 'check')).toMatchObject({ exitCode: 0 });
    mkdirSync(line.path('auth.log'));
    expect(await line.run('config', 'check')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('auth.log is not a regular file'),
    });
    configure('services = ["ngnix"]\n');
    expect(await line.run('config', 'check')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(
        /mcblock\.toml:1: log: unknown service ngnix; did you mean nginx/,
      ),
    });
  });
});
