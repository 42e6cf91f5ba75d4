import { type Command, InvalidArgumentError } from 'commander';
import type { ReadOptions } from '../log/read-options.ts';
import { openSource, type Source } from '../log/source.ts';
import type { Context } from './context.ts';
import { loadScanners } from './scanners.ts';

/** What `grok` and `parse` have in common. */
export interface LogCommandOptions {
  readonly year?: number;
}

export function addLogOptions(command: Command): Command {
  return command.option(
    '--year <yyyy>',
    "the year of the last line, where lines have none (default: from the file's time)",
    parseYear,
  );
}

/** How logs are read, by the configuration and the command line. */
export async function readOptionsOf(
  context: Context,
  { year }: LogCommandOptions,
): Promise<ReadOptions> {
  const config = await context.config();
  return {
    scanners: await loadScanners(config.get('grammar.folder')),
    zone: config.get('timezone'),
    points: config.get('offence.messages'),
    decompressor: config.get('log.decompressor'),
    sizeLimitBytes: config.get('log.size-limit'),
    ...(year === undefined ? {} : { year }),
  };
}

/** Opens a log. What was written after the time at which we act was, for us, written then. */
export function openLog(context: Context, name: string): Source {
  const source = openSource(name, context.now);
  return { ...source, fileTime: Math.min(source.fileTime, context.now) };
}

function parseYear(text: string): number {
  if (!/^(?:19[7-9]\d|20\d{2})$/.test(text))
    throw new InvalidArgumentError('Give four digits, such as 2026.');
  return Number(text);
}
