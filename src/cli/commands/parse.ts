import type { Command } from 'commander';
import type { Event } from '../../log/event.ts';
import { readEvents } from '../../log/read-events.ts';
import { oldestFirst } from '../../log/rotation.ts';
import type { Context } from '../context.ts';
import { addLogOptions, type LogCommandOptions, openLog, readOptionsOf } from '../log-options.ts';
import { eventLine } from '../text/event-text.ts';

export function define(command: Command, context: Context): void {
  addLogOptions(command)
    .description('Shows what the grammar sees in logs, one record a line. Changes nothing.')
    .argument('[file...]', 'plain, bzip2, gzip, xz or zstd; stdin where none is named, or -')
    .addHelpText(
      'after',
      `
Examples:
  mcblock parse /var/log/auth.log | less
  mcblock parse --json auth.log.0.bz2 | jq -r 'select(.offence).address' | sort | uniq -c
`,
    )
    .action((files: string[], options: LogCommandOptions) => parse(context, files, options));
}

async function parse(context: Context, files: string[], options: LogCommandOptions): Promise<void> {
  const readOptions = await readOptionsOf(context, options);
  const colours = await context.colours();
  const text = context.options.json
    ? (event: Event) => JSON.stringify(event)
    : (event: Event) => eventLine(event, colours);
  for (const file of files.length === 0 ? ['-'] : oldestFirst(files)) {
    const source = openLog(context, file);
    try {
      const warn = (warning: string) => context.remark(warning);
      for await (const events of readEvents(source, { ...readOptions, warn })) {
        context.lines(events.map(text));
      }
    } finally {
      source.close();
    }
  }
}
