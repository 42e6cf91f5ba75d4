import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/engine/doctor/finding.ts';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
let table: string;
beforeEach(() => {
  line = new CommandLine();
  table = line.path('pf.blocked');
  configure();
});
afterEach(() => line.remove());

function configure(more = ''): void {
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, `${more}\n[firewall]\nkind = "file"\nfile = "${table}"\n`);
}

/** Everything that mcblock needs to work. */
async function makeWell(): Promise<void> {
  await line.run('allow', '198.51.100.0/24');
  await line.run('add', '9.9.9.9');
  const log = line.path('auth.log');
  writeFileSync(log, '2025-12-31T23:00:00Z gw sshd[7]: Server listening on :: port 22.\n');
  await line.run('grok', log);
}

async function found(name: string): Promise<Finding | undefined> {
  const { stdout } = await line.run('doctor', '--json');
  return (JSON.parse(stdout) as Finding[]).find((finding) => finding.name === name);
}

describe('doctor', () => {
  it('is content with a machine on which all is well', async () => {
    await makeWell();
    const { exitCode, stdout, stderr } = await line.run('doctor');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).not.toMatch(/^problem/m);
    expect(stdout).toContain(`ok       firewall: file ${table} holds the rules of the store (1)\n`);
    for (const row of stdout.split('\n'))
      expect(row.length).toBeLessThanOrEqual(line.folder.length + 80);
  });

  it('prints problems and warnings only with --quiet', async () => {
    await makeWell();
    rmSync(table);
    const { exitCode, stdout } = await line.run('doctor', '--quiet');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('nothing is blocked\n         run mcblock apply\n');
    expect(stdout).not.toMatch(/^ok/m);
  });

  it.each<[string, string, Finding['state'], RegExp, () => unknown]>([
    ['a missing table', 'firewall', 'problem', /does not exist/, () => rmSync(table)],
    [
      'a table that was changed',
      'firewall',
      'problem',
      /missing rules 1, superfluous 1/,
      () => writeFileSync(table, '8.8.8.8\n'),
    ],
    [
      'no firewall',
      'firewall',
      'warning',
      /none is configured/,
      () => writeFileSync(line.config ?? '', ''),
    ],
    [
      'a missing store',
      'store',
      'problem',
      /no such store/,
      () => {
        rmSync(line.db);
        line.hasStore = false;
      },
    ],
    [
      'a damaged store',
      'store',
      'problem',
      /not a store/,
      () => writeFileSync(line.db, 'x'.repeat(4096)),
    ],
    [
      'a wrong configuration',
      'configuration',
      'problem',
      /unknown key/,
      () => configure('nonsense = 1'),
    ],
    [
      'an empty allow-list',
      'allow-list',
      'warning',
      /empty/,
      () => line.run('allow', '--remove', '198.51.100.0/24'),
    ],
    [
      'logs that are not read any more',
      'logs',
      'warning',
      /none was read for 9 days/,
      () => {
        line.now = '2026-01-10T00:00:00Z';
      },
    ],
    [
      'too much that would be blocked',
      'share',
      'warning',
      /limits\.share refused 1 entry/,
      async () => {
        await line.run('add', '20/8', '30/8', '40/8');
        configure('limits.share = 1');
        const log = line.path('more.log');
        const failure =
          '2025-12-31T23:00:00Z gw sshd[7]: Failed password for root from 5.149.104.7';
        const lines = [1, 2, 3].map((port) => `${failure} port ${port} ssh2\n`);
        writeFileSync(log, lines.join(''));
        await line.run('grok', log);
        configure();
      },
    ],
    [
      'an old feed',
      'feeds',
      'warning',
      /list is 9 days old/,
      async () => {
        writeFileSync(line.path('list'), '192.0.2.1\n');
        await line.run('feed', 'list', line.path('list'));
        line.now = '2026-01-10T00:00:00Z';
      },
    ],
    [
      'a faulty grammar',
      'grammars',
      'problem',
      /a\.grammar:1:1/,
      () => {
        mkdirSync(line.path('grammar.d'));
        writeFileSync(line.path('grammar.d/a.grammar'), 'nonsense\n');
        configure(`grammar.folder = "${line.path('grammar.d')}"`);
      },
    ],
    [
      'an old database of countries',
      'geo',
      'warning',
      /days old/,
      () => {
        writeFileSync(line.path('geo.mmdb'), '');
        utimesSync(line.path('geo.mmdb'), 1_700_000_000, 1_700_000_000);
        configure(`geo.country = "${line.path('geo.mmdb')}"`);
      },
    ],
    [
      'a server of the fleet that is away',
      'fleet',
      'problem',
      /127\.0\.0\.1:9/,
      () => {
        writeFileSync(line.path('password'), 'secret\n', { mode: 0o600 });
        configure(
          `[fleet]\nurl = "http://127.0.0.1:9"\nuser = "a"\npassword-file = "${line.path('password')}"`,
        );
      },
    ],
    [
      'a Redis that is away',
      'redis',
      'problem',
      /no answer from Redis/,
      () => {
        configure('[pubsub]\naddress = "127.0.0.1:9"\n');
      },
    ],
  ])('finds %s', async (_, name, state, text, breakIt) => {
    await makeWell();
    await breakIt();
    expect(await found(name)).toMatchObject({ state, text: expect.stringMatching(text) });
    const { exitCode } = await line.run('doctor');
    expect(exitCode).toBe(state === 'problem' ? 1 : 0);
  });
});
