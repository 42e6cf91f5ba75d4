import { utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { CommandLine, type Outcome } from '../support/command-line.ts';

const NOW = Date.UTC(2026, 10, 29, 12) / 1000;
const DAY = 86_400;

let line: CommandLine;
let clock: number;
let isSynchronised: boolean;
beforeEach(() => {
  line = new CommandLine();
  clock = NOW;
  isSynchronised = false;
});
afterEach(() => line.remove());

/** Without --now: with the clock of the system, which these tests set. */
async function run(...argv: string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: undefined,
    write(data: string | Uint8Array) {
      written[name] += Buffer.from(data).toString();
    },
  });
  const exitCode = await main(['--db', line.db, ...argv], {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    env: {},
    version: '0.0.0-test',
    clock: () => clock,
    isClockSynchronised: async () => isSynchronised,
  });
  return { exitCode, ...written };
}

function logOf(time: string): string {
  const file = line.path('auth.log');
  const text = `${time} gate sshd[1]: Failed password for root from 5.149.105.9 port 4000 ssh2\n`;
  writeFileSync(file, [1, 2, 3].map((pid) => text.replace('[1]', `[${pid}]`)).join(''));
  return file;
}

function loginAt(time: string): string {
  const file = line.path('login.log');
  const text = 'Accepted publickey for git from 5.149.105.9 port 1 ssh2: ED25519 SHA256:x';
  writeFileSync(file, `${time} gate sshd[9]: ${text}\n`);
  return file;
}

describe('a clock that is behind', () => {
  it.each([
    ['at 1970', 0],
    ['a week behind', NOW - 7 * DAY],
  ])('does not empty the rules (%s)', async (_, time) => {
    await run('add', '5.149.104.0/24');
    clock = time;
    expect(await run('emit')).toEqual({
      exitCode: 0,
      stdout: '5.149.104.0/24\n',
      stderr: expect.stringMatching(/system clock .* is behind; using 2026-11-29 12:00 UTC/),
    });
    expect((await run('check', '5.149.104.9')).exitCode).toBe(0);
    expect((await run('show')).stdout).toContain('5.149.104/24');
  });

  it.each([
    ['grok', ['grok']],
    ['watch', ['watch', '--once']],
  ])('does not date a log by the time of its file (%s)', async (_, command) => {
    await run('allow', '198.51.100.7');
    clock = 0;
    const log = logOf('Nov 29 11:00:00');
    utimesSync(log, 12, 12);
    expect((await run(...command, log)).exitCode).toBe(0);
    expect((await run('emit')).stdout).toBe('5.149.105.0/24\n');
  });

  it('dates what is recorded by the latest time seen', async () => {
    await run('allow', '198.51.100.7');
    clock = 0;
    await run('add', '5.149.104.0/24', '--for', '1d');
    await run('add', '5.149.106.0/24');
    await run('expire', '5.149.106.0/24');
    clock = NOW + 60;
    expect((await run('emit')).stdout).toBe('5.149.104.0/24\n');
    clock = NOW + DAY;
    expect((await run('emit')).stdout).toBe('');
  });

  it('is corrected silently by less than a minute', async () => {
    await run('add', '5.149.104.0/24');
    clock = NOW - 30;
    expect(await run('emit')).toMatchObject({ stdout: '5.149.104.0/24\n', stderr: '' });
  });

  it('is not corrected where --now says the time', async () => {
    await run('add', '5.149.104.0/24');
    expect(await run('--now', '2026-11-01', 'emit')).toMatchObject({ stdout: '', stderr: '' });
    await run('--now', '2036-01-01', 'allow', '198.51.100.7');
    expect((await run('emit')).stdout).toBe('5.149.104.0/24\n');
  });
});

describe('a clock that is far ahead', () => {
  beforeEach(async () => {
    await run('add', '5.149.104.0/24');
    clock = NOW + 3650 * DAY;
  });

  it('removes no rules, until somebody confirms it', async () => {
    expect(await run('emit')).toEqual({
      exitCode: 0,
      stdout: '5.149.104.0/24\n',
      stderr: expect.stringMatching(/is more than 30 days ahead of 2026-11-29 12:00 UTC.*--yes/),
    });
    await run('add', '9.9.9.9');
    expect((await run('emit')).stdout).toBe('5.149.104.0/24\n9.9.9.9/32\n');
    expect((await run('--yes', 'emit')).stdout).toBe('9.9.9.9/32\n');
    isSynchronised = true;
    expect(await run('emit')).toMatchObject({ stdout: '9.9.9.9/32\n', stderr: '' });
  });

  it('is not recorded, so that it is no harm once it is right again', async () => {
    await run('add', '9.9.9.9');
    clock = NOW + DAY;
    expect(await run('emit')).toEqual({
      exitCode: 0,
      stdout: '5.149.104.0/24\n9.9.9.9/32\n',
      stderr: '',
    });
    expect((await run('show')).stdout).toContain('9.9.9.9');
  });

  it('ends what is expired by hand now, not in ten years', async () => {
    await run('expire', '5.149.104.0/24');
    clock = NOW + DAY;
    expect((await run('emit')).stdout).toBe('');
  });

  it('lets widen wait', async () => {
    expect(await run('widen')).toMatchObject({ exitCode: 1 });
  });

  it('lets automatic requests wait', async () => {
    const log = logOf('2026-11-29T11:00:00Z');
    expect(await run('grok', log)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('nothing recorded: the time is in doubt'),
    });
    expect((await run('grok', '--yes', log)).exitCode).toBe(0);
    expect((await run('grok', log)).stdout).toContain('nothing new');
  });

  it('is confirmed by logs whose lines lead there', async () => {
    clock = NOW + 70 * DAY;
    const at = (days: number) => new Date((NOW + days * DAY) * 1000).toISOString();
    const line1 = `${at(20)} gate cron[1]: x\n`;
    const file = line.path('auth.log');
    const failed = 'gate sshd[%]: Failed password for root from 5.149.105.9 port 4000 ssh2';
    const last = [1, 2, 3].map((pid) => `${at(69)} ${failed.replace('%', String(pid))}\n`).join('');
    writeFileSync(file, `${line1}${last}`);
    expect(await run('grok', file)).toMatchObject({ exitCode: 1 });
    const older = line.path('auth.log.1');
    writeFileSync(older, `${line1}${at(45)} gate cron[1]: x\n`);
    expect(await run('grok', '--dry-run', older, file)).toMatchObject({ exitCode: 0 });
    expect(await run('grok', older, file)).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('the logs confirm the system clock'),
    });
    expect(await run('emit')).toMatchObject({ stdout: '5.149.105.0/24\n', stderr: '' });
  });

  it('is not confirmed by lines without a year, which are dated by it', async () => {
    clock = NOW + 70 * DAY;
    const file = line.path('auth.log');
    const heads = ['Dec 20 10:00:00', 'Jan 15 10:00:00', 'Feb  6 10:00:00'];
    writeFileSync(file, heads.map((head) => `${head} gate cron[1]: x\n`).join(''));
    expect(await run('grok', file)).toMatchObject({ exitCode: 1 });
  });

  it('is believed within 30 days', async () => {
    clock = NOW + 30 * DAY;
    expect(await run('emit')).toMatchObject({ stdout: '', stderr: '' });
  });
});

it('trusts no address because of a login in the future', async () => {
  await run('grok', loginAt('2036-11-29T11:00:00Z'));
  await run('grok', logOf('2026-11-29T11:00:00Z'));
  expect((await run('check', '5.149.105.9')).exitCode).toBe(0);
  clock = NOW + 60 * DAY;
  expect((await run('explain', '5.149.105.9')).stdout).not.toContain('trusted');
});
