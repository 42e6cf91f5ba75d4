import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-11-23T00:00:00Z';
});
afterEach(() => line.remove());

/** The fixtures' addresses are bogons everywhere, and perhaps this host's: these are nobody's. */
const ADDRESSES = [
  ['192.0.2.7', '5.149.105.9', 'c0000207', '05956909'],
  ['198.51.100.9', '45.9.20.9', 'c6336409', '2d091409'],
  ['2001:db8:', '2a0e:c41:', '20010db8', '2a0e0c41'],
] as const;

/** A file with the content of the fixture and other addresses. */
function logOf(fixture: string): string {
  let content = readFileSync(fixture).toString('latin1');
  for (const [from, to, fromHex, toHex] of ADDRESSES) {
    content = fixture.endsWith('.pflog')
      ? content.replaceAll(latin1(fromHex), latin1(toHex))
      : content.replaceAll(from, to);
  }
  const file = line.path(basename(fixture));
  writeFileSync(file, content, 'latin1');
  return file;
}

function latin1(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}

const LOGS: readonly (readonly [name: string, external: string])[] = [
  ['fixtures/pf/freebsd.pflog', 'em0'],
  ['fixtures/pf/freebsd.tcpdump.txt', 'em0'],
  ['fixtures/pf/openbsd.tcpdump.txt', 'em0'],
  ['fixtures/pf/filterlog.log', 'igb0'],
];

function grok(fixture: string, external: string, ...argv: string[]) {
  const file = fixture.startsWith('fixtures/') ? logOf(fixture) : fixture;
  return line.run('grok', '--pf', '--external', external, '--year', '2026', ...argv, file);
}

describe('grok --pf', () => {
  it.each(LOGS)('makes no new entry from %s', async (file, external) => {
    const { exitCode, stdout } = await grok(file, external);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('2026-11-22 10:00');
    expect(stdout).toContain('0 new, 0 reactivated');
    expect(await line.json('show')).toEqual([]);
    expect((await grok(file, external)).stdout).toContain('nothing new since it was last read');
  });

  it.each(LOGS)('activates expired entries from %s', async (file, external) => {
    line.now = '2026-08-01T00:00:00Z';
    await line.run('add', '5.149.105.0/24');
    await line.run('add', '45.9.20.0/26', '--forever');
    line.now = '2026-11-23T00:00:00Z';
    expect((await grok(file, external)).stdout).toMatch(/1 reactivated, 0 extended, 1 hit again/);
    expect(await line.json('show', '5.149.105.9')).toMatchObject([
      { prefix: '5.149.105.0/24', activations: 2, activatedAt: '2026-11-22T10:00:00Z' },
    ]);
    expect((await line.run('explain', '5.149.105.9')).stdout).toContain('pf blocked');
  });

  it('counts only packets on external interfaces', async () => {
    await line.run('add', '5.149.105.0/24', '--forever');
    expect((await grok('fixtures/pf/freebsd.pflog', 'em9')).stdout).toContain('0 hit again');
    const { stdout } = await line.run(
      '--verbose',
      'grok',
      '--pf',
      '--external',
      'em9',
      '--again',
      'fixtures/pf/freebsd.pflog',
    );
    expect(stdout).toMatch(/pf not-external: \d/);
  });

  it('counts only the new packets of a file that has grown', async () => {
    await line.run('add', '5.149.105.0/24', '--forever');
    const whole = readFileSync(logOf('fixtures/pf/freebsd.tcpdump.txt'));
    const cut = whole.indexOf('\n', whole.length / 2) + 1;
    const file = line.path('pf.txt');
    writeFileSync(file, whole.subarray(0, cut));
    await grok(file, 'em0');
    writeFileSync(file, whole);
    expect((await grok(file, 'em0')).stdout).toMatch(/new lines/);
    const [entry] = await line.json<{ hits: number }[]>('show', '5.149.105.9');
    line.remove();
    line = new CommandLine();
    line.now = '2026-11-23T00:00:00Z';
    await line.run('add', '5.149.105.0/24', '--forever');
    await grok('fixtures/pf/freebsd.tcpdump.txt', 'em0');
    expect(await line.json('show', '5.149.105.9')).toMatchObject([{ hits: entry?.hits }]);
  });

  it('reads compressed files and records nothing from damaged ones', async () => {
    await line.run('add', '5.149.105.0/24', '--forever');
    const packed = execFileSync('bzip2', ['-c', logOf('fixtures/pf/freebsd.pflog')]);
    const file = line.path('pflog.0.bz2');
    writeFileSync(file, packed);
    expect((await grok(file, 'em0')).stdout).toContain('1 evidence');
    const before = (await line.run('export')).stdout;
    const broken = line.path('pflog.1');
    writeFileSync(broken, readFileSync(logOf('fixtures/pf/freebsd.pflog')).subarray(0, -7));
    const { exitCode, stderr } = await grok(broken, 'em0');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(': truncated at byte');
    expect((await line.run('export')).stdout).toBe(before);
  });

  it.each([
    [['grok', '--pf', 'x'], '--pf needs the external interfaces'],
    [['grok', '--external', 'em0', 'x'], '--external needs --pf'],
    [['grok', '--pf', '--external', 'em 0', 'x'], 'use interface names'],
    [['grok', '--pf', '--external', 'em0', '--service', 'sshd', 'x'], 'one of --pf and --service'],
  ])('reports the usage error of %j', async (argv, message) => {
    const { exitCode, stderr } = await line.run(...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});
