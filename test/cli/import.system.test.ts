import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/import');

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-11-30T00:50:00Z';
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, 'timezone = "UTC"\n');
});
afterEach(() => line.remove());

const from = (program: string, file: string, ...argv: string[]) =>
  line.run('import', '--from', program, ...argv, file.includes('/') ? file : join(FIXTURES, file));

async function history(address: string): Promise<unknown> {
  const [found] = await line.json<{ entries: { prefix: string; history: unknown }[] }[]>(
    'explain',
    address,
  );
  return found?.entries.find(({ prefix }) => prefix === `${address}/32`)?.history;
}

/** What is blocked after these lists were imported, the last of which is then undone. */
async function entriesAfter(...lists: string[][]): Promise<unknown[]> {
  const other = new CommandLine();
  try {
    await other.run('add', '--for', '1d', '5.3.0.0/16', '5.4.5.6');
    for (const list of lists) {
      writeFileSync(other.path('list'), `${list.join('\n')}\n`);
      await other.run('import', other.path('list'));
    }
    const entries = await other.json<unknown[]>('show');
    expect((await other.run('undo')).exitCode).toBe(0);
    return entries;
  } finally {
    other.remove();
  }
}

it('says nothing of recorded prefixes if there were none', async () => {
  writeFileSync(line.path('empty'), '');
  expect(await line.run('import', line.path('empty'))).toEqual({
    exitCode: 0,
    stdout: '0 prefixes: 0 new, 0 reactivated, 0 already on the blocklist\n',
    stderr: '',
  });
});

describe('import --from', () => {
  it('keeps the times, jails and counts of bans by fail2ban', async () => {
    expect(await from('fail2ban', 'fail2ban.sqlite3')).toMatchObject({
      exitCode: 1,
      stdout:
        '8 prefixes: 5 new, 3 reactivated, 3 of them expired, 0 already on the blocklist; 1 left out\n',
      stderr: expect.stringMatching(/fail2ban.sqlite3:\d: 127.0.0.1 overlaps 127\/8 \(this host\)/),
    });
    expect(await history('203.0.113.50')).toMatchObject([
      {
        at: '2026-11-30T00:39:50Z',
        until: '2026-11-30T01:39:50Z',
        origin: 'import',
        by: 'fail2ban',
        note: 'fail2ban: sshd',
      },
    ]);
    expect(await history('203.0.113.8')).toMatchObject([
      { number: 1, at: '2026-11-30T00:39:52Z', until: '2026-11-30T00:39:54Z' },
      { number: 2, at: '2026-11-30T00:39:57Z', until: '2026-11-30T00:40:01Z' },
      { number: 3, at: '2026-11-30T00:40:03Z', until: '2026-11-30T00:40:11Z' },
    ]);
    expect(await history('192.0.2.33')).toMatchObject([{ until: null }]);
    expect((await line.run('emit')).stdout.split('\n')).not.toContain('203.0.113.8/32');
    // The same bans again change nothing.
    expect((await from('fail2ban', 'fail2ban.sqlite3')).stdout).toContain(
      '0 new, 0 reactivated, 8 already on the blocklist',
    );
  });

  it('blocks a ban without an end for the penalty from now on, or for the given time', async () => {
    await from('pf', 'pf-verbose.txt');
    await from('sshguard', 'sshguard.db');
    expect(await line.json('show')).toMatchObject([
      {
        prefix: '203.0.113.7/32',
        firstSeen: '2026-11-26T18:55:18Z',
        activatedAt: '2026-11-30T00:50:00Z',
        expiresAt: '2026-12-30T00:50:00Z',
      },
      { prefix: '203.0.113.60/32', activatedAt: '2026-11-30T00:40:51Z', expiresAt: null },
      { prefix: '203.0.113.61/32', note: 'sshguard: dovecot' },
      { prefix: '2001:db8::7/128', note: 'pf' },
      { prefix: '2001:db8::60/128' },
    ]);
    const other = new CommandLine();
    try {
      const file = join(FIXTURES, 'ipset-timeout.txt');
      await other.run('import', '--from', 'ipset', '--for', '1d', '--note', 'mine', file);
      const file2 = join(FIXTURES, 'sshguard.db');
      other.now = '2026-12-01T00:00:00Z';
      await other.run('import', '--from', 'sshguard', '--until', '2027-02-01', file2);
      expect(await other.json('show')).toMatchObject([
        { prefix: '203.0.113.60/32', expiresAt: '2027-02-01T00:00:00Z' },
        { prefix: '203.0.113.61/32', expiresAt: '2027-02-01T00:00:00Z' },
        { prefix: '2001:db8::60/128' },
      ]);
      expect(await other.json('show', '--expired')).toMatchObject([
        { prefix: '203.0.113.7/32', expiresAt: '2026-01-01T00:04:59Z', note: 'mine' },
        { prefix: '203.0.113.8/32', expiresAt: '2026-01-02T00:00:00Z' },
      ]);
    } finally {
      other.remove();
    }
  });

  it('reports impossible and protected rows and imports the others', async () => {
    await line.run('allow', '198.51.100.212');
    const { exitCode, stdout, stderr } = await from('acacia', 'acacia.json');
    expect([exitCode, stdout]).toEqual([
      1,
      '2 prefixes: 2 new, 0 reactivated, 0 already on the blocklist; 5 left out\n',
    ]);
    expect(stderr.replaceAll(`${FIXTURES}/`, '').split('\n').slice(0, 5)).toEqual([
      'left out acacia.json:2: 198.51.100.212 overlaps 198.51.100.212 (allow-list); use --force to block it',
      'left out acacia.json:3: 0.0.0.0/0 covers all addresses and cannot be blocked',
      'left out acacia.json:4: 127.0.0.1 overlaps 127/8 (this host); use --force to block it',
      'left out acacia.json:5: 64.0.0.0/2 is wider than /8; use --force to block it',
      'left out acacia.json:6: 203.0.113.9/28 has host bits set; did you mean 203.0.113.0/28?',
    ]);
    expect((await from('acacia', 'acacia.json', '--mask')).stdout).toContain('1 new');
    expect(await line.json('show')).toHaveLength(3);
  });

  it('names the first twenty rows that it leaves out', async () => {
    const file = line.path('table');
    writeFileSync(file, '192.0.2.7\n'.concat('x\n'.repeat(30)));
    const { stderr } = await from('pf', file);
    expect(stderr.match(/left out/g)).toHaveLength(20);
    expect(stderr).toContain('and 10 more\n');
    expect(await line.json('show')).toHaveLength(1);
    const { stdout } = await line.run('--json', 'import', '--from', 'pf', file);
    expect(JSON.parse(stdout)).toMatchObject({
      prefixes: 1,
      covered: 1,
      leftOut: 30,
      firstLeftOut: expect.arrayContaining([{ number: 2, reason: expect.any(String) }]),
    });
  });

  it('does not bring back wide prefixes as if the owner had added them', async () => {
    await from('acacia', 'acacia.csv');
    await line.run('expire', '209.229.0.0/16');
    line.now = '2027-03-01T00:00:00Z';
    const log = [1, 2, 3].map(
      (pid) =>
        `2027-02-28T00:00:0${pid}Z gate sshd[${pid}]: Failed password for root from 209.229.1.1 port 1 ssh2\n`,
    );
    writeFileSync(line.path('log'), log.join(''));
    await line.run('grok', line.path('log'));
    expect((await line.run('emit')).stdout).toBe('209.229.1.0/24\n');
  });

  it('blocks each prefix exactly', async () => {
    await line.run('add', '5.149.0.0/16', '--for', '1h');
    line.now = '2026-12-01T00:00:00Z';
    writeFileSync(line.path('table'), '5.149.104.7\n');
    await from('pf', line.path('table'));
    expect((await line.run('emit')).stdout).toBe('5.149.104.7/32\n');
  });

  it('is undone as a whole', async () => {
    await line.run('add', '192.0.2.33', '--for', '1h');
    const before = (await line.run('export')).stdout;
    await from('fail2ban', 'fail2ban.sqlite3');
    expect((await line.run('undo')).exitCode).toBe(0);
    expect((await line.run('export')).stdout).toBe(before);
  });

  it('writes nothing beside a database, whatever its journal mode', async () => {
    mkdirSync(line.path('their'));
    const file = line.path('their/fail2ban.sqlite3');
    copyFileSync(join(FIXTURES, 'fail2ban.sqlite3'), file);
    const database = new Database(file);
    database.pragma('journal_mode = WAL');
    database.close();
    expect((await from('fail2ban', file)).stdout).toContain('5 new');
    expect(readdirSync(line.path('their'))).toEqual(['fail2ban.sqlite3']);
  });

  it('stores nothing from a file of another kind', async () => {
    const file = line.path('file');
    const content = '\u001b[31m{"nftables": [\n192.0.2.7\n';
    writeFileSync(file, content);
    for (const program of ['fail2ban', 'crowdsec', 'acacia', 'ipset', 'nft', 'sshguard']) {
      const { exitCode, stderr } = await from(program, file);
      expect([program, exitCode]).toEqual([program, 1]);
      expect(stderr).not.toContain('\u001b');
    }
    expect(await line.json('show')).toEqual([]);
  });

  it('refuses an unknown program', async () => {
    expect(await from('blockhosts', 'pf.txt')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('allowed choices are fail2ban, sshguard, denyhosts'),
    });
  });
});

describe('import of a list', () => {
  it('makes the same entries, whatever its size and order', async () => {
    // Every 29th /30 from 5.0.0.0 on and some networks around them, of which one is known already.
    const hosts = Array.from({ length: 9000 }, (_, index) => {
      const at = index * 116;
      return `5.${at >>> 16}.${(at >>> 8) & 255}.${at & 255}/30`;
    });
    const list = ['5.1.0.0/16', '5.2.3.0/24', '5.2.4.0/24', ...hosts, '5.1.0.0/30', '5.0.0.0/30'];
    const entries = await entriesAfter(list);
    expect(entries.length).toBeGreaterThan(8000);
    expect(await entriesAfter(list.toReversed())).toEqual(entries);
    expect(await entriesAfter(list.slice(0, 4500), list.slice(4500))).toEqual(entries);
  });

  it('begins with the widest prefixes', async () => {
    writeFileSync(line.path('list'), '5.149.104.7\n5.149.104.0/24\n');
    expect((await line.run('import', line.path('list'))).stdout).toBe(
      '2 prefixes: 1 new, 0 reactivated, 1 already on the blocklist\n',
    );
    expect(await line.json('show')).toMatchObject([{ activations: 1 }]);
  });

  it('takes ranges, and host bits with --mask', async () => {
    writeFileSync(line.path('list'), '192.0.2.4-192.0.2.6 ; range\n2001:db8::-2001:db8::1\n');
    expect((await line.run('import', line.path('list'))).exitCode).toBe(0);
    expect((await line.run('emit')).stdout).toBe('192.0.2.4/31\n192.0.2.6/32\n2001:db8::/127\n');
    writeFileSync(line.path('list'), '5.149.104.9/22\n2001:db8::9/32\n');
    expect((await line.run('import', line.path('list'))).exitCode).toBe(1);
    expect((await line.run('import', '--mask', line.path('list'))).exitCode).toBe(0);
    expect((await line.run('emit')).stdout).toContain('5.149.104.0/22\n');
  });

  it.each(['192.0.2.6-192.0.2.4', '192.0.2.4-', '192.0.2.4-2001:db8::', 'a-b'])(
    'refuses the range %s',
    async (text) => {
      writeFileSync(line.path('list'), `192.0.2.9\n${text}\n`);
      expect(await line.run('import', line.path('list'))).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('list:2: '),
      });
      expect(await line.json('show')).toEqual([]);
    },
  );
});
