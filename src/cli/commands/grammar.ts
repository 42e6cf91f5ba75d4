import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Trial } from '../../../grammar/notation/load.ts';
import { McblockError, reasonOf } from '../../errors.ts';
import type { Context } from '../context.ts';

export function define(command: Command, context: Context): void {
  command
    .description('Tests your own grammar files: their notation and every example in them.')
    .argument('<what>', 'check')
    .argument('<file...>', 'grammar files')
    .addHelpText(
      'after',
      `
Exit code: 0 if all examples pass, 1 if a file has an error or an example fails.

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
  if (what !== 'check')
    throw new McblockError('usage', `unknown subcommand "${what}"; use grammar check`);
  // The parser is slow to load and in a bundle of its own: no other command waits for it.
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
    throw new McblockError('file', `${file}: ${reasonOf(error)}`, { cause: error });
  }
}

function linesOf({ file, messages, examples, faults, wrong }: Checked): string[] {
  const found = [...faults, ...wrong];
  if (found.length === 0) {
    return [`${file}: OK: ${counted(messages, 'message')}, ${counted(examples, 'example')}`];
  }
  const summary =
    faults.length > 0
      ? `${file}: ${counted(faults.length, 'error')}; no example was run`
      : `${file}: ${counted(messages, 'message')}, ${counted(examples, 'example')}, ${wrong.length} failed`;
  return [
    ...found.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
    summary,
  ];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
