import { InvalidArgumentError, Option } from 'commander';
import { Host } from '../engine/host/host.ts';
import { archiveFolders } from '../engine/host/log-jobs.ts';
import { proxySearchOf } from '../engine/policies.ts';
import type { WatchedFile } from '../engine/watch/watcher.ts';
import { McblockError } from '../errors.ts';
import { isPattern, matchingFiles } from '../log/follow/matching-files.ts';
import { newestRotation, oldestFirst, rotationsOf } from '../log/follow/rotation.ts';
import { journalSource } from '../log/journal/journal-reader.ts';
import { type LogSummary, type OffenceOptions, readOffences } from '../log/read-offences.ts';
import type { ReadOptions } from '../log/read-options.ts';
import type { Source } from '../log/source.ts';
import type { Config } from './config/config.ts';
import { INTERFACE_NAME } from './config/settings.ts';
import { configuredFiles, configuredLogs } from './configured-logs.ts';
import type { Context } from './context.ts';
import { openJournal } from './journal.ts';
import { grammarReporter, type LogCommandOptions, openLog, readOptionsOf } from './log-options.ts';
import type { ConfiguredRules } from './policy/policy-rules.ts';
import { printable } from './text/printable.ts';

/** The options of `grok` that choose what is read. */
export interface GrokLogOptions extends LogCommandOptions {
  /** True: of the logs that the configuration names. */
  readonly rotated?: string | true;
  readonly pf?: true;
  readonly journal?: true;
  readonly since?: string;
  readonly external?: readonly string[];
}

/** The logs to be read, oldest first, and how. */
export interface GrokLogs {
  readonly files: readonly string[];
  readonly read: ReadSummary;
  readonly rules: ConfiguredRules;
  /** The configuration names them: one that cannot be read does not stop the others. */
  readonly isConfigured: boolean;
}

export async function grokLogs(
  context: Context,
  named: string[],
  options: GrokLogOptions,
): Promise<GrokLogs> {
  const config = await context.config();
  const host = context.host ?? new Host();
  const configured = await readOptionsOf(config, options, grammarReporter(context), host);
  const { rules } = configured;
  const readOptions = { ...configured, proxySearch: proxySearchOf(await context.policies(rules)) };
  const read = await readerOf(context, config, readOptions, options);
  const { rotated, journal } = options;
  if (journal) return { files: ['journal'], read, rules, isConfigured: false };
  if (rotated !== true) {
    const rotations = rotated === undefined ? [] : [newestRotation(rotated, archiveFolders(host))];
    return { files: oldestFirst([...named, ...rotations]), read, rules, isConfigured: false };
  }
  const rotations = configuredRotations(
    configuredFiles(configuredLogs(config, host), readOptions, host),
    faultReporter(context),
  );
  const readNarrowed: ReadSummary = (file, more) => read(file, { ...more, ...rotations.get(file) });
  return {
    files: oldestFirst([...rotations.keys(), ...named]),
    read: readNarrowed,
    rules,
    isConfigured: true,
  };
}

/** The newest rotation of each file, and the scanners for it. Throws McblockError if there is none. */
function configuredRotations(
  files: readonly WatchedFile[],
  onFault: (error: unknown) => undefined,
): Map<string, Pick<ReadOptions, 'scanners'>> {
  const found = new Map<string, Pick<ReadOptions, 'scanners'>>();
  for (const { name: pattern, archives, readOptions } of files) {
    for (const name of isPattern(pattern) ? matchingFiles(pattern).files : [pattern]) {
      try {
        const [newest] = rotationsOf(name, archives);
        const { scanners } = readOptions;
        if (newest !== undefined && !found.has(newest)) found.set(newest, { scanners });
      } catch (error) {
        onFault(error);
      }
    }
  }
  if (found.size > 0) return found;
  const names = files.map(({ name }) => name).join(', ');
  throw new McblockError(
    'file',
    names === ''
      ? '[[log]] names no file'
      : `no rotation of ${names}, such as NAME.0 or NAME.0.bz2`,
  );
}

/** Reports a log that cannot be read; the others are. */
export function faultReporter({ stderr, exit }: Context): (error: unknown) => undefined {
  return (error) => {
    const isOfLog =
      error instanceof McblockError && ['file', 'input', 'program'].includes(error.code);
    if (!isOfLog) throw error;
    stderr.write(`mcblock: ${printable(error.message)}\n`);
    exit(1);
  };
}

/** Reads a log of the chosen kind. */
export type ReadSummary = (
  file: string,
  options: Pick<OffenceOptions, 'known' | 'onProgress' | 'samples' | 'userKey' | 'users'> &
    Partial<Pick<OffenceOptions, 'scanners'>>,
) => Promise<LogSummary>;

async function readerOf(
  context: Context,
  config: Config,
  readOptions: ReadOptions,
  options: GrokLogOptions,
): Promise<ReadSummary> {
  // The time is asked for later: it is right only once the store is open.
  if (options.journal) {
    return async (_, more) => {
      const reader = openJournal(config, readOptions, { since: options.since, isFollowed: false });
      const read = readOffences(journalSource(reader, context.now), { ...readOptions, ...more });
      const summary = await read.finally(() => reader.end());
      const doubts = reader.doubtText === undefined ? [] : [`journal: ${reader.doubtText}`];
      return { ...summary, warnings: [...summary.warnings, ...doubts] };
    };
  }
  const fromFile =
    (read: (source: Source, options: OffenceOptions) => Promise<LogSummary>): ReadSummary =>
    (file, more) => {
      const source = openLog(file, context.now);
      return read(source, { ...readOptions, ...more }).finally(() => source.close());
    };
  if (!options.pf) {
    if (options.external) throw new McblockError('usage', '--external needs --pf');
    return fromFile(readOffences);
  }
  if (options.service) throw new McblockError('usage', 'use only one of --pf and --service');
  const external = externalInterfaces(config, options.external);
  const { readPacketOffences } = await import('../log/pf/read-packet-offences.ts');
  return fromFile((source, more) => readPacketOffences(source, more, external));
}

/** The interfaces to the Internet. Throws McblockError('usage') if none is named. */
export function externalInterfaces(
  config: Config,
  named: readonly string[] | undefined,
): ReadonlySet<string> {
  const external = new Set(named ?? config.get('pf.external'));
  if (external.size > 0) return external;
  throw new McblockError(
    'usage',
    '--pf needs the external interfaces: use --external em0, or set pf.external in the configuration',
  );
}

export function externalOption(): Option {
  const option = new Option(
    '--external <interfaces>',
    'external interfaces for --pf (default: pf.external)',
  );
  return option.argParser(parseInterfaces);
}

/** `em0,em1` */
function parseInterfaces(text: string): readonly string[] {
  const names = text.split(',');
  if (!names.every((name) => INTERFACE_NAME.test(name))) {
    throw new InvalidArgumentError('use interface names, as in em0,em1');
  }
  return names;
}
