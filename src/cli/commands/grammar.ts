import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import type { Trial } from '../../../grammar/notation/load.ts';
import type { Scanner } from '../../../grammar/notation/scanner.ts';
import { countText, nounText } from '../../count-text.ts';
import { errorOf, McblockError } from '../../errors.ts';
import { loadScanners } from '../../log/scanners.ts';
import { programFolder } from '../../program-folder.ts';
import type { Context } from '../context.ts';
import { checkService, grammarReporter, openLog } from '../log-options.ts';
import { type Column, tableLines } from '../text/table.ts';

const SERVICE_NAME = /^[a-z][a-z0-9-]*$/;

export function define(command: Command, context: Context): void {
  command
    .description('Lists the services whose logs mcblock reads, and helps to add another.')
    .addHelpText(
      'after',
      `
Exit code of check: 0 if all examples pass, 1 if a file has an error or an example fails.

Examples:
  mcblock grammar list
  mcblock grammar show sshd
  mcblock grammar new knockd.log > knockd.grammar
  mcblock grammar check knockd.grammar
  mcblock --json grammar check knockd.grammar | jq '.[].wrong'
`,
    );
  command
    .command('list')
    .description(
      'list the services, their versions and programs, and which of them write their own log files',
    )
    .action(() => listServices(context));
  command
    .command('show <service>')
    .description('print the grammar of a service')
    .action((service: string) => showGrammar(context, service));
  command
    .command('new <log>')
    .description('draft a grammar from a log that no grammar reads; - for stdin')
    .option('--service <name>', "name of the service (default: the log's name up to its first dot)")
    .action((log: string, { service }: { service?: string }) =>
      printDraft(context, log, service ?? basename(log).replace(/\..*/s, '').toLowerCase()),
    );
  command
    .command('check <file...>')
    .description('test grammar files: their notation and every example in them')
    .action((files: string[]) => checkFiles(context, files));
}

async function listServices(context: Context): Promise<void> {
  const { scanners, texts } = await loadGrammars(context);
  const services = scanners
    .map(({ service, programs, messages, file }) => ({
      service,
      versions: VERSIONS.exec(commentOf(texts.get(service) ?? ''))?.[1] ?? '',
      programs,
      messages: messages.length,
      ownFile: file !== undefined,
    }))
    .toSorted((p, q) => (p.service < q.service ? -1 : 1));
  if (context.options.json) context.json(services);
  else context.lines(tableLines(SERVICE_COLUMNS, services));
}

/** In the comment at the beginning: versions 9.3 to 9.20. */
const VERSIONS = /\bversions? (\d\w*(?:\.\w+)*(?: (?:to|and) \d\w*(?:\.\w+)*)*)/;

function commentOf(text: string): string {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('#'));
  return lines
    .slice(0, end)
    .map((line) => line.slice(1).trim())
    .join(' ');
}

type ListedService = Pick<Scanner, 'service' | 'programs'> & {
  readonly versions: string;
  readonly messages: number;
  readonly ownFile: boolean;
};

const SERVICE_COLUMNS: readonly Column<ListedService>[] = [
  { title: 'SERVICE', cell: ({ service }) => service },
  { title: 'VERSIONS', cell: ({ versions }) => versions },
  { title: 'MESSAGES', align: 'right', cell: ({ messages }) => String(messages) },
  { title: 'OWN FILE', cell: ({ ownFile }) => (ownFile ? 'yes' : '') },
  { title: 'PROGRAMS', cell: ({ programs }) => programs.join(', ') },
];

async function showGrammar(context: Context, service: string): Promise<void> {
  const { scanners, texts } = await loadGrammars(context);
  checkService(service, scanners);
  const text = texts.get(service);
  if (text === undefined)
    throw new McblockError('file', `the grammar of ${service} is not installed`);
  context.stdout.write(text);
}

/** All grammars, and their texts by service: a user's own one replaces the shipped one. */
async function loadGrammars(context: Context) {
  const folder = (await context.config()).get('grammar.folder');
  const scanners = await loadScanners(folder, grammarReporter(context));
  const folders = [join(programFolder(), 'grammar'), folder].filter((one) => one !== '');
  return { scanners, texts: new Map(folders.flatMap(textsIn)) };
}

function textsIn(folder: string): [service: string, text: string][] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.grammar'))
    .map((name) => textOf(join(folder, name)))
    .map((text) => [/^service (\S+)/m.exec(text)?.[1] ?? '', text]);
}

async function printDraft(context: Context, log: string, service: string): Promise<void> {
  if (!SERVICE_NAME.test(service)) {
    throw new McblockError(
      'usage',
      `${service}: name the service with --service: lower case letters, digits and -`,
    );
  }
  const { draftGrammar, firstLines } = await import('../../log/draft-grammar.ts');
  const source = openLog(log, context.now);
  const lines = await firstLines(source, (text) => context.remark(text)).finally(source.close);
  const draft = draftGrammar(service, lines);
  context.stdout.write(draft.text);
  context.remark(
    `${service}: ${nounText(draft.messages, 'message', 'messages')} from ${nounText(draft.lines, 'line', 'lines')}, ${draft.timed} with a time`,
  );
}

/** Those of a file that is no grammar are thousands. */
const MAX_FAULTS = 20;

interface Checked extends Trial {
  readonly file: string;
}

async function checkFiles(context: Context, files: readonly string[]): Promise<void> {
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
    throw errorOf('file', file, error);
  }
}

function linesOf({ file, messages, examples, faults, wrong }: Checked): string[] {
  const found = [...faults, ...wrong];
  if (found.length === 0) {
    return [
      `${file}: OK: ${nounText(messages, 'message', 'messages')}, ${nounText(examples, 'example', 'examples')}`,
    ];
  }
  const summary =
    faults.length > 0
      ? `${file}: ${nounText(faults.length, 'error', 'errors')}; no example was run`
      : `${file}: ${nounText(messages, 'message', 'messages')}, ${nounText(examples, 'example', 'examples')}, ${wrong.length} failed`;
  const more = found.length - MAX_FAULTS;
  return [
    ...found
      .slice(0, MAX_FAULTS)
      .map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`),
    ...(more > 0 ? [`and ${countText(more)} more`] : []),
    summary,
  ];
}
