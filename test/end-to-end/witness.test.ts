import { mkdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const GRAMMAR = `service doorman  "doorman"

seen  witness = "SYN from " ADDRESS
  > SYN from 192.0.2.7 | address 192.0.2.7
hit   attempt 10 = "handshake of " ADDRESS
  > handshake of 192.0.2.7 | address 192.0.2.7
`;

const packet = (day: number, who: string) =>
  `2026-01-${String(day).padStart(2, '0')}T10:00:00Z gate doorman[7]: SYN from ${who}\n`;

describe('a witness in a grammar of the user', () => {
  let line: CommandLine;
  beforeEach(() => {
    line = new CommandLine();
    line.now = '2026-02-01T00:00:00Z';
    line.config = line.path('mcblock.toml');
    mkdirSync(line.path('grammar'));
    writeFileSync(line.path('grammar/doorman.grammar'), GRAMMAR);
    writeFileSync(line.config, `[grammar]\nfolder = "${line.path('grammar')}"\n`);
  });
  afterEach(() => line.remove());

  async function grok(...lines: readonly string[]) {
    const log = line.path(`${lines.length}.log`);
    writeFileSync(log, lines.join(''));
    const { exitCode, stderr } = await line.run('grok', log);
    expect([exitCode, stderr]).toEqual([0, expect.anything()]);
    const shown = await line.json<{ prefix: string; activations: number; hits: number }[]>(
      'show',
      '--all',
    );
    return shown.filter(({ activations }) => activations > 0);
  }

  it('makes no new entry, however often it is seen', async () => {
    const many = Array.from({ length: 100 }, (_, index) => packet(1 + (index % 20), '5.149.104.2'));
    expect(await grok(...many)).toEqual([]);
    const { stdout } = await line.run('parse', line.path('100.log'));
    expect(stdout).toMatch(/doorman\[7\].*seen.*5\.149\.104\.2/);
  });

  it('hits and prolongs what is active, and brings back what has expired', async () => {
    line.now = '2026-01-01T00:00:00Z';
    await line.run('add', '5.149.104.0/24', '--for', '20d');
    await line.run('add', '5.149.200.0/24', '--for', '1d');
    await line.run('add', '5.150.0.0/16', '--for', '1d');
    line.now = '2026-02-01T00:00:00Z';
    const entries = await grok(
      ...[2, 3, 4, 5].map((day) => packet(day, '5.149.104.2')),
      packet(6, '5.149.200.9'),
      // Too wide for so little.
      packet(6, '5.150.7.7'),
    );
    const shown = entries.map(({ prefix, activations, hits }) => [prefix, activations, hits]);
    expect(shown).toEqual([
      ['5.149.104.0/24', 1, 4],
      ['5.149.200.0/24', 2, 1],
      ['5.150.0.0/16', 1, 0],
    ]);
  });

  it('counts no points in a test of the policy', async () => {
    const tested = await line.run('policy', 'test', packet(2, '5.149.104.2'));
    expect(tested.stdout).toContain('counts no points: a witness');
    expect(await line.json('policy', 'test', packet(2, '5.149.104.2'))).toMatchObject({
      points: 0,
    });
  });

  it('gets no points by a rule', async () => {
    const rule = '[[rule]]\nname = "r"\nmessages = ["doorman.seen"]\npoints = 30\n';
    writeFileSync(
      line.path('mcblock.toml'),
      `${rule}[grammar]\nfolder = "${line.path('grammar')}"\n`,
    );
    const { exitCode, stderr } = await line.run('grok', line.path('100.log'));
    expect([exitCode, stderr]).toEqual([
      2,
      expect.stringContaining(':1: rule r: its points can never apply: a witness counts no points'),
    ]);
  });
});
