import type { Command } from 'commander';
import type { Event } from '../../log/event.ts';
import { oldestFirst } from '../../log/follow/rotation.ts';
import { readEvents } from '../../log/read-events.ts';
import { Templates } from '../../log/templates.ts';
import type { Context } from '../context.ts';
import {
  addLogOptions,
  grammarReporter,
  type LogCommandOptions,
  openLog,
  readOptionsOf,
} from '../log-options.ts';
import { eventLine } from '../text/event-text.ts';
import { jsonText } from '../text/json-text.ts';
import { templateLines } from '../text/template-text.ts';

interface ParseOptions extends LogCommandOptions {
  readonly unknown?: true;
}

export function define(command: Command, context: Context): void {
  addLogOptions(command)
    .description('Shows how the grammar reads logs, one record per line. Changes nothing.')
    .argument('[file...]', 'logs: plain, bzip2, gzip, xz or zstd; - for stdin, the default')
    .option(
      '--unknown',
      'only messages of known services that no rule matches, as templates with counts',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock parse /var/log/auth.log | less
  mcblock parse --unknown /var/log/auth.log.*.bz2
  mcblock parse --json auth.log.0.bz2 | jq -r 'select(.offence).address' | sort | uniq -c
`,
    )
    .action((files: string[], options: ParseOptions) =>
      (options.unknown ? parseUnknown : parse)(context, files, options),
    );
}

async function parse(context: Context, files: string[], options: LogCommandOptions): Promise<void> {
  const colours = await context.colours();
  const text = context.options.json
    ? (event: Event) => jsonText(event)
    : (event: Event) => eventLine(event, colours);
  for await (const events of eventsOf(context, files, options, () => undefined)) {
    context.lines(events.map(text));
  }
}

async function parseUnknown(
  context: Context,
  files: string[],
  options: LogCommandOptions,
): Promise<void> {
  const templates = new Templates();
  const add = (service: string, message: string): void => templates.add(service, message);
  let [lines, known] = [0, 0];
  for await (const events of eventsOf(context, files, options, add)) {
    lines += events.length;
    known += events.filter(({ service }) => service !== null).length;
  }
  const all = templates.all();
  if (context.options.json) context.json(all);
  else if (all.length > 0) context.lines(templateLines(all, await context.colours()));
  else if (lines === 0) context.remark('no lines');
  else if (known === 0) context.remark(`no line of a known service among ${lines}`);
  else context.remark('all messages of known services match');
}

/** The events of all the files, in batches. */
async function* eventsOf(
  context: Context,
  files: string[],
  options: LogCommandOptions,
  onUnmatched: (service: string, message: string) => void,
): AsyncGenerator<readonly Event[]> {
  const readOptions = await readOptionsOf(
    await context.config(),
    options,
    grammarReporter(context),
    context.host,
  );
  const warn = (warning: string): void => context.remark(warning);
  for (const file of files.length === 0 ? ['-'] : oldestFirst(files)) {
    const source = openLog(file, context.now);
    try {
      yield* readEvents(source, { ...readOptions, warn, onUnmatched });
    } finally {
      source.close();
    }
  }
}
