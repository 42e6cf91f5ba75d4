import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

describe('add', () => {
  it.each([
    ['10.1.2.3/22', 'mcblock: 10.1.2.3/22 has host bits set; did you mean 10.1.0.0/22?\n'],
    ['5.149.104', 'mcblock: 5.149.104 is a short form and needs its length, as in 5.149.104/24\n'],
    ['0/0', 'mcblock: 0.0.0.0/0 covers all addresses and cannot be blocked\n'],
    ['::/0', 'mcblock: ::/0 covers all addresses and cannot be blocked\n'],
  ])('refuses %s as a usage error and creates no store', async (text, message) => {
    line.hasStore = false;
    expect(await line.run('add', text)).toEqual({ exitCode: 2, stdout: '', stderr: message });
    expect(existsSync(line.db)).toBe(false);
  });

  it('blocks all of its prefixes or none', async () => {
    await line.run('allow', '198.51.100.0/24');
    const { exitCode, stderr } = await line.run('add', '5.149.104/22', '198.51.100.128/25');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('198.51.100.128/25 overlaps 198.51.100/24 (allow-list)');
    expect(await line.json('show')).toEqual([]);
  });

  it('blocks protected prefixes with --force; the rules keep the hole', async () => {
    await line.run('allow', '198.51.100.0/26');
    expect(await line.run('add', '--force', '198.51.100/24')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(
        / recorded until .*, except 198\.51\.100\.0\/26 \(allow-list\)\n$/,
      ),
    });
    expect((await line.run('emit')).stdout).toBe('198.51.100.64/26\n198.51.100.128/25\n');
    const [{ holes } = {}] = await line.json<{ holes?: unknown }[]>(
      'add',
      '--force',
      '198.51.100/24',
    );
    expect(holes).toEqual([{ prefix: '198.51.100.0/26', reason: 'allowed' }]);
  });

  it('does not say "already blocked" of a hole in an active entry', async () => {
    await line.run('add', '198.51.100/24');
    await line.run('allow', '198.51.100.7');
    expect((await line.run('add', '--force', '198.51.100.7')).stdout).toBe(
      '198.51.100.7 recorded, not blocked: in 198.51.100.7 (allow-list)\n',
    );
  });

  it('does not say "blocked" of what is a hole as a whole', async () => {
    await line.run('allow', '198.51.100.0/24');
    expect((await line.run('add', '--force', '198.51.100.7')).stdout).toBe(
      '198.51.100.7 recorded, not blocked: in 198.51.100/24 (allow-list)\n',
    );
    expect(await line.json('emit')).toEqual([]);
  });

  it('needs --force to block more than a /8', async () => {
    expect((await line.run('add', '64/7')).exitCode).toBe(1);
    expect((await line.run('add', '--force', '64/7')).exitCode).toBe(0);
    expect((await line.run('emit')).stdout).toBe('64.0.0.0/7\n');
  });

  it.each([
    [['--for', '90d'], '2026-04-01T00:00:00Z'],
    [['--until', '2026-06-01'], '2026-06-01T00:00:00Z'],
    [['--forever'], null],
    [[], '2026-01-31T00:00:00Z'],
  ])('blocks until the given time: %j', async (options, expiresAt) => {
    await line.run('add', ...options, '5.149.104/22');
    expect(await line.json('show')).toMatchObject([{ expiresAt, activations: 1 }]);
  });

  it.each([
    [['--for', '90d', '--forever']],
    [['--for', 'soon']],
    [['--until', '2025-01-01']],
    [['--nonsense']],
    [[]],
  ])('refuses %j', async (options) => {
    const prefix = options.length === 0 ? [] : ['5.149.104/22'];
    expect((await line.run('add', ...options, ...prefix)).exitCode).toBe(2);
  });

  it('keeps the later expiry, without a new activation', async () => {
    await line.run('add', '--for', '90d', '5.149.104/22');
    expect((await line.run('add', '--for', '1d', '5.149.104/22')).stdout).toContain(
      'already recorded',
    );
    expect((await line.run('add', '--for', '1y', '5.149.104/22')).stdout).toContain(
      'still recorded',
    );
    expect(await line.json('show')).toMatchObject([
      { expiresAt: '2027-01-01T00:00:00Z', activations: 1 },
    ]);
  });
});

describe('expire', () => {
  it('stops blocking and keeps the entry', async () => {
    await line.run('add', '5.149.104/22');
    expect((await line.run('expire', '5.149.104/22')).exitCode).toBe(0);
    expect((await line.run('emit')).stdout).toBe('');
    expect(await line.json('show', '--expired')).toMatchObject([
      { prefix: '5.149.104.0/22', active: false, activations: 1 },
    ]);
  });

  it('names an entry that goes on blocking the prefix or a part of it', async () => {
    await line.run('add', '5.149.104/22');
    await line.run('add', '--for', '90d', '5.149.105/24');
    await line.run('add', '--for', '120d', '5.149.105.9');
    expect((await line.run('expire', '5.149.105/24')).stdout).toBe(
      '5.149.105/24 expired, but contained in 5.149.104/22, which is active\n',
    );
    expect((await line.run('expire', '5.149.104/22')).stdout).toBe(
      '5.149.104/22 expired, but contains 5.149.105.9, which is active\n',
    );
    expect((await line.run('expire', '5.149.105.9')).stdout).toBe('5.149.105.9 expired\n');
  });

  it('names the entry that contains the prefix, and changes nothing', async () => {
    await line.run('add', '5.149.104/22', '5.150/16');
    const { exitCode, stderr } = await line.run('expire', '5.150/16', '5.149.105/24');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      'no entry for 5.149.105/24 (contained in 5.149.104/22); nothing changed',
    );
    expect(await line.json('show')).toHaveLength(2);
  });
});

describe('allow', () => {
  it('adds, lists and removes', async () => {
    const allowed = { note: 'office', addedAt: '2026-01-01T00:00:00Z', expiresAt: null };
    await line.run('allow', '--note', 'office', '198.51.100/24', '2001:db8::/32');
    expect(await line.json('allow')).toEqual([
      { prefix: '198.51.100.0/24', ...allowed },
      { prefix: '2001:db8::/32', ...allowed },
    ]);
    expect((await line.run('allow', '--remove', '198.51.100/24')).exitCode).toBe(0);
    expect(await line.json('allow')).toHaveLength(1);
    expect((await line.run('allow', '--remove', '198.51.100/24')).exitCode).toBe(1);
  });

  it('takes no end that could not be read again', async () => {
    for (const argv of [
      ['--for', '99999999y'],
      ['--for', '999999999d'],
      ['--now', '0000-01-01'],
    ]) {
      expect((await line.run('allow', '198.51.100/24', ...argv)).exitCode, argv.join(' ')).toBe(2);
    }
    expect((await line.run('allow', '198.51.100/24', '--for', '9999y')).exitCode).toBe(0);
    expect(await line.json('allow')).toMatchObject([{ expiresAt: '+012018-05-13T00:00:00Z' }]);
    expect((await line.run('emit')).exitCode).toBe(0);
  });
});

describe('show', () => {
  it('prints no entries of a new store', async () => {
    expect(await line.run('show')).toEqual({ exitCode: 0, stdout: '', stderr: 'no entries\n' });
    expect(await line.json('show')).toEqual([]);
  });

  it('has stable JSON fields', async () => {
    await line.run('add', '--note', 'form spam', '5.149.104/22');
    expect(await line.json('show')).toEqual([
      {
        prefix: '5.149.104.0/22',
        active: true,
        activations: 1,
        hits: 0,
        firstSeen: '2026-01-01T00:00:00Z',
        lastSeen: '2026-01-01T00:00:00Z',
        activatedAt: '2026-01-01T00:00:00Z',
        expiresAt: '2026-01-31T00:00:00Z',
        origin: 'manual',
        note: 'form spam',
      },
    ]);
  });

  it('shows all entries that contain an address', async () => {
    await line.run('add', '5.149.104/22');
    await line.run('expire', '5.149.104/22');
    await line.run('add', '--exact', '5.149.105/24');
    const entries = await line.json<EntryJson[]>('show', '5.149.105.9');
    expect(entries.map(({ prefix, active }) => [prefix, active])).toEqual([
      ['5.149.104.0/22', false],
      ['5.149.105.0/24', true],
    ]);
  });

  it('shows bogons that were never active only with --all', async () => {
    expect(await line.json('show', '--expired')).toEqual([]);
    const all = await line.json<EntryJson[]>('show', '--all');
    expect(all.find(({ prefix }) => prefix === '10.0.0.0/8')).toMatchObject({
      active: false,
      activations: 0,
      origin: 'bogon',
      activatedAt: null,
    });
  });

  it('sorts', async () => {
    await line.run('add', '--for', '2d', '9.9.9.9');
    await line.run('add', '--for', '3d', '8.8.8.8');
    await line.run('add', '--for', '1d', '7.7.7.7');
    const prefixes = async (sort: string) =>
      (await line.json<EntryJson[]>('show', '--sort', sort)).map(({ prefix }) => prefix);
    expect(await prefixes('prefix')).toEqual(['7.7.7.7/32', '8.8.8.8/32', '9.9.9.9/32']);
    expect(await prefixes('expires')).toEqual(['7.7.7.7/32', '9.9.9.9/32', '8.8.8.8/32']);
  });
});

describe('check', () => {
  it('exits with 0 only if all addresses are blocked', async () => {
    await line.run('add', '5.149.104/22');
    expect(await line.run('check', '5.149.105.9')).toMatchObject({
      exitCode: 0,
      stdout: '5.149.105.9 is on the blocklist: 5.149.104/22 until 2026-01-31 00:00 UTC\n',
    });
    expect((await line.run('check', '5.149.105.9', '5.149.108.1')).exitCode).toBe(1);
    expect((await line.run('check', '-q', '5.149.105.9')).stdout).toBe('');
    expect((await line.run('check', 'example.com')).exitCode).toBe(2);
  });

  it('respects the allow-list', async () => {
    await line.run('add', '5.149.104/22');
    await line.run('allow', '5.149.105.9');
    expect((await line.run('check', '5.149.105.9')).exitCode).toBe(1);
    expect((await line.run('check', '5.149.105.8')).exitCode).toBe(0);
  });
});

describe('a missing store', () => {
  it.each([
    ['show'],
    ['check', '9.9.9.9'],
    ['explain', '9.9.9.9'],
    ['emit'],
    ['export'],
    ['allow'],
    ['feed'],
    ['feed', '--list', 'x'],
    ['undo', '--dry-run'],
    ['undo'],
    ['expire', '9.9.9.9'],
    ['expire', '--mistake', '9.9.9.9'],
    ['forget', '9.9.9.9'],
    ['allow', '--remove', '9.9.9.9'],
    ['feed', '--all'],
    ['feed', 'x'],
    ['feed', 'x', '--remove'],
    ['widen'],
    ['user', 'list'],
    ['user', 'remove', 'x'],
  ])('is an error for %s', async (...argv) => {
    line.hasStore = false;
    const { exitCode, stdout, stderr } = await line.run(...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(`store ${line.db}: no such store`);
    expect(existsSync(line.db)).toBe(false);
  });

  it('keeps emit from replacing a table, and apply from emptying it', async () => {
    const file = line.path('pf.blocked');
    writeFileSync(file, '9.9.9.9\n');
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, `[firewall]\nkind = "file"\nfile = "${file}"\n`);
    line.hasStore = false;
    expect((await line.run('emit', '--output', file)).exitCode).toBe(1);
    expect((await line.run('apply')).exitCode).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('9.9.9.9\n');
  });
});

describe('emit', () => {
  beforeEach(() => line.run('add', '5.149.104/24', '5.149.105/24', '9.9.9.9', '2001:67c::/32'));

  it.each([
    ['pf', '5.149.104.0/23\n9.9.9.9/32\n2001:67c::/32\n'],
    ['plain', '5.149.104.0/23\n9.9.9.9/32\n2001:67c::/32\n'],
    [
      'pf-rules',
      'table <mcblock> persist {\n\t5.149.104.0/23\n\t9.9.9.9/32\n\t2001:67c::/32\n}\nblock drop in quick from <mcblock> to any\n',
    ],
    ['json', '[\n  "5.149.104.0/23",\n  "9.9.9.9/32",\n  "2001:67c::/32"\n]\n'],
  ])('writes %s', async (format, text) => {
    expect((await line.run('emit', '--format', format)).stdout).toBe(text);
  });

  it.each(['65536:1', '1', '1:2:3:4', '64500:x', '4200000000:1:4294967296', '64500:'])(
    'refuses %s as a community',
    async (community) => {
      expect(await line.run('emit', '--format', 'bird', '--community', community)).toMatchObject({
        exitCode: 2,
        stdout: '',
        stderr: expect.stringContaining('use numbers such as 65535:666'),
      });
    },
  );

  it('has communities only in the formats for routers', async () => {
    expect(await line.run('emit', '--format', 'nft', '--community', '64500:666')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('--community is for --format bird, openbgpd, exabgp'),
    });
  });

  it('replaces a file and keeps its mode', async () => {
    const file = line.path('pf.blocked');
    writeFileSync(file, 'old\n', { mode: 0o640 });
    expect((await line.run('emit', '--output', file)).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('5.149.104.0/23\n9.9.9.9/32\n2001:67c::/32\n');
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it('fails if it cannot write', async () => {
    const folder = line.path('folder');
    mkdirSync(folder);
    expect((await line.run('emit', '--output', folder)).exitCode).toBe(1);
    expect((await line.run('emit', '--output', line.path('none/pf.blocked'))).exitCode).toBe(1);
  });

  it('does not empty a large file, unless forced', async () => {
    const file = line.path('pf.blocked');
    const content = '192.0.2.1\n'.repeat(1001);
    writeFileSync(file, content);
    line.now = '2027-01-01T00:00:00Z';
    expect(await line.run('emit', '--output', file)).toMatchObject({
      exitCode: 1,
      stderr: `mcblock: ${file} holds 1001 lines and would be emptied; use --force\n`,
    });
    expect(readFileSync(file, 'utf8')).toBe(content);
    expect((await line.run('emit', '--output', file, '--force')).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('warns of a table file with which FreeBSD refuses pf.conf', async () => {
    const hosts = Array.from(
      { length: 65_533 },
      (_, i) => `7.${i >> 15}.${(i >> 7) & 255}.${(i & 127) * 2}`,
    );
    writeFileSync(line.path('hosts'), hosts.join('\n'));
    const emit = () => line.run('emit', '--output', line.path('pf.blocked'));
    expect((await line.run('import', line.path('hosts'))).exitCode).toBe(0);
    expect((await emit()).stderr).toMatch(/65536 rules[^]*more than 65535 lines[^]*loader\.conf/);
    await line.run('expire', '9.9.9.9');
    expect((await emit()).stderr).not.toContain('FreeBSD');
  });

  it('refuses an unknown format', async () => {
    expect((await line.run('emit', '--format', 'ipfw')).exitCode).toBe(2);
  });
});

describe('import and export', () => {
  it('round-trip without loss', async () => {
    await line.run('allow', '198.51.100/24');
    await line.run('add', '--note', 'ümlaut "quoted"', '5.149.104/22', '2001:67c::/32');
    await line.run('expire', '5.149.104/22');
    await line.run('add', '--forever', '9.9.9.9');
    const { stdout } = await line.run('export');
    const other = new CommandLine();
    try {
      const file = other.path('backup.ndjson');
      writeFileSync(file, stdout);
      expect((await other.run('import', file)).exitCode).toBe(0);
      expect((await other.run('export')).stdout).toBe(stdout);
    } finally {
      other.remove();
    }
  });

  it('read a list with comments', async () => {
    const file = line.path('list');
    writeFileSync(file, '# list\n5.149.104/24 ; spam\r\n\n5.149.105/24\n2001:67c::/32');
    expect((await line.run('import', file)).stdout).toBe(
      '3 prefixes: 3 new, 0 reactivated, 0 already on the blocklist\n',
    );
    expect(await line.json('show')).toMatchObject([
      { origin: 'import' },
      { origin: 'import' },
      { origin: 'import' },
    ]);
  });

  it('report file and line of an error and import nothing', async () => {
    const file = line.path('list');
    writeFileSync(file, '5.149.104/24\n5.149.105.1/24\n');
    const { exitCode, stderr } = await line.run('import', file);
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      `mcblock: ${file}:2: 5.149.105.1/24 has host bits set; did you mean 5.149.105.0/24? (nothing imported)\n`,
    );
    expect(await line.json('show')).toEqual([]);
  });

  it('import nothing of a truncated export', async () => {
    await line.run('add', '5.149.104/22', '9.9.9.9');
    const { stdout } = await line.run('export');
    const file = line.path('cut.ndjson');
    writeFileSync(file, stdout.slice(0, -40));
    const other = new CommandLine();
    try {
      const outcome = await other.run('import', file);
      expect(outcome.exitCode).toBe(1);
      expect(outcome.stderr).toMatch(/line \d+: not JSON/);
      expect(await other.json('show')).toEqual([]);
    } finally {
      other.remove();
    }
  });
});

describe('config', () => {
  it('shows every key with its value and source', async () => {
    const file = line.path('mcblock.toml');
    writeFileSync(file, '[penalty]\nfirst = "7d"\n');
    const { stdout } = await line.run('--config', file, 'config');
    expect(stdout).toMatch(new RegExp(`penalty\\.first +=  *"7d" +# ${file}:2`));
    expect(stdout).toMatch(/penalty\.longest +=  *"3650d" +# default/);
  });

  it('shows lists of tables as tables, which can be read again', async () => {
    const file = line.path('mcblock.toml');
    const rules = ['root', 'bob'].map(
      (user) => `[[rule]]\nname = "${user}"\nusers = ["${user}"]\npoints = "x2"\n`,
    );
    writeFileSync(file, rules.join(''));
    const { stdout } = await line.run('--config', file, 'config');
    expect(stdout).toContain(
      `\n[[rule]]  # ${file}:5\nname = "bob"\nusers = ["bob"]\npoints = "x2"\n`,
    );
    expect(stdout).not.toMatch(/^rule /m);
    writeFileSync(file, stdout);
    const again = await line.run('--config', file, 'config');
    expect(again.stdout.replaceAll(/ *# .*/g, '')).toBe(stdout.replaceAll(/ *# .*/g, ''));
  });

  it('is in force', async () => {
    const file = line.path('mcblock.toml');
    writeFileSync(file, '[penalty]\nfirst = "7d"\n');
    await line.run('--config', file, 'add', '9.9.9.9');
    expect(await line.json('show')).toMatchObject([{ expiresAt: '2026-01-08T00:00:00Z' }]);
  });

  it('is checked before the store is opened', async () => {
    line.hasStore = false;
    const file = line.path('mcblock.toml');
    writeFileSync(file, '[penalty]\nfrist = "7d"\n');
    expect(await line.run('--config', file, 'add', '9.9.9.9')).toMatchObject({ exitCode: 2 });
    expect(await line.run('--config', file, 'config', 'check')).toMatchObject({ exitCode: 2 });
    expect(statSync(line.db, { throwIfNoEntry: false })).toBeUndefined();
  });

  it.each([
    ['geo.country = "/none.mmdb"', 'geo', /\/none\.mmdb: no such file/],
    [
      '[[rule]]\nname = "de"\ncountries = ["DE"]\npenalty = "90d"',
      'grammar',
      /mcblock\.toml:1: rule de: can never apply: set geo\.country to a database/,
    ],
    ['journal.directory = "/none"', 'journal', /journal\.directory: \/none: no such file/],
    ['firewall.kind = "file"', 'firewall', /set firewall\.file/],
    ['firewall = { kind = "file", file = "/none/x" }', 'firewall', /firewall\.file: \/none: no/],
    ['firewall = { kind = "pf", pfctl = "/none" }', 'firewall', /firewall\.pfctl: \/none: no such/],
    ['firewall = { kind = "nft", nft = "/etc/passwd" }', 'firewall', /permission denied/],
    ['fleet.url = "https://a"', 'fleet', /needs fleet\.user/],
    [
      'fleet = { url = "https://a", user = "a", password-file = "/none" }',
      'fleet',
      /fleet\.password-file: \/none: no such file/,
    ],
    [
      'pubsub.address = "127.0.0.1:1"\nlisten.channels = { a = { command = ["/none"], carries = "address" } }',
      'pubsub',
      /listen\.channels\.a: \/none: no such file/,
    ],
    ['grammar.folder = "/none"', 'grammar', /grammar\.folder: \/none: no such file/],
    ['journal.directory = "/etc/passwd"', 'journal', /journal\.directory: .*: not a folder/],
    [
      'firewall = { kind = "file", file = "/tmp" }',
      'firewall',
      /firewall\.file: \/tmp: not a file/,
    ],
    [
      'firewall = { kind = "nft", nft = "/usr" }',
      'firewall',
      /firewall\.nft: \/usr: not a program/,
    ],
    ['notify.command = ["/usr"]', 'notify', /notify\.command: \/usr: not a program/],
    ['probe.user = "nobody-such"', 'user', /probe\.user: no such user: nobody-such/],
    ['listen.user = "nobody-such"', 'user', /listen\.user: no such user: nobody-such/],
    ['nonsense = 1', 'keys', /unknown key nonsense/],
  ])('check finds what is wrong with %s', async (text, name, message) => {
    const { exitCode, stderr } = await checkConfig(text);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(message)]);
    const json = await checkConfig(text, '--json');
    expect(json.exitCode).toBe(2);
    const { findings } = JSON.parse(json.stdout) as { findings: readonly object[] };
    expect(findings).toContainEqual(
      expect.objectContaining({ name, state: 'problem', text: expect.stringMatching(message) }),
    );
  });

  it('check accepts files and programs that exist', async () => {
    const file = line.path('mcblock.toml');
    const text = `firewall = { kind = "file", file = "${line.path('x')}" }\n`;
    expect(await checkConfig(text)).toEqual({ exitCode: 0, stdout: '', stderr: `${file}: OK\n` });
    const { stdout } = await checkConfig(text, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      file,
      findings: [{ name: 'keys' }, { name: 'grammar' }, { name: 'geo' }, { name: 'firewall' }],
    });
  });
});

function checkConfig(text: string, ...options: string[]) {
  const file = line.path('mcblock.toml');
  writeFileSync(file, text);
  return line.run('--config', file, ...options, 'config', 'check');
}

function ruleText(message: string): string {
  return `[[rule]]\nname = "x"\nmessages = ["sshd.invalid-user", "${message}"]\npoints = 20\n`;
}

describe('the messages of a rule', () => {
  it.each([
    ['sshd.faled-login', 'unknown message sshd.faled-login; did you mean sshd.failed-login?'],
    ['shsd.failed-login', 'unknown message shsd.failed-login; did you mean sshd.failed-login?'],
    ['x.y', 'unknown message x.y'],
    ['sshd.accepted', 'sshd.accepted is a login; only attempts and signs have points'],
    ['sshd.closed', 'sshd.closed is a note; only attempts and signs have points'],
  ])('is checked: %s', async (message, words) => {
    const { exitCode, stderr } = await checkConfig(ruleText(message));
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/mcblock\.toml:1: rule x: /);
    expect(stderr).toContain(words);
  });

  it('is checked before a log is read', async () => {
    const file = line.path('mcblock.toml');
    writeFileSync(file, ruleText('sshd.faled-login'));
    const log = line.path('auth.log');
    writeFileSync(log, '');
    expect(await line.run('--config', file, 'grok', log)).toMatchObject({ exitCode: 2 });
  });

  it("may name messages of the user's grammars, which are checked too", async () => {
    const folder = line.path('grammar.d');
    mkdirSync(folder);
    const text = `[grammar]\nfolder = "${folder}"\n${ruleText('knockd.refused')}`;
    expect((await checkConfig(text)).stderr).toContain('unknown message knockd.refused');
    writeFileSync(
      join(folder, 'knockd.grammar'),
      'service knockd "knockd"\nrefused attempt 10 = "no " ADDRESS\n',
    );
    expect(await checkConfig(text)).toMatchObject({ exitCode: 0 });
    writeFileSync(
      join(folder, 'knockd.grammar'),
      'service knockd "knockd"\nrefused attempt = "no " ADDRESS\n',
    );
    expect((await checkConfig(text)).stderr).toContain('knockd.grammar:2:');
  });
});

describe('the path of the store', () => {
  it.each(['show', 'add 9.9.9.9', 'config'])('must not be a directory: %s', async (command) => {
    const folder = line.path('folder');
    mkdirSync(folder);
    const { exitCode, stderr } = await line.run('--db', folder, ...command.split(' '));
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: `mcblock: ${folder}: is a directory; name a file, such as ${folder}/mcblock.db\n`,
    });
  });

  it('must not be empty', async () => {
    const { exitCode, stderr } = await line.run('--db', '', 'show');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: 'mcblock: --db and MCBLOCK_DB must not be empty\n',
    });
  });
});

describe('the command line', () => {
  it('has help for every command', async () => {
    const { exitCode, stdout } = await line.run('--help');
    expect(exitCode).toBe(0);
    expect(await line.run('help')).toEqual({ exitCode, stdout, stderr: '' });
    const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}[a-z]/gm)].map(([, name]) => name ?? '');
    expect(names).toEqual(expect.arrayContaining(['grok', 'add', 'emit', 'config']));
    for (const name of names.filter((one) => one !== 'help')) {
      expect((await line.run(name, '--help')).stdout).toContain('Examples:');
      expect(await line.run('help', name)).toMatchObject({
        exitCode: 0,
        stdout: expect.stringContaining(`Usage: mcblock ${name}`),
      });
    }
  });

  it.each([
    [['add'], 'add [OPTION...] PREFIX...'],
    [['stats'], 'stats [OPTION...]'],
    [['config'], 'config [OPTION...] [check]'],
    [['explain'], 'explain [OPTION...] ADDRESS|PREFIX...'],
    [['completion'], 'completion [OPTION...] bash|zsh|fish|ksh [WORD...]'],
    [['user'], 'user add|list|passwd|disable|enable|remove [OPTION...]'],
    [['user', 'add'], 'user add [OPTION...] NAME'],
    [['pf', 'delete'], 'pf delete [OPTION...] [PREFIX...]'],
    [['grammar', 'check'], 'grammar check [OPTION...] FILE...'],
  ])('says how %j is used', async (names, usage) => {
    const { stdout } = await line.run(...names, '--help');
    expect(stdout.split('\n')[0]).toBe(`Usage: mcblock ${usage}`);
  });

  it.each(['-h', '--help', '-qh', '--json -h'])(
    'helps with all commands for %s before one',
    async (options) => {
      const all = await line.run('--help');
      expect(await line.run(...options.split(' '), 'add')).toEqual(all);
      expect(await line.run('--now', '-h', 'add', '--help')).toEqual(
        await line.run('add', '--help'),
      );
    },
  );

  it('escapes control characters in error messages', async () => {
    const { stderr } = await line.run('grok', '/no\u001b[31m\u009bsuch');
    expect(stderr).toBe('mcblock: /no\\x1b[31m\\x9bsuch: no such file\n');
  });

  it.each([
    [['nonsense'], 'unknown command "nonsense"\ntry "mcblock --help"'],
    [['help', 'nonsense'], 'unknown command "nonsense"\ntry "mcblock --help"'],
    [['ban'], 'unknown command "ban"; did you mean add?\ntry "mcblock --help"'],
    [['remove'], 'unknown command "remove"; did you mean expire or forget?\ntry "mcblock --help"'],
    [['shwo'], 'unknown command "shwo"; did you mean show?\ntry "mcblock --help"'],
    [['--nonsense'], 'unknown option "--nonsense"\ntry "mcblock --help"'],
    [
      ['show', '--cuont'],
      'unknown option "--cuont"; did you mean --count?\ntry "mcblock show --help"',
    ],
    [['user', 'add'], 'missing required argument "name"\ntry "mcblock user add --help"'],
    [['check'], 'missing required argument "address"\ntry "mcblock check --help"'],
    [
      ['export', 'x'],
      'too many arguments for "export": expected 0 arguments but got 1\ntry "mcblock export --help"',
    ],
    [
      ['emit', '--format', 'x'],
      'option "--format <format>" argument "x" is invalid: allowed choices are pf, pf-rules, nft, plain, json, bird, openbgpd, exabgp\ntry "mcblock emit --help"',
    ],
    [
      ['grok', '--year', '26', 'x'],
      'option "--year <yyyy>" argument "26" is invalid: use four digits, as in 2026\ntry "mcblock grok --help"',
    ],
    [
      ['--now', 'never', 'show'],
      '--now takes a time such as 2026-03-24, 2026-03-24T18:00:00Z or @1774375200, not "never"',
    ],
  ])('reports the usage error of %j', async (argv, message) => {
    const stderr = `mcblock: ${message}\n`;
    expect(await line.run(...argv)).toEqual({ exitCode: 2, stdout: '', stderr });
  });
});
