import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { ROOT } from '../docs/document.ts';
import { entryOf } from '../store/models.ts';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
  line.env = { SUDO_USER: 'alice' };
});
afterEach(() => line.remove());

function logOf(day: string, address: string, attempts: number): string {
  const lines = Array.from(
    { length: attempts },
    (_, i) =>
      `2026-03-${day}T12:00:0${i}Z gw sshd[${100 + i}]: Failed password for root from ${address} port 47 ssh2\n`,
  );
  writeFileSync(line.path(`log-${address}`), lines.join(''));
  return line.path(`log-${address}`);
}

async function attacked(): Promise<void> {
  await line.run('grok', logOf('21', '5.149.104.9', 4), logOf('23', '45.7.1.9', 7));
  await line.run('add', '9.9.9.9', '--forever', '--note', 'spam');
}

describe('stats', () => {
  it('sums up offences and activations', async () => {
    await attacked();
    expect((await line.run('stats')).stdout).toBe(`2026-02-22 00:00 to 2026-03-24 00:00 UTC

active     3 entries, 513 IPv4 addresses
expired    0 entries
expiring   2 within a month, 1 never
persistent 0 entries are still being hit
activated  grok 2, manual 1
users      1 tried lately; only hashes of their names are kept

DAY         ACTIVATIONS
2026-03-21           1  ##################################################
2026-03-22           0
2026-03-23           1  ##################################################
2026-03-24           1  ##################################################

OFFENCES  SERVICE
      11  sshd

OFFENCES  OFFENDER
       7  45.7.1.9
       4  5.149.104.9

OFFENCES  PREFIX
       7  45.7.1.0/24
       4  5.149.104.0/24
`);
    line.env = { LANG: 'de_DE.UTF-8' };
    expect((await line.run('stats')).stdout).toContain('1  ████');
    line.env = { LC_ALL: 'C', LANG: 'de_DE.UTF-8' };
    expect((await line.run('stats')).stdout).toContain('1  ####');
  });

  it('counts since a given time, and prints JSON', async () => {
    await attacked();
    expect(await line.json('stats', '--since', '2d', '--limit', '1')).toMatchObject({
      since: '2026-03-22T00:00:00Z',
      active: 3,
      activations: { grok: 1, manual: 1 },
      days: [
        { day: '2026-03-23', activations: 1 },
        { day: '2026-03-24', activations: 1 },
      ],
      services: [{ service: 'sshd', offences: 7 }],
      offenders: [{ address: '45.7.1.9', offences: 7 }],
      networks: null,
      countries: null,
      expiring: expect.arrayContaining([{ days: 30, entries: 2 }]),
      forever: 1,
    });
    expect((await line.run('stats', '--since', 'x')).exitCode).toBe(2);
  });

  it('counts what was there at a time in the past', async () => {
    await attacked();
    await line.run('expire', '5.149.104/24');
    expect(await line.json('stats', '--now', '2026-03-22')).toMatchObject({
      active: 1,
      expired: 0,
      activations: { grok: 1 },
      services: [{ service: 'sshd', offences: 4 }],
      offenders: [{ address: '5.149.104.9', offences: 4 }],
      users: 0,
      expiring: expect.arrayContaining([{ days: 30, entries: 1 }]),
      forever: 0,
    });
  });

  it('prints none for a new store', async () => {
    expect((await line.run('stats')).stdout).toContain(
      'expiring   none\npersistent 0 entries are still being hit\nactivated  none\n',
    );
  });
});

describe('report', () => {
  it('prints a digest for a mail', async () => {
    await attacked();
    expect(
      (await line.run('report')).stdout,
    ).toBe(`Report of mcblock on ${hostname()}, 2026-03-23 00:00 to 2026-03-24 00:00 UTC

recorded  3 prefixes
active    3 entries

OFFENCES  SERVICE
       7  sshd

OFFENCES  OFFENDER
       7  45.7.1.9

By hand:
  2026-03-24 00:00  9.9.9.9 active forever; origin manual; "spam"; by alice: add 9.9.9.9 --forever --note spam
`);
    expect(await line.json('report')).toMatchObject({
      recorded: 3,
      again: 0,
      changes: [{ prefix: '9.9.9.9/32', action: 'activated' }],
    });
  });

  it('finds what was done by hand among any number of other changes', async () => {
    await line.run('add', '9.9.9.9');
    const store = openStore(line.db, { mode: 'write' });
    store.transaction(() => {
      for (let index = 0; index < 1100; index++) {
        const entry = entryOf(`45.7.${index >> 8}.${index & 255}/32`);
        const at = Date.parse('2026-03-24T03:00:00Z') / 1000;
        const active = { ...entry, activatedAt: at, expiresAt: at + 60 };
        store.record({ entry: active, activations: [active] });
      }
    });
    store.close();
    line.now = '2026-03-24T06:00:00Z';
    expect((await line.run('report')).stdout).toContain(
      'By hand:\n  2026-03-24 00:00  9.9.9.9 active',
    );
    expect(await line.json('report')).toMatchObject({
      recorded: 1101,
      changes: [{ prefix: '9.9.9.9/32' }],
    });
  });

  it('takes a block that the fleet prolongs for none by hand', async () => {
    line.now = '2026-03-20T00:00:00Z';
    await line.run('add', '9.9.9.9');
    line.now = '2026-03-24T00:00:00Z';
    const now = () => Date.parse(line.now) / 1000;
    const command = { text: 'sync', user: 'root', isUndoable: false, now, mostEntries: 1 };
    const store = openStore(line.db, { mode: 'write', command });
    const entry = store.get(parsePrefix('9.9.9.9'));
    if (entry === undefined) throw new Error('no entry');
    const longer = { ...entry, expiresAt: now() + 90 * 86_400 };
    const maker = { by: 'gate1', byAdmin: false };
    const cause = { origin: 'fleet', note: '', maker } as const;
    store.record({ entry: longer, activations: [longer], cause });
    store.close();
    expect((await line.run('history')).stdout).toContain('9.9.9.9 prolonged');
    expect((await line.run('report', '--if-any')).stdout).toBe('');
  });

  it('ends at its end', async () => {
    await attacked();
    line.now = '2026-03-25T00:00:00Z';
    await line.run('add', '9.9.9.9');
    expect(await line.json('report', '--now', '2026-03-23T00:00:00Z')).toMatchObject({
      recorded: 0,
      changes: [],
    });
  });

  it('prints nothing with --if-any if there is nothing new', async () => {
    await attacked();
    line.now = '2026-03-26T00:00:00Z';
    expect(await line.run('report', '--if-any')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect((await line.run('report')).stdout).toContain('recorded  0 prefixes');
    expect((await line.run('report', '--if-any', '--since', '3d')).stdout).not.toBe('');
    await line.run('expire', '9.9.9.9');
    expect((await line.run('report', '--if-any')).stdout).toContain('9.9.9.9 expired by hand');
  });
});

function script(name: string, digest: string, defaults = ''): string {
  const program = line.path('mcblock');
  writeFileSync(program, `#!/bin/sh\n[ "$*" = "report --since 1d --if-any" ] && ${digest}\n`);
  chmodSync(program, 0o755);
  writeFileSync(line.path('periodic.conf'), defaults);
  return readFileSync(join(ROOT, 'packaging', name), 'utf8')
    .replaceAll('/usr/local/bin/mcblock', program)
    .replaceAll('/etc/defaults/periodic.conf', line.path('periodic.conf'));
}

function run(text: string): { status: number; stdout: string } {
  try {
    return { status: 0, stdout: execFileSync('/bin/sh', ['-c', text], { encoding: 'utf8' }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, stdout };
  }
}

describe('the scripts for daily mails', () => {
  const functions =
    'source_periodic_confs() { :; }\ncheck_yesno_period() { eval "[ \\$$1 = YES ]"; }\n';

  it.each([
    ['echo 3 blocked', '', 1, '\nNetworks recorded by mcblock:\n\n3 blocked\n'],
    ['true', '', 0, ''],
    ['{ echo broken; false; }', '', 3, '\nbroken\n'],
    ['echo 3 blocked', 'security_status_mcblock_enable=NO\n', 0, ''],
  ])('periodic(8): %j with %j', (digest, configuration, status, stdout) => {
    const text = script('freebsd/files/510.mcblock.in', digest, functions + configuration);
    expect(run(text)).toEqual({ status, stdout });
  });

  it('daily.local', () => {
    const text = script('openbsd/daily.local', 'echo 3 blocked');
    expect(run(`next_part() { echo "$1"; }\n${text}`)).toEqual({
      status: 0,
      stdout: 'Networks recorded by mcblock:\n3 blocked\n',
    });
  });
});
