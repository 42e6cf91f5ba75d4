import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

/** A log in which somebody in each of these /24s is blocked. */
function logOf(...octets: number[]): string {
  const file = line.path('auth.log.0');
  const lines = octets.flatMap((octet) =>
    [1, 2, 3].map(
      (n) =>
        `Mar 19 12:00:0${n} gw sshd[${octet * 10 + n}]: Failed password for root from 5.149.${octet}.9 port 9 ssh2\n`,
    ),
  );
  writeFileSync(file, lines.join(''));
  return file;
}

describe('widen', () => {
  it('lists candidates, then blocks them and keeps the narrower entries', async () => {
    await line.run('grok', '--year', '2026', logOf(96, 97, 98, 99, 100, 101, 102, 117, 200));
    expect(await line.json('widen', '--dry-run')).toMatchObject([
      {
        prefix: '5.149.96.0/21',
        networks: 8,
        blocked: 7,
        active: 7,
        hits: 21,
        addedAddresses: 256,
      },
    ]);
    expect((await line.run('widen', '--dry-run')).stdout).toMatch(/5\.149\.96\/21 +7 of 8 +7 +21/);
    expect((await line.run('check', '5.149.103.1')).exitCode).toBe(1);

    expect((await line.run('widen')).exitCode).toBe(0);
    expect((await line.run('check', '5.149.103.1')).exitCode).toBe(0);
    const shown = await line.json<{ prefix: string; note: string }[]>('show', '5.149.96.9');
    expect(shown.map(({ prefix }) => prefix)).toEqual(['5.149.96.0/21', '5.149.96.0/24']);
    expect(shown[0]?.note).toBe('widened: 7 of 8 networks blocked');
    const { stderr } = await line.run('widen');
    expect(stderr).toContain('no candidates');
  });

  it('lists in a dry run only what limits.share leaves room for', async () => {
    await line.run('add', '5/8', '11/8', '12/8');
    await line.run('grok', '--year', '2026', logOf(96, 97, 98, 99));
    await line.run('add', '7.149.96/24', '7.149.97/24', '7.149.98/24', '7.149.99/24');
    expect(await line.json('widen', '--dry-run')).toHaveLength(1);
    line.config = line.path('toml');
    writeFileSync(line.config, 'limits.share = 1\n');
    expect(await line.json('widen', '--dry-run')).toEqual([]);
    expect(await line.json('widen')).toEqual([]);
  });

  it('spares protected addresses and prefixes with a login', async () => {
    await line.run('grok', '--year', '2026', logOf(96, 97, 98, 99));
    await line.run('allow', '5.149.97.200');
    expect(await line.json('widen', '--dry-run')).toEqual([]);
  });

  it('is done by grok with widen.enabled', async () => {
    const config = line.path('mcblock.toml');
    writeFileSync(config, '[widen]\nenabled = true\nmin-networks = 3\n');
    const log = logOf(96, 97, 98);
    const { stderr } = await line.run('--config', config, 'grok', '--year', '2026', log);
    expect(stderr).toContain('5.149.96/22: widened: 3 of 4 networks blocked');
    expect((await line.run('emit')).stdout).toBe('5.149.96.0/22\n');
  });
});
