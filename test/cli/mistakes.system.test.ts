import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
  line.now = '2026-03-24T00:00:00Z';
});
afterEach(() => line.remove());

async function grok(day: string, attempts: number) {
  const lines = Array.from(
    { length: attempts },
    (_, i) =>
      `2026-03-${day}T12:00:0${i}Z gw sshd[${100 + i}]: Failed password for root from 5.149.104.9 port 47 ssh2\n`,
  );
  writeFileSync(line.path(`log${day}`), lines.join(''));
  await line.run('grok', line.path(`log${day}`));
}

describe('expire --mistake', () => {
  it('withdraws the activation, so that the penalty does not double', async () => {
    await grok('22', 4);
    expect(await line.json('show')).toMatchObject([{ prefix: '5.149.104.0/24', activations: 1 }]);
    expect((await line.run('expire', '--mistake', '5.149.104/24')).stdout).toBe(
      '5.149.104/24 withdrawn; its next penalty is 30 days\n',
    );
    expect(await line.json('show', '5.149.104.9')).toEqual([]);
    line.now = '2026-03-26T00:00:00Z';
    await grok('24', 1);
    expect(await line.json('show')).toEqual([]);
    await grok('25', 3);
    expect(await line.json('show')).toMatchObject([{ prefix: '5.149.104.0/24', activations: 1 }]);
    expect((await line.run('history', '5.149.104.9')).stdout).toContain(
      '5.149.104/24 withdrawn; a mistake; by ',
    );
    expect((await line.run('explain', '5.149.104.9')).stdout).toContain(
      '  5.149.104/24: activation withdrawn 2026-03-24 00:00 UTC: a mistake\n',
    );
  });

  it('leaves earlier activations, and withdraws an expired one too', async () => {
    await line.run('add', '9.9.9.9', '--for', '1h');
    line.now = '2026-03-24T02:00:00Z';
    await line.run('add', '9.9.9.9', '--for', '1h');
    line.now = '2026-03-24T04:00:00Z';
    expect((await line.run('expire', '--mistake', '9.9.9.9')).stdout).toBe(
      '9.9.9.9 withdrawn; its next penalty is 60 days\n',
    );
    expect(await line.json('show', '9.9.9.9')).toMatchObject([
      { activations: 1, expiresAt: '2026-03-24T01:00:00Z' },
    ]);
  });

  it('tells the next penalty by the rules that will hold then', async () => {
    line.config = line.path('mcblock.toml');
    writeFileSync(
      line.config,
      `[[rule]]
name = "again"
activations = 1
penalty = "90d"

[[rule]]
name = "office"
prefixes = ["9.9.9.0/24"]
origins = ["grok"]
forever = true
`,
    );
    const penalty = async (address: string) =>
      (await line.run('expire', '--mistake', address)).stdout;
    await line.run('add', '5.5.5.5', '--for', '1h');
    await line.run('add', '9.9.9.9', '--for', '1h');
    line.now = '2026-03-24T02:00:00Z';
    await line.run('add', '5.5.5.5', '--for', '1h');
    expect(await penalty('5.5.5.5')).toBe('5.5.5.5 withdrawn; its next penalty is 180 days\n');
    expect(await penalty('5.5.5.5')).toBe('5.5.5.5 withdrawn; its next penalty is 30 days\n');
    expect(await penalty('9.9.9.9')).toBe('9.9.9.9 withdrawn; its next penalty is forever\n');
  });

  it('can be undone', async () => {
    await line.run('add', '9.9.9.9', '--note', 'spam');
    const before = (await line.run('export')).stdout;
    await line.run('expire', '--mistake', '9.9.9.9');
    await line.run('undo');
    expect((await line.run('export')).stdout).toBe(before);
    expect(await line.json('explain', '9.9.9.9')).toMatchObject([{ withdrawn: [] }]);
  });

  it.each([
    ['10/8', 'mcblock: 10/8 was never active; nothing changed\n'],
    ['9.9.9.8', 'mcblock: no entry for 9.9.9.8; nothing changed\n'],
  ])('refuses %s', async (prefix, stderr) => {
    expect(await line.run('expire', '--mistake', prefix)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr,
    });
  });
});

describe('allow --for', () => {
  it('allows until the given time', async () => {
    await line.run('add', '45.7.1/24');
    expect((await line.run('allow', '45.7.1.7', '--for', '1h', '--note', 'customer')).stdout).toBe(
      '45.7.1.7 allowed until 2026-03-24 01:00 UTC\n',
    );
    expect((await line.run('allow')).stdout).toBe(
      'PREFIX    SINCE (UTC)       UNTIL (UTC)       NOTE\n45.7.1.7  2026-03-24 00:00  2026-03-24 01:00  customer\n',
    );
    expect(await line.json('check', '45.7.1.8')).toMatchObject([{ blocked: true }]);
    expect((await line.run('check', '45.7.1.7')).exitCode).toBe(1);
    expect((await line.run('add', '45.7.1.7')).stderr).toContain(
      'overlaps 45.7.1.7 (allow-list until 2026-03-24 01:00 UTC)',
    );
    expect((await line.run('explain', '45.7.1.7')).stdout).toContain(
      '  protected by 45.7.1.7 (allow-list until 2026-03-24 01:00 UTC)\n',
    );
    const rules = (await line.run('emit')).stdout;
    line.now = '2026-03-24T01:00:00Z';
    expect(await line.json('allow')).toEqual([]);
    expect((await line.run('check', '45.7.1.7')).exitCode).toBe(0);
    expect((await line.run('emit')).stdout).not.toBe(rules);
    expect((await line.run('add', '45.7.1.7')).exitCode).toBe(0);
  });

  it('keeps logs from blocking until it ends', async () => {
    line.now = '2026-03-22T13:00:00Z';
    await line.run('allow', '5.149.104.9', '--until', '2026-03-23');
    await grok('22', 4);
    expect(await line.json('show')).toEqual([]);
    line.now = '2026-03-26T00:00:00Z';
    await grok('25', 4);
    expect(await line.json('show')).toHaveLength(1);
  });

  it('does not shorten a longer time', async () => {
    await line.run('allow', '45.7.1.7');
    expect((await line.run('allow', '45.7.1.7', '--for', '1h')).stdout).toBe(
      '45.7.1.7 already allowed forever\n',
    );
    expect(await line.json('allow')).toMatchObject([{ expiresAt: null }]);
  });

  it.each([
    [['allow', '--for', '1h'], 'missing prefix: --for needs one'],
    [['allow', '--for', '1h', '--share', '45.7.1.7'], 'cannot be used with --remove or --share'],
    [['allow', '--for', 'soon', '45.7.1.7'], '--for takes a duration'],
    [['allow', '--until', '2026-01-01', '45.7.1.7'], '--until 2026-01-01 is in the past'],
  ])('refuses %j', async (argv, message) => {
    expect(await line.run(...argv)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(message),
    });
  });
});
