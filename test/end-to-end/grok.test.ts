import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bogonEntries } from '../../src/blocklist/bogons.ts';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import { CommandLine } from '../support/command-line.ts';

const FIXTURE = 'fixtures/auth.log.0.bz2';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

function attempts(address: string, from: number, count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const second = String(from + index).padStart(2, '0');
    return `Mar 19 12:00:${second} gw sshd[${100 + from + index}]: Failed password for root from ${address} port 4711 ssh2\n`;
  }).join('');
}

function grok(...argv: string[]) {
  return line.run('grok', '--year', '2026', ...argv);
}

/** What the parts of a log leave in a new store, read one after the other. */
async function entriesOf(...parts: string[][]): Promise<object[]> {
  line.remove();
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
  for (const [index, part] of parts.entries()) {
    const file = line.path(`auth.log.${9 - index}`);
    writeFileSync(file, part.join(''));
    await grok(file);
  }
  return line.json('show', '--all');
}

describe('grok', () => {
  it('makes a blocklist from a rotated log', async () => {
    const { exitCode, stdout } = await grok(FIXTURE);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      '47 new, 0 reactivated, 0 extended, 0 hit again, 0 evidence, 4 spared',
    );
    expect((await line.run('emit')).stdout).toMatch(/^5\.149\.104\.0\/23$/m);
    // Who logged in is blocked nowhere.
    for (const address of ['73.162.44.18', '81.187.20.91', '2a0e:c41:7:20::1d']) {
      expect((await line.run('check', address)).exitCode).toBe(1);
    }
  });

  it('lists 20 entries, or all with --verbose, and says how many have expired by now', async () => {
    line.now = '2026-04-22T00:00:00Z';
    const { stdout } = await grok('--dry-run', FIXTURE);
    expect(stdout.match(/^ {2}new /gm)).toHaveLength(20);
    expect(stdout).toContain('  ... and 27 more; --verbose lists all\n');
    expect(stdout).toContain('  expired      47 of these 47 by now\n');
    const all = await grok('--dry-run', '--verbose', FIXTURE);
    expect(all.stdout.match(/^ {2}new /gm)).toHaveLength(47);
    expect(all.stdout).not.toContain('more;');
  });

  it('warns if no line looks like a log line', async () => {
    const file = line.path('no.log');
    writeFileSync(file, 'one\ntwo\n');
    const { exitCode, stdout, stderr } = await grok(file);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('no.log: 2 lines, 0 offences');
    expect(stderr).toContain('no line has the header of a log line');
    writeFileSync(file, `one\n${attempts('5.149.104.7', 0, 3)}`);
    expect((await grok('--no-apply', file)).stderr).toBe('');
    writeFileSync(file, attempts('5.149.104.8', 0, 1));
    expect((await grok(file)).stdout).toContain('no.log: 1 line, ');
  });

  it('reads a log once, whatever its name or compression', async () => {
    await grok(FIXTURE);
    const before = (await line.run('export')).stdout;
    const plain = line.path('auth.log.1');
    writeFileSync(plain, execFileSync('bzip2', ['-dc', FIXTURE], { maxBuffer: 1e8 }));
    writeFileSync(line.path('auth.log.2'), gzipSync(readFileSync(plain)));
    for (const name of [FIXTURE, plain, line.path('auth.log.2')]) {
      expect((await grok(name)).stdout).toContain('nothing new since it was last read');
    }
    expect((await line.run('export')).stdout).toBe(before);
  });

  it('shows in a dry run which lines count', async () => {
    const file = line.path('auth.log');
    writeFileSync(file, attempts('5.149.105.9', 0, 4) + attempts('5.149.105.10', 4, 2));
    const { stdout } = await grok('--dry-run', file);
    expect(stdout).toMatch(
      /new +5\.149\.105\/24.*\n +1: Mar 19 12:00:00 gw sshd\[100\]: Failed .*\n +2: .*\n +3: .*\n +\.\.\.\n/,
    );
    expect((await grok('--verbose', '--dry-run', file)).stdout).toContain(' 6: Mar 19');
    const [report] = await line.json<{ entries: { lines: object[] }[] }[]>(
      'grok',
      '--year',
      '2026',
      '--dry-run',
      file,
    );
    expect(report?.entries[0]?.lines).toHaveLength(6);
    expect((await grok(file)).stdout).not.toContain('Failed password');
  });

  it.each(['grok', 'watch'])('%s brings the firewall up to date with --apply', async (command) => {
    const [file, table] = [line.path('auth.log'), line.path('pf.blocked')];
    writeFileSync(line.path('mcblock.toml'), `[firewall]\nkind = "file"\nfile = "${table}"\n`);
    writeFileSync(file, attempts('5.149.105.9', 0, 4));
    utimesSync(file, 1_774_000_000, 1_774_000_000);
    line.now = '2026-03-20T00:00:00Z';
    const more = command === 'watch' ? ['--once'] : [];
    line.config = line.path('mcblock.toml');
    const { exitCode, stderr } = await line.run(command, ...more, '--apply', file);
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(command === 'grok' ? /created: 1 rule/ : /^$/),
    ]);
    expect(readFileSync(table, 'utf8')).toContain('5.149.105.0/24');
  });

  it('refuses --apply with --dry-run', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(line.config, '[firewall]\nkind = "file"\n');
    const { exitCode, stderr } = await line.run('grok', '--apply', '--dry-run', FIXTURE);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('only one of --apply and --dry-run');
  });

  it('sums offences before and after a rotation', async () => {
    const [first, second] = [line.path('auth.log.1'), line.path('auth.log.0')];
    writeFileSync(first, attempts('5.149.105.9', 0, 2) + attempts('5.149.99.9', 2, 2));
    writeFileSync(second, attempts('5.149.105.10', 10, 1));
    expect((await grok('--dry-run', first)).stdout).toContain('0 new');
    expect((await grok('--dry-run', first, second)).stdout).toContain('  1 new');
    expect(await line.json('show')).toEqual([]);
    expect((await grok(first)).stdout).toContain('0 new');
    expect((await grok('--dry-run', second)).stdout).toContain('1 new');
    expect((await grok(second)).stdout).toContain('1 new');
    expect(await line.json('show')).toMatchObject([{ prefix: '5.149.105.0/24', hits: 3 }]);
    const { stdout } = await line.run('explain', '5.149.105.9');
    expect(stdout).toContain(first);
    expect(stdout).toContain(second);
  });

  it('has the same result for a log split at any line', async () => {
    // Twelve hours apart, the addresses by turns: some reach the points in a day, some never.
    const lines = Array.from({ length: 40 }, (_, n) => {
      const at = new Date(Date.UTC(2026, 2, 1) + n * 2.9 * 3_600_000).toISOString();
      const host = 8 + ((n * n) % 5);
      return `Mar ${String(Number(at.slice(8, 10))).padStart(2)} ${at.slice(11, 19)} gw sshd[${n + 9}]: Failed password for root from 5.149.${host}.${n} port 9 ssh2\n`;
    });
    const whole = await entriesOf(lines);
    expect(whole.length).toBeGreaterThan(bogonEntries().length + 1);
    for (const cut of [1, 2, 3, 7, 12, 20, 33, 39]) {
      expect(await entriesOf(lines.slice(0, cut), lines.slice(cut))).toEqual(whole);
    }
  });

  it('counts only the new lines of a log that has grown', async () => {
    const file = line.path('auth.log');
    writeFileSync(file, attempts('5.149.105.9', 0, 4));
    await grok(file);
    appendFileSync(file, attempts('5.149.105.9', 4, 2));
    expect((await grok(file)).stdout).toContain('2 new lines');
    expect(await line.json('show')).toMatchObject([{ prefix: '5.149.105.0/24', hits: 6 }]);
  });

  it('blocks at 30 points within a day and not before', async () => {
    const file = line.path('auth.log');
    writeFileSync(file, attempts('5.149.105.9', 0, 2));
    await grok(file);
    expect(await line.json('show')).toEqual([]);
    writeFileSync(file, attempts('5.149.104.7', 0, 3));
    await grok(file);
    expect(await line.json('show')).toMatchObject([
      {
        prefix: '5.149.104.0/24',
        hits: 3,
        activatedAt: '2026-03-19T12:00:02Z',
        expiresAt: '2026-04-18T12:00:02Z',
        origin: 'grok',
      },
    ]);
  });

  it('blocks the whole prefix, with a hole for protected addresses', async () => {
    await line.run('allow', '5.149.105.200');
    const file = line.path('auth.log');
    writeFileSync(file, attempts('5.149.105.9', 0, 3));
    await grok(file);
    expect(await line.json('show')).toMatchObject([{ prefix: '5.149.105.0/24' }]);
    expect(await line.json('emit')).not.toContain('5.149.105.0/24');
    expect((await line.run('check', '5.149.105.200')).exitCode).toBe(1);
  });

  it('changes nothing in a dry run and creates no store', async () => {
    line.hasStore = false;
    const { exitCode, stdout } = await grok('--dry-run', FIXTURE);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('47 new');
    expect(statSync(line.db, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('records nothing from a truncated log and reports where it ends', async () => {
    const file = line.path('cut.bz2');
    writeFileSync(file, readFileSync(FIXTURE).subarray(0, 20_000));
    const { exitCode, stderr } = await grok(file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`${file}: truncated at byte 20000`);
    expect(await line.json('show')).toEqual([]);
  });

  it('finds the newest rotation, compressed or not', async () => {
    writeFileSync(line.path('auth.log'), '');
    writeFileSync(line.path('auth.log.0'), attempts('5.149.105.9', 0, 3));
    writeFileSync(line.path('auth.log.1.bz2'), 'rubbish');
    utimesSync(line.path('auth.log.1.bz2'), 1_700_000_000, 1_700_000_000);
    expect((await grok('--rotated', line.path('auth.log'))).exitCode).toBe(0);
    expect(await line.json('show')).toHaveLength(1);
    expect((await grok('--rotated', line.path('secure'))).exitCode).toBe(1);
  });

  it('reads files in the order of their times', async () => {
    const [older, newer] = [line.path('b'), line.path('a')];
    writeFileSync(older, attempts('5.149.105.9', 0, 3));
    writeFileSync(newer, attempts('5.149.105.9', 3, 3));
    utimesSync(older, 1_773_900_000, 1_773_900_000);
    await grok(newer, older);
    expect(await line.json<EntryJson[]>('show')).toMatchObject([
      { hits: 6, activatedAt: '2026-03-19T12:00:02Z' },
    ]);
  });

  it('is a usage error without a log', async () => {
    expect((await line.run('grok')).exitCode).toBe(2);
    expect((await grok(line.path('none'))).exitCode).toBe(1);
  });
});

describe('explain', () => {
  it('shows what blocks, since when, the evidence and the next step', async () => {
    await grok(FIXTURE);
    const { stdout } = await line.run('explain', '5.149.104.9');
    expect(stdout).toMatch(/^5\.149\.104\.9 is on the blocklist: 5\.149\.104\/24 since 2026-03-/);
    expect(stdout).toMatch(/5\.149\.104\.\d+: sshd failed-login \d+, .*, on gw$/m);
    expect(stdout).toMatch(/next offence: a hit on 5\.149\.104\/24; /);
  });

  it('shows what protects an address', async () => {
    await line.run('allow', '5.149.104.0/25');
    const { stdout } = await line.run('explain', '5.149.104.9');
    expect(stdout).toContain('5.149.104.9 is not on the blocklist');
    expect(stdout).toContain('protected by 5.149.104.0/25 (allow-list)');
    expect(stdout).toContain('next offence: not counted');
  });
});
