import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Seconds } from '../blocklist/entry.ts';
import { Host } from '../engine/host/host.ts';
import { errorOf, McblockError } from '../errors.ts';
import type { ReadOptions } from '../log/read-options.ts';
import { type LeaveOut, loadScanners } from '../log/scanners.ts';
import { openSource, type Source } from '../log/source.ts';
import { type Config, configLocation } from './config/config.ts';
import type { Context } from './context.ts';
import { type ConfiguredRules, rulesForLogs } from './policy/policy-rules.ts';
import { nearest } from './text/nearest.ts';
import { printable } from './text/printable.ts';

/** The options that `grok` and `parse` have in common. */
export interface LogCommandOptions {
  readonly year?: number;
  readonly service?: string;
}

export function addLogOptions(command: Command): Command {
  return command
    .option(
      '--year <yyyy>',
      "year of the last line, for lines without one (default: from the file's time)",
      parseYear,
    )
    .addOption(serviceOption());
}

export function serviceOption(): Option {
  return new Option(
    '--service <name>',
    "the files are this service's own logs, not a syslogd's (default: detected)",
  );
}

/** How logs are read, and the rules for what they say. */
export interface LogReading extends ReadOptions {
  readonly rules: ConfiguredRules;
}

/**
 * How the configuration and the command line want logs to be read. Throws McblockError.
 * @param leaveOut called for each grammar that cannot be used; by default it throws
 * @param host has the accounts of users
 */
export async function readOptionsOf(
  config: Config,
  { year, service }: LogCommandOptions,
  leaveOut?: LeaveOut,
  host = new Host(),
): Promise<LogReading> {
  let isComplete = true;
  const scanners = await loadScanners(
    config.get('grammar.folder'),
    leaveOut &&
      ((error) => {
        isComplete = false;
        leaveOut(error);
      }),
  );
  if (service !== undefined) checkService(service, scanners);
  const rules = rulesForLogs(config, scanners, isComplete, host);
  if (isComplete) checkLogServices(config, scanners);
  return {
    scanners,
    zone: config.get('timezone'),
    points: rules.points,
    rules,
    trustedProxies: config.get('trusted-proxies'),
    userGroups: config.get('trust.groups'),
    decompressor: config.get('decompress.program'),
    sizeLimitBytes: config.get('decompress.size-limit'),
    ...(year === undefined ? {} : { year }),
    ...(service === undefined ? {} : { service }),
  };
}

/** Reports a grammar that cannot be used; the command goes on without it, and exits with 1. */
export function grammarReporter({ stderr, exit }: Context): LeaveOut {
  return ({ message }) => {
    for (const line of message.split('\n')) {
      stderr.write(`mcblock: ${printable(line)}; this grammar is not used\n`);
    }
    exit(1);
  };
}

/** Opens a log. A file that changed after `now` counts as changed then. */
export function openLog(name: string, now: Seconds): Source {
  const source = openSource(name, now);
  return { ...source, fileTime: Math.min(source.fileTime, now) };
}

/** Throws McblockError('usage') for a service without a grammar. */
export function checkService(name: string, scanners: ReadOptions['scanners']): void {
  const services = scanners.map(({ service }) => service).toSorted();
  if (services.includes(name)) return;
  const meant = nearest(name, services);
  const hint = meant === undefined ? 'mcblock grammar list lists them' : `did you mean ${meant}?`;
  throw new McblockError('usage', `unknown service ${name}; ${hint}`);
}

/** Throws McblockError('config') if [[log]] names a service without a grammar. */
function checkLogServices(config: Config, scanners: ReadOptions['scanners']): void {
  for (const name of config.get('log').flatMap(({ services }) => services)) {
    try {
      checkService(name, scanners);
    } catch (error) {
      throw errorOf('config', `${configLocation(config, 'log')}log`, error);
    }
  }
}

function parseYear(text: string): number {
  if (!/^(?:19[7-9]\d|20\d{2})$/.test(text))
    throw new InvalidArgumentError('use four digits, as in 2026');
  return Number(text);
}
