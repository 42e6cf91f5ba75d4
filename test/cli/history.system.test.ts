import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { NOW } from '../store/models.ts';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
  line.env = { SUDO_USER: 'alice' };
});
afterEach(() => line.remove());

async function history(...argv: string[]): Promise<string[]> {
  return (await line.run('history', ...argv)).stdout.split('\n').slice(0, -1);
}

function authLog(address: string): string {
  const lines = Array.from(
    { length: 4 },
    (_, i) =>
      `Mar 22 12:00:0${i} gw sshd[${100 + i}]: Failed password for root from ${address} port 4711 ssh2\n`,
  );
  writeFileSync(line.path('auth.log'), lines.join(''));
  return line.path('auth.log');
}

describe('history', () => {
  it('shows who changed what, when and by which command, the latest first', async () => {
    await line.run('add', '9.9.9.9', '--note', 'spam');
    line.now = '2026-03-24T01:00:00Z';
    await line.run('add', '9.9.9.9', '--forever');
    await line.run('expire', '9.9.9.9');
    line.now = '2026-03-24T02:00:00Z';
    line.env = { DOAS_USER: 'bob' };
    await line.run('allow', '8.8.8/24', '--note', 'office');
    await line.run('allow', '--remove', '8.8.8/24');
    await line.run('forget', '--yes', '9.9.9.9');
    expect((await history()).toSorted()).toEqual([
      '2026-03-24 00:00  9.9.9.9 active forever; origin manual; "spam"',
      '2026-03-24 01:00  9.9.9.9 expired by hand; by alice: expire 9.9.9.9',
      '2026-03-24 01:00  9.9.9.9 prolonged forever; by alice: add 9.9.9.9 --forever',
      '2026-03-24 02:00  8.8.8/24 added to the allow-list; "office"; by bob: allow 8.8.8/24 --note office',
      '2026-03-24 02:00  8.8.8/24 removed from the allow-list; by bob: allow --remove 8.8.8/24',
      '2026-03-24 02:00  9.9.9.9 forgotten; by bob: forget --yes 9.9.9.9',
    ]);
    expect((await history()).map((text) => text.slice(11, 16))).toEqual([
      '02:00',
      '02:00',
      '02:00',
      '01:00',
      '01:00',
      '00:00',
    ]);
  });

  it('names the log and the time of the events of an activation', async () => {
    const log = authLog('5.149.104.9');
    await line.run('grok', '--year', '2026', log);
    expect(await history('5.149.104.9')).toEqual([
      `2026-03-24 00:00  5.149.104/24 active from 2026-03-22 12:00 until 2026-04-21 12:00; origin grok; in ${log}; by alice: grok --year 2026 ${log}`,
    ]);
    expect(await line.json('history', '--by', 'AUTH.log')).toEqual([
      {
        at: '2026-03-24T00:00:00Z',
        action: 'activated',
        prefix: '5.149.104.0/24',
        activation: 1,
        since: '2026-03-22T12:00:02Z',
        until: '2026-04-21T12:00:02Z',
        origin: 'grok',
        note: '',
        by: null,
        user: 'alice',
        command: `grok --year 2026 ${log}`,
        rule: null,
        logs: [log],
      },
    ]);
  });

  it('searches by prefix, time, command and name', async () => {
    await line.run('add', '9.9.9.9', '2001:db8::/32', '9.9.8.0/24');
    line.now = '2026-03-25T00:00:00Z';
    line.env = { SUDO_USER: 'bob' };
    await line.run('expire', '9.9.9.9');
    const prefixes = async (...argv: string[]) =>
      (await line.json<{ prefix: string }[]>('history', ...argv)).map(({ prefix }) => prefix);
    expect(await prefixes('9.9/16')).toEqual(['9.9.9.9/32', '9.9.8.0/24', '9.9.9.9/32']);
    expect(await prefixes('9.9.8.7')).toEqual(['9.9.8.0/24']);
    expect(await prefixes('--since', '1h')).toEqual(['9.9.9.9/32']);
    expect(await prefixes('--until', '2026-03-25')).toHaveLength(3);
    expect(await prefixes('--command', 'EXPIRE')).toEqual(['9.9.9.9/32']);
    expect(await prefixes('--by', 'alice')).toHaveLength(3);
    expect(await prefixes('--by', 'bob', '2001:db8::1')).toEqual([]);
    expect(await line.run('history', '--limit', '2')).toMatchObject({
      exitCode: 0,
      stderr: 'more than 2 changes; use --limit or --since\n',
    });
  });

  it.each([
    [['--since', 'yesterday'], /--since takes a time such as/],
    [['--since', '1d', '--until', '2d'], /--since must be before --until/],
    [['--limit', '0'], /use a whole number from 1/],
    [['9.9.9.9/8'], /9\.0\.0\.0\/8/],
  ])('refuses %j', async (argv, message) => {
    expect(await line.run('history', ...argv)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(message),
    });
  });

  it('lists the commands themselves', async () => {
    await line.run('add', '9.9.9.9', '8.8.8.8');
    await line.run('add', '7.7.7.7');
    writeFileSync(line.path('list'), '5.149.104.0/24\n');
    await line.run('feed', 'drop', line.path('list'));
    await line.run('undo');
    expect((await line.run('history', '--commands', '--command', 'add')).stdout).toBe(
      `TIME (UTC)        USER   ENTRIES  UNDO      COMMAND
2026-03-24 00:00  alice        1  undone    add 7.7.7.7
2026-03-24 00:00  alice        2  undoable  add 9.9.9.9 8.8.8.8
`,
    );
    expect(await line.json('history', '--commands', '--limit', '2')).toMatchObject([
      { command: 'undo', state: 'final' },
      { command: `feed drop ${line.path('list')}`, user: 'alice', entries: 0, state: 'final' },
    ]);
    expect((await line.run('history', '--commands', '9.9.9.9')).exitCode).toBe(2);
  });

  it('keeps the names of entries that were undone', async () => {
    await line.run('add', '9.9.9.9');
    await line.run('undo');
    expect(await history('9.9.9.9')).toEqual([
      '2026-03-24 00:00  9.9.9.9 restored by undo of add 9.9.9.9; by alice: undo',
    ]);
  });

  it('shows activations that are older than the record of commands', async () => {
    const store = openStore(line.db, { mode: 'write' });
    const prefix = parsePrefix('9.9.9.9');
    const until = NOW + 86_400;
    const base = {
      prefix,
      origin: 'manual',
      by: '',
      byAdmin: false,
      note: 'old',
      hits: 0,
    } as const;
    const times = { firstSeen: NOW, lastSeen: NOW, activatedAt: NOW, expiresAt: until };
    const entry = { ...base, ...times, activations: 1, endedAt: undefined, hitDays: [] };
    store.record({ entry, activations: [entry] });
    store.close();
    expect(await history()).toEqual([
      '2026-03-19 23:48  9.9.9.9 active until 2026-03-20 23:48; origin manual; "old"',
    ]);
    expect(await line.run('history', '--command', 'add')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'no changes\n',
    });
  });
});
