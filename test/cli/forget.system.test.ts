import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askYes } from '../../src/cli/confirm.ts';
import type { EntryJson } from '../../src/cli/text/entry-text.ts';
import { PfMachine } from '../firewall/pf-machine.ts';
import { CommandLine } from '../support/command-line.ts';

let line: CommandLine;
beforeEach(() => {
  line = new CommandLine();
});
afterEach(() => line.remove());

interface Explained {
  readonly entries: readonly object[];
  readonly forgotten: readonly (EntryJson & { readonly history: readonly object[] })[];
}

async function explained(address: string): Promise<Explained | undefined> {
  const [one] = await line.json<Explained[]>('explain', address);
  return one;
}

describe('forget', () => {
  it('removes an entry, so that its penalties start over, and shows it as forgotten', async () => {
    await line.run('add', '5.149.104/22', '--note', 'spam');
    line.now = '2026-03-01T00:00:00Z';
    await line.run('add', '5.149.104/22');
    expect(await line.run('forget', '--yes', '--no-apply', '5.149.104/22')).toEqual({
      exitCode: 0,
      stdout: '5.149.104/22 forgotten\n',
      stderr: '',
    });
    expect((await line.run('emit')).stdout).toBe('');
    expect(await line.json('show', '5.149.104/22')).toEqual([]);
    expect((await line.run('explain', '5.149.105.9')).stdout).toContain(
      '5.149.104/22: forgotten 2026-03-01 00:00 UTC, activated twice, 0 hits, origin manual, "spam"\n',
    );
    expect(await explained('5.149.105.9')).toMatchObject({
      entries: [],
      forgotten: [
        {
          prefix: '5.149.104.0/22',
          active: false,
          activations: 2,
          forgottenAt: '2026-03-01T00:00:00Z',
          history: [{ number: 1 }, { number: 2 }],
        },
      ],
    });
    const { stdout } = await line.run('add', '5.149.105/24');
    expect(stdout).toBe('5.149.105/24 recorded until 2026-03-31 00:00 UTC (30 days)\n');
  });

  it('is taken back by undo, to the last byte', async () => {
    await line.run('add', '5.149.104/22', '9.9.9.9');
    const before = (await line.run('export')).stdout;
    const forgotten = await line.json<EntryJson[]>('forget', '--yes', '9.9.9.9', '5.149.104/22');
    expect(forgotten.map(({ prefix }) => prefix)).toEqual(['9.9.9.9/32', '5.149.104.0/22']);
    expect((await line.run('export')).stdout).toContain('"type":"forgotten"');
    await line.run('undo');
    expect((await line.run('export')).stdout).toBe(before);
    // Undo of what followed leaves it forgotten.
    await line.run('forget', '--yes', '9.9.9.9');
    await line.run('add', '9.9.9.9');
    await line.run('undo');
    expect((await explained('9.9.9.9'))?.forgotten).toHaveLength(1);
  });

  it('comes back from an export', async () => {
    await line.run('add', '9.9.9.9');
    await line.run('forget', '--yes', '9.9.9.9');
    const { stdout } = await line.run('export');
    const other = new CommandLine();
    try {
      writeFileSync(other.path('backup'), stdout);
      await other.run('import', other.path('backup'));
      expect((await other.run('export')).stdout).toBe(stdout);
    } finally {
      other.remove();
    }
  });

  it('changes nothing where one of them has no entry, and names what contains it', async () => {
    await line.run('add', '5.149.104/22');
    expect(await line.run('forget', '--yes', '5.149.104/22', '5.149.105.9')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'mcblock: no entry for 5.149.105.9 (contained in 5.149.104/22); nothing changed\n',
    });
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/22\n');
  });

  it('needs --yes without a terminal', async () => {
    await line.run('add', '5.149.104/22');
    expect(await line.run('forget', '5.149.104/22')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'mcblock: no terminal to ask on; use --yes\n',
    });
    expect((await line.run('emit')).stdout).toBe('5.149.104.0/22\n');
  });

  it('opens the firewall with --apply', async () => {
    const machine = new PfMachine();
    try {
      writeFileSync(line.path('toml'), `[firewall]\nkind = "pf"\npfctl = "${machine.pfctl}"\n`);
      line.config = line.path('toml');
      await line.run('add', '5.149.104/22', '--apply');
      await line.run('forget', '--yes', '5.149.104/22', '--apply');
      expect(machine.state.tables['mcblock']).toEqual([]);
    } finally {
      machine.remove();
    }
  });
});

describe('a question at the terminal', () => {
  it.each([
    ['y\n', true],
    ['Yes \n', true],
    ['\n', false],
    ['no\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('takes %j for %s', async (answer, expected) => {
    const input = new PassThrough();
    const output = new PassThrough();
    const asked = askYes('forget 9.9.9.9/32?', input, output);
    input.end(answer);
    expect(await asked).toBe(expected);
    expect(String(output.read())).toBe('forget 9.9.9.9/32? [y/N] ');
  });
});
