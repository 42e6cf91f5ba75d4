import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Trial } from '../../../grammar/notation/load.ts';
import { McblockError, reasonOf } from '../../errors.ts';
import type { Context } from '../context.ts';

export function define(command: Command, context: Context): void {
  command
    .description('Tests grammar files of your own: the notation, and every example in them.')
    .argument('<what>', 'check')
    .argument('<file...>', 'grammar files')
    .addHelpText(
      'after',
      `
Exit code: 0 all is right, 1 a file has an error or an example is not what it says.

Examples:
  mcblock grammar check knockd.grammar
  mcblock grammar check /usr/local/etc/mcblock/*.grammar
  mcblock --json grammar check knockd.grammar | jq '.[].wrong'
`,
    )
    .action((what: string, files: string[]) => checkFiles(context, what, files));
}

interface Checked extends Trial {
  readonly file: string;
}

async function checkFiles(context: Context, what: string, files: readonly string[]): Promise<void> {
  if (what !== 'check') throw new McblockError('usage', `grammar knows "check", not "${what}"`);
  // The parser is slow to load, and stands apart: no other command waits for it.
  const { tryGrammar } = await import('../../../grammar/notation/load.ts');
  const checked = files.map((file): Checked => ({ file, ...tryGrammar(textOf(file)) }));
  if (context.options.json) context.json(checked);
  else context.lines(checked.flatMap(linesOf));
  if (checked.some(({ faults, wrong }) => faults.length + wrong.length > 0)) context.exit(1);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new McblockError('file', `cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function linesOf({ file, messages, examples, faults, wrong }: Checked): string[] {
  const found = [...faults, ...wrong];
  if (found.length === 0) {
    return [
      `${file}: ${counted(messages, 'message')}, ${counted(examples, 'example')}, all as they say`,
    ];
  }
  const summary =
    faults.length > 0
      ? `${file}: ${counted(faults.length, 'error')}, so that no example was run`
      : `${file}: ${counted(messages, 'message')}, ${counted(examples, 'example')}, ${wrong.length} not as they say`;
  return [
    ...found.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
    summary,
  ];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
