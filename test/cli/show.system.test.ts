import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';
import { mmdbOf } from '../support/mmdb.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

async function prefixes(...argv: string[]): Promise<string[]> {
  const found = await line.json<{ prefix: string }[]>('show', ...argv);
  return found.map(({ prefix }) => prefix);
}

async function blocked(now: string, ...argv: string[]): Promise<string[]> {
  return prefixes('--now', now, ...argv);
}

async function grok(): Promise<void> {
  const lines = Array.from(
    { length: 4 },
    (_, i) =>
      `2026-03-23T12:00:0${i}Z gw sshd[${100 + i}]: Failed password for root from 5.149.104.9 port 47 ssh2\n`,
  );
  writeFileSync(line.path('log'), lines.join(''));
  await line.run('grok', line.path('log'));
}

describe('show', () => {
  beforeEach(async () => {
    await line.run('add', '--now', '2026-03-20', '9.9.9.9', '--note', 'Old friend', '--forever');
    await grok();
    await line.run('add', '2a0e:c41::/32', '--note', 'spam');
  });

  it.each([
    [['--origin', 'grok'], ['5.149.104.0/24']],
    [
      ['--origin', 'manual'],
      ['9.9.9.9/32', '2a0e:c41::/32'],
    ],
    [
      ['--since', '2d'],
      ['5.149.104.0/24', '2a0e:c41::/32'],
    ],
    [
      ['--until', '2026-03-24'],
      ['5.149.104.0/24', '9.9.9.9/32'],
    ],
    [['--since', '2026-03-21', '--until', '11h'], ['5.149.104.0/24']],
    [['--service', 'sshd'], ['5.149.104.0/24']],
    [['--service', 'ssh'], []],
    [['--note', 'OLD'], ['9.9.9.9/32']],
    [['--note', 'spam', '--origin', 'grok'], []],
    [
      ['--limit', '2'],
      ['5.149.104.0/24', '9.9.9.9/32'],
    ],
    [['--sort', 'hits', '--limit', '1'], ['5.149.104.0/24']],
    [
      ['--sort', 'expires', '--limit', '9'],
      ['5.149.104.0/24', '2a0e:c41::/32', '9.9.9.9/32'],
    ],
    [['9.9.9.9', '9.0.0.0/8', '--origin', 'manual'], ['9.9.9.9/32']],
  ])('%j finds %j', async (argv, found) => {
    expect(await prefixes(...argv)).toEqual(found);
    expect(await line.json('show', ...argv, '--count')).toEqual({ count: found.length });
  });

  it.each([
    [['--since', 'later'], '--since takes a time'],
    [['--since', '1d', '--until', '2d'], '--since must be before --until'],
    [['--limit', 'all'], 'use a whole number from 1'],
    [['--country', 'Holland'], '--country takes two letters such as NL'],
    [['--origin', 'gork'], 'allowed choices are grok'],
    [['--fleet', '--service', 'sshd'], 'use only one of --fleet and --service'],
    [['--by-country', '--limit', '3'], 'use only one of --by-country and --limit'],
  ])('refuses %j', async (argv, message) => {
    expect(await line.run('show', ...argv)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(message),
    });
  });

  it('finds entries in a country', async () => {
    expect((await line.run('show', '--country', 'NL')).stderr).toContain('set geo.country');
    writeFileSync(
      line.path('geo.mmdb'),
      mmdbOf([['5.149.104.0/24', { country: { iso_code: 'NL' } }]]),
    );
    writeFileSync(line.path('toml'), `[geo]\ncountry = "${line.path('geo.mmdb')}"\n`);
    line.config = line.path('toml');
    expect(await prefixes('--country', 'nl')).toEqual(['5.149.104.0/24']);
    expect(await prefixes('--country', '-')).toEqual(['9.9.9.9/32', '2a0e:c41::/32']);
  });

  it('names the feeds that block an address', async () => {
    writeFileSync(line.path('list'), '9.9.9.0/24\n9.9.9.128/25\n45.7.1.0/24\n');
    await line.run('feed', 'drop', line.path('list'));
    expect(await prefixes()).toHaveLength(3);
    expect(await line.json('show', '9.9.9.9')).toMatchObject([
      { prefix: '9.9.9.9/32', origin: 'manual' },
      { prefix: '9.9.9.0/24', active: true, expiresAt: null, origin: 'feed', note: 'drop' },
    ]);
    expect((await line.run('show', '45.7.1.7')).stdout).toMatch(
      /^45\.7\.1\/24 +active +- +- +- +- +feed +drop$/m,
    );
    expect(await prefixes('--origin', 'feed')).toEqual(['9.9.9.0/24', '45.7.1.0/24']);
    expect(await prefixes('9.9.9.9', '--origin', 'manual')).toEqual(['9.9.9.9/32']);
  });
});

describe('a time in the past', () => {
  it('is read from the history, not from the present entry', async () => {
    await line.run('add', '--now', '2026-01-01', '9.9.9.9', '--for', '10d');
    await line.run('add', '--now', '2026-02-01', '9.9.9.9', '--for', '10d');
    await line.run('expire', '--now', '2026-02-05', '9.9.9.9');
    await line.run('add', '--now', '2026-03-01', '9.9.9.9', '8.8.8.8', '--for', '10d');
    for (const [now, found] of [
      ['2010-01-01', []],
      ['2026-01-05', ['9.9.9.9/32']],
      ['2026-01-20', []],
      ['2026-02-04', ['9.9.9.9/32']],
      ['2026-02-06', []],
      ['2026-03-02', ['8.8.8.8/32', '9.9.9.9/32']],
    ] as const) {
      expect(await blocked(now), now).toEqual(found);
      expect(await line.json('emit', '--now', now), now).toEqual(found);
      expect(await line.json('stats', '--now', now), now).toMatchObject({
        active: found.length,
        ipv4Addresses: found.length,
      });
      const isBlocked = found.some((prefix) => prefix.startsWith('9.'));
      const check = await line.run('--json', 'check', '--now', now, '9.9.9.9');
      expect(JSON.parse(check.stdout), now).toMatchObject([{ blocked: isBlocked }]);
      expect(await line.json('explain', '--now', now, '9.9.9.9'), now).toMatchObject([
        { blocked: isBlocked },
      ]);
    }
    const around = await line.json('explain', '--now', '2026-01-05', '9.9.9/24');
    expect(around).toMatchObject([{ within: { all: 1, active: 1 } }]);
    expect(await line.json('show', '--now', '2026-01-05')).toMatchObject([
      { activations: 1, activatedAt: '2026-01-01T00:00:00Z', expiresAt: '2026-01-11T00:00:00Z' },
    ]);
    expect(await line.json('show', '--now', '2026-02-04')).toMatchObject([
      { activations: 2, expiresAt: '2026-02-11T00:00:00Z' },
    ]);
    expect(await blocked('2026-01-20', '--expired')).toEqual(['9.9.9.9/32']);
    expect(await blocked('2010-01-01', '9.9.9.9')).toEqual([]);
    expect(await line.json('explain', '--now', '2026-01-05', '9.9.9.9')).toMatchObject([
      { entries: [{ activations: 1, history: [{ number: 1 }] }] },
    ]);
  });

  it('shows entries that were withdrawn or forgotten since', async () => {
    await line.run('add', '--now', '2026-03-01', '9.9.9.9', '8.8.8.8');
    await line.run('expire', '--now', '2026-03-03', '--mistake', '9.9.9.9');
    await line.run('forget', '--now', '2026-03-03', '--yes', '8.8.8.8');
    await line.run('allow', '--now', '2026-03-04', '8.8.8.8');
    expect(await prefixes()).toEqual([]);
    expect(await blocked('2026-03-02')).toEqual(['8.8.8.8/32', '9.9.9.9/32']);
    expect(await line.json('emit', '--now', '2026-03-02')).toEqual(['8.8.8.8/32', '9.9.9.9/32']);
    expect((await line.run('check', '--now', '2026-03-02', '8.8.8.8')).exitCode).toBe(0);
    expect(await blocked('2026-03-03')).toEqual([]);
    expect(await line.json('emit', '--now', '2026-03-03')).toEqual([]);
  });

  it('shows bogons that were not active yet', async () => {
    await line.run('add', '--now', '2026-03-01', '10/8', '--force', '--exact');
    expect(await line.json('show', '--all', '--now', '2026-02-01', '10/8')).toMatchObject([
      { prefix: '10.0.0.0/8', active: false, activations: 0 },
    ]);
  });
});

it('shows each of many entries once, under their titles', async () => {
  const list = Array.from({ length: 10_500 }, (_, n) => `${9 + (n >> 8)}.77.${n & 255}.99\n`);
  writeFileSync(line.path('list'), list.join(''));
  await line.run('import', line.path('list'));
  const [titles = '', ...rows] = (await line.run('show')).stdout.trimEnd().split('\n');
  expect(rows).toHaveLength(list.length);
  const states = titles.indexOf('STATE');
  expect(new Set(rows.map((row) => row.slice(states, states + 6)))).toEqual(new Set(['active']));
  expect(new Set(rows.map((row) => row.split(' ')[0]))).toEqual(
    new Set(list.map((text) => text.trim())),
  );
});
