import { afterAll, describe, expect, it } from 'vitest';
import { CommandLine } from '../support/command-line.ts';

const line = new CommandLine();
line.hasStore = false;

afterAll(() => line.remove());

describe('mcblock completion', () => {
  it.each([
    ['commands', ['gr'], ['grok', 'grammar']],
    ['a command after common options', ['--json', '--db', 'x', 'sh'], ['share', 'show']],
    ['options of a command', ['show', '--e'], ['--expired']],
    ['common options after a command', ['show', '--no-'], ['--no-color']],
    ['subcommands', ['user', 'p'], ['passwd']],
    ['options of a subcommand', ['user', 'add', 'gate1', '--ad'], ['--admin']],
    ['the values of an option', ['show', '--sort', 'ex'], ['expires']],
    ['nothing where a value may be anything', ['--db', 'gr'], []],
    ['nothing where a file may stand', ['grok', '/var'], []],
    ['nothing after an unknown command', ['shwo', '/var'], []],
    ['the shells', ['completion', 'ba'], ['bash']],
  ])('completes %s', async (_, words, expected) => {
    const { exitCode, stdout } = await line.run('completion', 'bash', '--', ...words);
    expect([exitCode, stdout.split('\n').slice(0, -1)]).toEqual([0, expected]);
  });

  it('does not complete the name of a command after another one', async () => {
    const { stdout } = await line.run('completion', 'bash', '--', 'grok', '');
    expect(stdout).toBe('');
  });

  it('offers no option twice', async () => {
    const { stdout } = await line.run('completion', 'bash', '--', 'user', 'add', '-');
    const words = stdout.trim().split('\n');
    expect(words).toContain('--help');
    expect(new Set(words).size).toBe(words.length);
  });

  it('adds summaries for zsh and fish', async () => {
    const fish = await line.run('completion', 'fish', '--', 'expi');
    expect(fish.stdout).toBe('expire\tstop blocking, keep the history\n');
    const zsh = await line.run('completion', 'zsh', '--', 'expi');
    expect(zsh.stdout).toBe('expire:stop blocking, keep the history\n');
  });

  it('gives ksh the names of all commands', async () => {
    const { stdout } = await line.run('completion', 'ksh');
    expect(stdout).toMatch(/\nset -A complete_mcblock_1 -- setup grok watch .* completion\n$/);
  });

  it('refuses an unknown shell, and names the known ones', async () => {
    const { exitCode, stderr } = await line.run('completion', 'tcsh');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('bash, zsh, fish, ksh');
  });
});
