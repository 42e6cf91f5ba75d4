import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { SETTINGS } from '../../src/cli/config/settings.ts';
import { Context } from '../../src/cli/context.ts';
import { addCommands, programOf } from '../../src/cli/main.ts';
import { ROOT } from './document.ts';
import { NO_ENVIRONMENT } from './no-environment.ts';

const MANDOC = '/usr/bin/mandoc';
const PAGES = ['mcblock.8', 'mcblock.toml.5', 'mcblock-grammar.5'];
const folder = mkdtempSync(join(tmpdir(), 'mcblock-manual-'));

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts', 'build-manual.mjs'), folder]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function page(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

describe.each(PAGES)('the manual page %s', (name) => {
  it.skipIf(!existsSync(MANDOC))('is valid mdoc', () => {
    const { status, stdout } = spawnSync(MANDOC, ['-T', 'lint', '-W', 'warning', name], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([stdout, status]).toEqual(['', 0]);
  });

  it('has no placeholder left', () => {
    expect(page(name)).not.toContain('\\"@');
  });
});

describe('mcblock(8)', () => {
  it('has every command with its options', async () => {
    const program = programOf(NO_ENVIRONMENT);
    const context = new Context(
      NO_ENVIRONMENT,
      () => program.opts(),
      () => {},
    );
    await addCommands(
      program,
      context,
      COMMANDS.map(({ name }) => name),
    );
    const tags = page('mcblock.8').matchAll(
      /^\.It (?:Fl \w , )?(Fl|Cm) ([^\s\\]*(?:\\-[^\s\\]*)*)/gm,
    );
    const described = Array.from(tags, ([, macro, name = '']) =>
      macro === 'Fl' ? `-${name.replaceAll('\\-', '-')}` : name,
    );
    expect(described).toEqual(namesIn(program));
  });

  it('takes no part of the usage for what a command adds to its help', () => {
    expect(page('mcblock.8')).not.toMatch(/\.Pp\n[a-z]+\n\.Pp/);
  });
});

/** Options, then commands with the same. */
function namesIn({ options, commands }: Command): string[] {
  const shown = options.filter(({ hidden }) => !hidden).map(({ long }) => long ?? '');
  return [...shown, ...commands.flatMap((command) => [command.name(), ...namesIn(command)])];
}

describe('mcblock.toml(5)', () => {
  it('describes every key of the configuration', () => {
    const described = [];
    let table = '';
    const lines = page('mcblock.toml.5').split('\n');
    for (const [index, line] of lines.entries()) {
      table = /^\.Ss "\[(.+)\]"$/.exec(line)?.[1] ?? table;
      const key = /^\.It Ic (\S+) No =/.exec(line)?.[1];
      if (key === undefined) continue;
      const isDescribed = !/^(?:\.It.*)?$/.test(lines[index + 1] ?? '');
      if (isDescribed) described.push(table === '' ? key : `${table}.${key}`);
    }
    expect(described.toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
  });
});
