import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signal } from '../../src/process/program.ts';
import { CommandLine } from '../support/command-line.ts';
import { type Fields, failedLogin, hasJournal, JournalFiles } from '../support/journal-files.ts';
import { program } from '../support/program.ts';
import { until } from '../support/until.ts';

const START = Date.UTC(2026, 10, 22, 10) / 1000;

let line: CommandLine;
let journal: JournalFiles;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-11-22T12:00:00Z';
  journal = new JournalFiles(line.path('journal'));
  configure();
});
afterEach(() => line.remove());

function configure(more = ''): void {
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, `[journal]\ndirectory = "${journal.folder}"\n${more}`);
}

/** What the events amount to: those that wait, or the hits of entries. */
async function counted(): Promise<number> {
  const rows = (await line.run('export')).stdout.split('\n').filter((row) => row !== '');
  return rows
    .map((row) => JSON.parse(row) as { type?: string; count?: number; hits?: number })
    .reduce((sum, { type, count = 0, hits = 0 }) => {
      if (type === 'pending') return sum + count;
      return type === 'entry' ? sum + hits : sum;
    }, 0);
}

async function grok(...entries: Fields[]) {
  journal.write(entries);
  return line.json<{ offences: number; warnings: string[] }[]>('grok', '--journal');
}

// Without systemd there is nothing to read.
describe.runIf(hasJournal)('the journal', () => {
  it.each<[string, Fields]>([
    ['root', {}],
    ['a process of the service with another name', { _COMM: 'sshd-session' }],
    [
      'a message that is no UTF-8',
      {
        MESSAGE: Buffer.from(
          'Failed password for ro\xfft from 203.0.113.7 port 4000 ssh2',
          'latin1',
        ),
      },
    ],
  ])('believes %s', async (_, fields) => {
    expect(await grok(failedLogin(START, 1, fields))).toMatchObject([
      { offences: 1, warnings: [] },
    ]);
  });

  it.each<[string, Fields, string]>([
    ['another user', { _UID: '1000' }, '1 by another user (the first: sshd by sshd, uid 1000)'],
    ['logger', { _COMM: 'logger' }, '1 by another program (the first: sshd by logger, uid 0)'],
    ['another program', { _COMM: 'python3' }, '1 by another program'],
    ["a user's service", { _SYSTEMD_UNIT: 'user@1000.service' }, "1 by a user's own services"],
    [
      "a session's process with another user",
      {
        _SYSTEMD_UNIT: 'session-3.scope',
        _UID: '1000',
      },
      '1 by another user',
    ],
    ['a container', { _SYSTEMD_UNIT: 'docker-12ab.scope' }, '1 in containers'],
    ['a container of systemd', { _SYSTEMD_SLICE: 'machine.slice' }, '1 in containers'],
    ['a message beyond 4 KiB', { MESSAGE: 'x'.repeat(5000) }, '1 too long'],
  ])('does not believe %s, and says so', async (_, fields, text) => {
    const [report] = await grok(failedLogin(START, 1, fields));
    expect(report).toMatchObject({ offences: 0 });
    expect(report?.warnings).toContainEqual(
      expect.stringContaining(`journal: not counted: ${text}`),
    );
  });

  it('says nothing of a long message of a program that is no service', async () => {
    const writer = { SYSLOG_IDENTIFIER: 'dockerd', _COMM: 'dockerd', MESSAGE: 'x'.repeat(5000) };
    expect(await grok(failedLogin(START, 1, writer))).toMatchObject([{ warnings: [] }]);
  });

  it('believes the users and containers that the configuration names', async () => {
    configure('users = ["sshd=1000"]\ncontainers = ["docker-12ab.scope"]\n');
    const [report] = await grok(
      failedLogin(START, 1, { _UID: '1000' }),
      failedLogin(START, 2, { _SYSTEMD_UNIT: 'docker-12ab.scope' }),
    );
    expect(report).toMatchObject({ offences: 2, warnings: [] });
  });

  it("believes the users and processes that a user's own grammar names", async () => {
    mkdirSync(line.path('grammars'));
    writeFileSync(
      line.path('grammars/knockd.grammar'),
      `service knockd  "knockd"
  users      "games"
  processes  "knock-log"

refused  attempt 10 = "refused " ADDRESS
  > refused 192.0.2.7 | address 192.0.2.7
`,
    );
    configure(`[grammar]\nfolder = "${line.path('grammars')}"\n`);
    const knock = { SYSLOG_IDENTIFIER: 'knockd', MESSAGE: 'refused 203.0.113.7' };
    const entries = [
      { _COMM: 'knock-log', _UID: '5' },
      { _COMM: 'knockd', _UID: '6' },
      { _COMM: 'other', _UID: '5' },
    ].map((sender, index) => failedLogin(START + index, 1, { ...knock, ...sender }));
    expect(await grok(...entries)).toMatchObject([{ offences: 1 }]);
  });

  it('takes a message with a newline for one line', async () => {
    const forged =
      'x\n2026-11-22T10:00:00Z gw sshd[9]: Failed password for root from 198.51.100.9 port 1 ssh2';
    expect(await grok(failedLogin(START, 1, { MESSAGE: Buffer.from(forged) }))).toMatchObject([
      { offences: 0 },
    ]);
  });

  it('is read from a time, and what overlaps counts once', async () => {
    journal.write([2, 1, 0].map((n) => failedLogin(START - n * 3600, n)));
    expect((await line.run('grok', '--journal', '--since', `@${START - 3600}`)).exitCode).toBe(0);
    expect(await counted()).toBe(2);
    expect((await line.run('grok', '--journal')).exitCode).toBe(0);
    expect(await counted()).toBe(3);
  });

  it('is followed exactly once, in one file after the other', async () => {
    for (let n = 0; n < 4; n++) {
      journal.write([failedLogin(START + n, n)], `system-${n >> 1}.journal`);
      expect((await line.run('watch', '--journal', '--once')).exitCode).toBe(0);
      expect((await line.run('watch', '--journal', '--once')).exitCode).toBe(0);
      expect(await counted()).toBe(n + 1);
    }
  });

  it('is followed as it is written, and again by a process after one that was killed', async () => {
    const argv = ['--db', line.db, '--now', line.now, '--config', line.config ?? ''];
    for (let turn = 0; turn < 3; turn++) {
      journal.write([failedLogin(START + turn * 10, turn)]);
      const child = spawn(process.execPath, [program, ...argv, 'watch', '--journal']);
      const ended = once(child, 'exit');
      try {
        await until(async () => (await counted()) === turn * 2 + 1);
        journal.write([failedLogin(START + turn * 10 + 5, turn + 50)]);
        await until(async () => (await counted()) === turn * 2 + 2);
      } finally {
        signal(child, turn === 0 ? 'SIGTERM' : 'SIGKILL');
        await ended;
      }
    }
  });
});

it('is refused along with files', async () => {
  expect(await line.run('watch', '--journal', 'auth.log')).toMatchObject({ exitCode: 2 });
  expect(await line.run('grok', '--journal', 'auth.log')).toMatchObject({ exitCode: 2 });
  expect(await line.run('grok', '--since', '-1d', 'auth.log')).toMatchObject({ exitCode: 2 });
});

it('watch reads standard input to its end', async () => {
  const child = spawn(process.execPath, [
    program,
    '--db',
    line.db,
    '--now',
    line.now,
    'watch',
    '-',
  ]);
  child.stdin.end(
    [1, 2]
      .map(
        (n) =>
          `Nov 22 10:00:0${n} gw sshd[${n}]: Failed password for root from 203.0.113.7 port 4${n} ssh2\n`,
      )
      .join(''),
  );
  const [status] = (await once(child, 'exit')) as [number];
  expect(status).toBe(0);
  expect(await counted()).toBe(2);
});
