import { chmodSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/engine/doctor/finding.ts';
import { Host } from '../../src/engine/host/host.ts';
import { PfMachine } from '../firewall/pf-machine.ts';
import { CommandLine } from '../support/command-line.ts';
import { mmdbOf } from '../support/mmdb.ts';

const NEWSYSLOG = '/etc/newsyslog.conf';
const HOOK = '/usr/local/libexec/mcblock-rotated';
const AUTH_LOG = '/var/log/auth.log';

let line: CommandLine;
let table: string;
let pf: PfMachine;
beforeEach(() => {
  line = new CommandLine();
  line.host = new Host('freebsd', line.path('root'));
  table = line.path('pf.blocked');
  pf = new PfMachine();
  configure();
});
afterEach(() => {
  line.remove();
  pf.remove();
});

/** Writes a file of the machine. */
function put(path: string, text: string, mode = 0o644): void {
  const file = line.path(`root${path}`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
  utimesSync(file, 1_767_225_600, 1_767_225_600);
}

function useService(status: 0 | 1): void {
  put('/usr/local/etc/rc.d/mcblock_watch', '#!/bin/sh\n', 0o555);
  put('/usr/sbin/service', `#!/bin/sh\n[ "$2" = status ] && exit ${status}\nexit 0\n`, 0o755);
}

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
  // Its own log is rotated, too.
  put(NEWSYSLOG, `/var/log/mcblock.log 600 7 * @T00 J\n${AUTH_LOG} 600 7 * @T00 JCR ${HOOK}\n`);
  put('/etc/logrotate.d/mcblock', '/var/log/mcblock.log {\n');
  put(HOOK, '#!/bin/sh\n', 0o555);
  put(AUTH_LOG, 'Dec 31 23:00:00 gw sshd[7]: Server listening on :: port 22.\n');
}

function usePf(): Promise<unknown> {
  writeFileSync(line.config ?? '', `[firewall]\nkind = "pf"\npfctl = "${pf.pfctl}"\n`);
  return line.run('apply');
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
    expect(stdout).not.toMatch(/^(problem|warning)/m);
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
      /none configured/,
      () => writeFileSync(line.config ?? '', ''),
    ],
    [
      'a rule that tells of blocks to nobody',
      'notify',
      'warning',
      /rule root tells of blocks, but nowhere to tell is set/,
      () => configure('[[rule]]\nname = "root"\nusers = ["root"]\nnotify = true'),
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
      /no log read for 9 days: .*auth\.log was read 9 days ago/,
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
      /geo\.mmdb is 778 days old/,
      () => {
        writeFileSync(line.path('geo.mmdb'), mmdbOf([]));
        configure(`geo.country = "${line.path('geo.mmdb')}"`);
      },
    ],
    [
      'a pf that is disabled',
      'firewall',
      'problem',
      /pf is disabled/,
      async () => {
        await usePf();
        pf.set({ isEnabled: false });
      },
    ],
    [
      'a pf without a rule for the table',
      'firewall',
      'problem',
      /no rule of pf blocks from <mcblock>/,
      async () => {
        await usePf();
        pf.set({
          rules: [
            'pass in quick from <mcblock> to any',
            'block drop in quick from ! <mcblock> to any',
            'block drop in quick from <mcblock2> to any',
            'block drop in quick from any to <mcblock>',
          ],
        });
      },
    ],
    [
      'a rule for the table that is not quick',
      'firewall',
      'problem',
      /is not quick/,
      async () => {
        await usePf();
        pf.set({ rules: ['anchor "a" all {', '  block drop in from <mcblock:1> to any', '}'] });
      },
    ],
    [
      'a pf that is nearly full',
      'firewall',
      'problem',
      /1 rules; pf holds 1 table entries/,
      async () => {
        await usePf();
        pf.set({ limit: 1 });
      },
    ],
    ['no hook', 'hooks', 'warning', /no service, hook or cron job/, () => put(NEWSYSLOG, '')],
    [
      'a hook without its script',
      'hooks',
      'problem',
      /mcblock-rotated, which does not exist/,
      () => rmSync(line.path(`root${HOOK}`)),
    ],
    [
      'a hook without the flag R',
      'hooks',
      'problem',
      /without the flag R/,
      () => put(NEWSYSLOG, `${AUTH_LOG} root:wheel 600 7 * @T00 JC ${HOOK}\n`),
    ],
    [
      'a service that is enabled and does not run',
      'services',
      'problem',
      /mcblock_watch is enabled but not running/,
      () => useService(1),
    ],
    [
      'a log that nobody writes',
      'log',
      'warning',
      /last written 9 days ago/,
      () => {
        line.now = '2026-01-10T00:00:00Z';
      },
    ],
    [
      'a log of another kind',
      'log',
      'warning',
      /no line has the header of a log line/,
      () => put(AUTH_LOG, 'hello\nworld\n'),
    ],
    [
      'a clock that nobody sets',
      'clock',
      'warning',
      /not known to be synchronised/,
      () => {
        line.isClockSynchronised = false;
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
    const { exitCode } = await line.run('status');
    expect(exitCode).toBe(state === 'problem' ? 1 : 0);
  });

  it('says how an old feed of a file is read again', async () => {
    writeFileSync(line.path('list'), '192.0.2.1\n');
    await line.run('feed', 'list', line.path('list'));
    line.now = '2026-01-10T00:00:00Z';
    expect(await found('feeds')).toMatchObject({ advice: 'read it again: mcblock feed list' });
  });

  it('does not warn about logs that a service follows', async () => {
    await makeWell();
    useService(0);
    line.now = '2026-01-10T00:00:00Z';
    expect(await found('hooks')).toMatchObject({
      state: 'ok',
      text: expect.stringContaining('read by mcblock_watch'),
    });
    expect(await found('logs')).toMatchObject({ state: 'ok' });
  });
});

describe('status', () => {
  it('shows the state in a few lines, with one for each log', async () => {
    await makeWell();
    const { exitCode, stdout } = await line.run('status');
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll(line.folder, '/tmp')).toBe(
      [
        'store     /tmp/mcblock.db: active entries 1, expired 0',
        'firewall  file /tmp/pf.blocked holds the rules of the store (1)',
        'logs      /tmp/auth.log was read just now; read by /etc/newsyslog.conf',
        'log       /var/log/auth.log: 1 of the last 1 lines recognised; not read yet',
        'fleet     none configured',
        'feeds     none',
        'problems  none',
        '',
      ].join('\n'),
    );
  });

  it('counts problems and warnings, and exits with 1', async () => {
    await makeWell();
    rmSync(table);
    put(NEWSYSLOG, '');
    const { exitCode, stdout } = await line.run('status');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^problems {2}1, 1 warning; run mcblock doctor$/m);
  });

  it('shows what it can check without a store or with a broken configuration', async () => {
    rmSync(line.db, { force: true });
    line.hasStore = false;
    expect((await line.run('status')).stdout).toMatch(
      /^store {5}\/.*no such store[^]*\nfirewall {2}not checked$/m,
    );
    configure('nonsense = 1');
    const { exitCode, stdout } = await line.run('status');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^store {5}not checked$/m);
  });

  it('prints states and figures as JSON', async () => {
    await makeWell();
    expect(await line.json('status')).toMatchObject({
      store: { state: 'ok', figures: { active: 1, expired: 0 } },
      firewall: { state: 'ok', figures: { rules: 1, missing: 0, superfluous: 0 } },
      logs: { state: 'ok' },
      fleet: null,
      feeds: null,
      problems: 0,
      warnings: 0,
    });
  });
});
