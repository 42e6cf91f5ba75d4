import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

function sshdLog(file: string, address: string, attempts: number): string {
  const path = line.path(file);
  const lines = Array.from(
    { length: attempts },
    (_, index) =>
      `Mar 19 12:00:${String(index).padStart(2, '0')} gw sshd[${100 + index}]: Failed password for root from ${address} port 4711 ssh2\n`,
  );
  writeFileSync(path, lines.join(''));
  return path;
}

describe('the example of the seed article', () => {
  it('emits one rule for two neighbours', async () => {
    expect((await line.run('add', '5.149.104/24')).exitCode).toBe(0);
    expect((await line.run('add', '5.149.105/24')).exitCode).toBe(0);
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/23\n');
  });

  it('activates the expired /22 for twice as long when an address in it offends', async () => {
    line.now = '2026-01-01T00:00:00Z';
    await line.run('add', '5.149.104/22');
    line.now = '2026-03-20T00:00:00Z';
    expect((await line.run('emit')).stdout).toBe('');

    await line.run('grok', '--year', '2026', sshdLog('auth.log.0', '5.149.105.9', 1));

    const [entry, ...more] = await line.json<EntryJson[]>('show');
    expect(more).toEqual([]);
    expect(entry).toMatchObject({
      prefix: '5.149.104.0/22',
      active: true,
      activations: 2,
      activatedAt: '2026-03-19T12:00:00Z',
      expiresAt: '2026-05-18T12:00:00Z',
      origin: 'manual',
    });
  });

  it('activates it for a request by hand too, and reports it', async () => {
    await line.run('add', '5.149.104/22');
    line.now = '2026-03-20T00:00:00Z';
    const { stdout } = await line.run('add', '5.149.105/24');
    expect(stdout).toBe(
      '5.149.104/22 (contains 5.149.105/24) recorded again (activation 2) until 2026-05-19 00:00 UTC (60 days)\n',
    );
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/22\n');
  });

  it('brings back a /8 for the points of a block, and no entry that was expired by hand', async () => {
    await line.run('add', '81/8', '--for', '1d');
    await line.run('add', '5.149.104/22');
    await line.run('expire', '5.149.104/22');
    line.now = '2026-03-20T00:00:00Z';
    const grok = (name: string, address: string, attempts: number) =>
      line.run('grok', '--year', '2026', sshdLog(name, address, attempts));
    await grok('auth.log.0', '81.2.69.9', 1);
    await grok('auth.log.1', '5.149.105.9', 3);
    expect((await line.run('emit')).stdout).toBe('5.149.105.0/24\n');
    await grok('auth.log.2', '81.2.70.9', 3);
    expect((await line.run('emit')).stdout).toBe('5.149.105.0/24\n81.0.0.0/8\n');
  });

  it('goes on from the penalties of an address in the network, and reports it', async () => {
    await line.run('add', '5.149.105.9');
    line.now = '2026-03-20T00:00:00Z';
    const { stdout } = await line.run('add', '5.149.105/24');
    expect(stdout).toBe(
      '5.149.105/24 (contains 5.149.105.9, blocked before) recorded again (activation 2) until 2026-05-19 00:00 UTC (60 days)\n',
    );
  });

  it('counts failures from an address blocked before for its network, across logs', async () => {
    await line.run('add', '5.149.105.9');
    line.now = '2026-03-20T00:00:00Z';
    const grok = (name: string, attempts: number) =>
      line.run('grok', '--year', '2026', sshdLog(name, '5.149.105.9', attempts));
    await grok('auth.log.0', 1);
    const back = { prefix: '5.149.105.9/32', active: true, activations: 2, hits: 1 };
    expect(await line.json<EntryJson[]>('show')).toMatchObject([back]);

    writeFileSync(
      line.path('auth.log.1'),
      [40, 50]
        .map(
          (second) =>
            `Mar 19 12:30:${second} gw sshd[9]: Failed password for root from 5.149.105.9 port ${second} ssh2\n`,
        )
        .join(''),
    );
    await line.run('grok', '--year', '2026', line.path('auth.log.1'));
    expect(await line.json<EntryJson[]>('show', '5.149.105.0/24')).toMatchObject([
      {
        prefix: '5.149.105.0/24',
        activations: 2,
        hits: 3,
        expiresAt: '2026-05-18T12:30:50Z',
        origin: 'grok',
      },
      {
        prefix: '5.149.105.9/32',
        active: false,
        activations: 1,
        hits: 3,
        expiresAt: '2026-01-31T00:00:00Z',
      },
    ]);
    const explained = await line.json<{ entries: { history: unknown[] }[] }[]>(
      'explain',
      '5.149.105.9',
    );
    expect(explained[0]?.entries.map(({ history }) => history)).toMatchObject([
      [{ number: 2, evidence: [{ count: 1 }, { count: 2 }] }],
      [{ number: 1, evidence: [] }],
    ]);
    expect((await line.run('emit')).stdout).toBe('5.149.105.0/24\n');
  });

  it('blocks the prefix itself with --exact', async () => {
    await line.run('add', '5.149.104/22');
    line.now = '2026-03-20T00:00:00Z';
    await line.run('add', '--exact', '5.149.105/24');
    expect((await line.run('emit')).stdout).toBe('5.149.105.0/24\n');
  });
});

describe('private space', () => {
  it('is called protected only where the rules have a hole', async () => {
    expect((await line.run('explain', '10.255.255.1')).stdout).toBe(
      `10.255.255.1 is not on the blocklist
  10/8: never activated, 0 hits, origin bogon, "Private-Use (RFC 1918)"
  next offence: not counted: 10/8 is private space
`,
    );
  });
});
