import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/cli/config/settings.ts';
import { parseSettings } from '../../src/cli/config/toml.ts';
import { Context } from '../../src/cli/context.ts';
import { addCommands, programOf } from '../../src/cli/main.ts';
import { wantedCommand } from '../../src/cli/wanted-command.ts';
import { CommandLine } from '../support/command-line.ts';
import { commandsIn, commandsOf, type ShownCommand } from './commands-of.ts';
import { type Document, documents, ROOT, readDocument } from './document.ts';
import { NO_ENVIRONMENT } from './no-environment.ts';

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: object;
};
const pages = documents();
const byName = new Map(pages.map((page) => [page.name, page]));

/** What a path in backticks begins with if it is one of this repository. */
const FOLDERS = [
  'bench',
  'bin',
  'docs',
  'examples',
  'fixtures',
  'grammar',
  'packaging',
  'scripts',
  'src',
  'test',
];
const PATH = new RegExp(`^(?:${FOLDERS.join('|')})(?:/[\\w@.*-]+)*/?$`);
const TOP_FILE = /^[\w.-]+\.(?:md|json)$/;

describe.each(pages)('$name', (page) => {
  it('names only files and folders that exist', () => {
    expect(pathsOf(page).filter((path) => !isThere(path))).toEqual([]);
  });

  it('links only to pages and headings that exist', () => {
    expect(page.links.filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('shows only command lines that parse', async () => {
    const faults: string[] = [];
    for (const shown of commandsOf(page)) {
      const fault = await faultOf(shown);
      if (fault !== undefined) faults.push(`mcblock ${shown.argv.join(' ')}: ${fault}`);
    }
    expect(faults).toEqual([]);
  });

  it('names only scripts that package.json has', () => {
    const shown = [...page.spans, ...page.blocks.flatMap(({ lines }) => lines)].join('\n');
    const named = Array.from(shown.matchAll(/npm run ([\w:]+)/g), ([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('shows only configurations that are valid', () => {
    for (const { language, lines } of page.blocks) {
      if (language === 'toml') parseSettings(lines.join('\n'), page.name);
    }
  });
});

describe('the documentation', () => {
  it('shows every key of the configuration with its default', () => {
    const page = byName.get('docs/configuration.md');
    const text = page?.blocks.find(({ language }) => language === 'toml')?.lines.join('\n') ?? '';
    const shown = parseSettings(text, 'docs/configuration.md');
    const values = Object.fromEntries(Array.from(shown, ([key, { value }]) => [key, value]));
    const defaults = Object.entries(SETTINGS).map(([key, { fallback }]) => [key, fallback]);
    expect(values).toEqual(Object.fromEntries(defaults));
  });

  it('shows in the README what the program prints', async () => {
    const line = new CommandLine();
    line.now = '2026-03-24T00:00:00Z';
    const log = join(ROOT, 'fixtures', 'auth.log.0.bz2');
    const outputs = [await line.run('grok', '--year', '2026', log), await line.run('emit')];
    const printed = new Set(
      outputs
        .flatMap(({ stdout }) => stdout.split('\n'))
        .map((text) => text.replace(log, '/var/log/auth.log.0.bz2').trim()),
    );
    line.remove();
    const block = byName.get('README.md')?.blocks.find(({ lines }) => lines[0]?.startsWith('$ '));
    const shown = block?.lines.filter((text) => text !== '...' && !text.startsWith('$ ')) ?? [];
    expect(shown.filter((text) => !printed.has(text))).toEqual([]);
    expect(shown.length).toBeGreaterThan(5);
  });

  it('has a link to each of its pages', () => {
    const linked = new Set(['README.md']);
    for (const { name, links } of pages) {
      for (const link of links) linked.add(join(dirname(name), link.replace(/#.*$/, '')));
    }
    const unlinked = pages.filter(({ name }) => !linked.has(name));
    expect(unlinked.map(({ name }) => name)).toEqual([]);
  });
});

describe('the reader of pages', () => {
  it('finds commands behind prompts, in cron tables and in pipes, and none in comments', () => {
    expect(argvs('$ mcblock show --expired > list  # mcblock hide')).toEqual(['show --expired']);
    expect(argvs('*/5 * * * *  /usr/local/bin/mcblock sync --quiet')).toEqual(['sync --quiet']);
    expect(argvs('gate1# mcblock export | ssh gate2 mcblock import')).toEqual(['export']);
    expect(argvs('mcblock feed a list && mcblock apply')).toEqual(['feed a list', 'apply']);
    expect(argvs('pfctl -t mcblock -T flush')).toEqual([]);
  });

  it('tells an unknown option and an unknown command', async () => {
    expect(await faultIn('mcblock show --every')).toContain('--every');
    expect(await faultIn('mcblock shwo')).toContain('shwo');
    expect(await faultIn('mcblock user ad gate1')).toContain('ad');
    expect(await faultIn('mcblock add')).toContain('prefix');
  });

  it('takes a page apart', () => {
    const page = readDocument(
      'docs/a.md',
      '# A page\n`src/net` [b](b.md#c)\n```toml\na = 1\n```\n',
    );
    expect(page).toEqual({
      name: 'docs/a.md',
      blocks: [{ language: 'toml', lines: ['a = 1', ''] }],
      spans: ['src/net'],
      links: ['b.md#c'],
      headings: ['a-page'],
    });
  });
});

function argvs(line: string): string[] {
  return commandsIn(line, false).map(({ argv }) => argv.join(' '));
}

async function faultIn(line: string): Promise<string | undefined> {
  const [shown] = commandsIn(line, false);
  return shown && faultOf(shown);
}

function pathsOf({ spans }: Document): string[] {
  return spans.filter((span) => PATH.test(span) || TOP_FILE.test(span));
}

/** A star, and NAME, stand for any name: one file at least must be called so. */
function isThere(path: string): boolean {
  const pattern = path.replace('NAME', '*');
  if (!pattern.includes('*')) return existsSync(join(ROOT, path));
  const folder = dirname(pattern);
  const name = new RegExp(
    `^${relative(folder, pattern).replaceAll('.', '\\.').replaceAll('*', '.*')}$`,
  );
  return (
    existsSync(join(ROOT, folder)) && readdirSync(join(ROOT, folder)).some((one) => name.test(one))
  );
}

function leadsSomewhere({ name }: Document, link: string): boolean {
  if (/^https?:/.test(link)) return true;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? name : join(dirname(name), path);
  if (anchor !== undefined) return byName.get(target)?.headings.includes(anchor) ?? false;
  return existsSync(join(ROOT, target));
}

/** What is wrong with a command line, by the program's own definitions; nothing is carried out. */
async function faultOf({ argv, isMention }: ShownCommand): Promise<string | undefined> {
  const wanted = wantedCommand(argv);
  // "mcblock COMMAND --help", and "mcblock" itself.
  if (wanted === undefined || wanted === wanted.toUpperCase()) return undefined;
  const program = programOf(NO_ENVIRONMENT);
  await addCommands(
    program,
    new Context(
      NO_ENVIRONMENT,
      () => program.opts(),
      () => {},
      undefined,
    ),
    [wanted],
  );
  withoutActions(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) return String(error);
    const isPartial = isMention && PARTIAL.has(error.code);
    return error.exitCode === 0 || isPartial ? undefined : error.message;
  }
}

/** What a mention of a command may leave out. */
const PARTIAL = new Set(['commander.missingArgument', 'commander.help']);

function withoutActions(command: Command): void {
  for (const inner of command.commands) {
    if (inner.commands.length === 0) inner.action(() => {});
    else withoutActions(inner);
  }
}
