import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T18:00:00Z';
});
afterEach(() => line.remove());

/** All but what this host may have: more than a third of the IPv4 addresses. */
const WIDE = Array.from({ length: 98 }, (_, index) => `${index + 20}.0.0.0/8`);

async function emitted(...options: string[]): Promise<number> {
  const { stdout } = await line.run('--json', 'emit', ...options);
  const rules = JSON.parse(stdout) as string[];
  return rules.reduce((sum, rule) => sum + 2 ** (32 - Number(rule.split('/')[1])), 0);
}

function share(percent: number): void {
  line.config = line.path('mcblock.toml');
  writeFileSync(line.config, `limits.share = ${percent}\n`);
}

describe('limits.share', () => {
  it('ends what can be added by hand, one by one and at once', async () => {
    expect(await line.run('add', ...WIDE)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/above 25 % of the IPv4 addresses.*--force/),
    });
    expect(await line.json('show')).toEqual([]);
    for (const prefix of WIDE) await line.run('add', prefix);
    expect(await emitted()).toBe(2 ** 30);
    expect((await line.run('add', '2001:db8::/32')).exitCode).toBe(0);
    expect((await line.run('add', '--force', '201.0.0.0/8')).exitCode).toBe(0);
  });

  it('ends what undo would bring back', async () => {
    for (const prefix of WIDE.slice(0, 10)) await line.run('add', prefix);
    await line.run('expire', ...WIDE.slice(0, 10));
    share(1);
    expect(await line.run('undo')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('undo would bring what is active above 1 %'),
    });
    expect(await line.json('show')).toEqual([]);
    expect((await line.run('undo', '--force')).exitCode).toBe(0);
    expect(await line.json('show')).toHaveLength(10);
  });

  it('ends what can be imported', async () => {
    const list = line.path('list.txt');
    writeFileSync(list, WIDE.join('\n'));
    expect((await line.run('import', list)).exitCode).toBe(1);
    expect(await line.json('show')).toEqual([]);
    expect((await line.run('import', '--force', list)).exitCode).toBe(0);
    const exported = line.path('export.ndjson');
    writeFileSync(exported, (await line.run('export')).stdout);
    const other = new CommandLine();
    other.now = line.now;
    expect(await other.run('import', exported)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('would bring what is active above 25 %'),
    });
    expect((await other.run('import', '--force', exported)).exitCode).toBe(0);
    other.remove();
  });

  it('ends what logs can block, and the report says so', async () => {
    share(1);
    await line.run('add', ...WIDE.slice(0, 2));
    // With these, there is room for twelve /24s.
    await line.run('add', '200.0.0.0/9', '201.0.0.0/13', '202.0.0.0/14', '203.0.0.0/15');
    await line.run('add', '204.0.0.0/16', '205.0.0.0/18', '206.0.0.0/20');
    const log = line.path('auth.log');
    const lines = [1, 2, 3].flatMap((second) =>
      Array.from(
        { length: 30 },
        (_, host) =>
          `Mar 24 17:00:0${second} gate sshd[${host * 3 + second}]: Failed password for root from 5.149.${host}.9 port 4000 ssh2`,
      ),
    );
    writeFileSync(log, `${lines.join('\n')}\n`);
    const [report] = await line.json<{ refused: number; entries: unknown[] }[]>(
      'grok',
      '--year',
      '2026',
      log,
    );
    expect([report?.entries.length, report?.refused]).toEqual([12, 18]);
    expect(await emitted()).toBeLessThanOrEqual(2 ** 32 / 100);
  });

  it('is reported by watch for what it refuses', async () => {
    await line.run('add', ...WIDE.slice(0, 50));
    share(1);
    const log = line.path('auth.log');
    const lines = [1, 2, 3].map(
      (second) =>
        `Mar 24 17:00:0${second} gate sshd[${second}]: Failed password for root from 5.149.1.9 port 4000 ssh2`,
    );
    writeFileSync(log, `${lines.join('\n')}\n`);
    expect(await line.run('watch', '--once', log)).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'mcblock: 1 entry refused: too much would be blocked (limits.share)\n',
    });
  });

  it('holds for emit, which writes the narrowest and exits with 1', async () => {
    await line.run('add', ...WIDE.slice(0, 50), '5.149.104.0/24');
    share(1);
    const { exitCode, stderr } = await line.run('emit');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('these are the narrowest 2')]);
    expect(await emitted()).toBe(2 ** 25 + 2 ** 8);
    expect(await emitted('--force')).toBe(50 * 2 ** 24 + 2 ** 8);

    const file = line.path('table');
    expect((await line.run('emit', '--output', file)).exitCode).toBe(1);
    expect(readFileSync(file, 'utf8')).toContain('5.149.104.0/24');
    writeFileSync(file, '9.9.9.9\n');
    expect((await line.run('emit', '--output', file)).exitCode).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('9.9.9.9\n');
    expect((await line.run('emit', '--force', '--output', file)).exitCode).toBe(0);
    expect(existsSync(file)).toBe(true);
    expect(readFileSync(file, 'utf8')).not.toContain('9.9.9.9');
  });
});
