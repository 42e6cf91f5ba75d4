import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { FirewallUpdater } from '../../engine/firewall/firewall-updater.ts';
import { Host } from '../../engine/host/host.ts';
import { archiveFolders } from '../../engine/host/log-jobs.ts';
import { proxySearchOf } from '../../engine/policies.ts';
import { BanPublisher, openPublisher } from '../../engine/publish/ban-publisher.ts';
import { StreamWatcher } from '../../engine/watch/stream-watcher.ts';
import {
  type WatchedFile,
  Watcher,
  type WatcherOptions,
  type WatchSettings,
} from '../../engine/watch/watcher.ts';
import { McblockError } from '../../errors.ts';
import { ByteStream } from '../../log/follow/byte-stream.ts';
import type { ReadOptions } from '../../log/read-options.ts';
import { type ApplyChoice, addApplyOptions, liveConfigured } from '../afterwards.ts';
import { changeTeller } from '../change-teller.ts';
import { publisherSettings } from '../config/publisher-settings.ts';
import { configuredFiles, configuredLogs, logName } from '../configured-logs.ts';
import type { Context } from '../context.ts';
import { followJournal, followUnits } from '../follow-journal.ts';
import { followPackets, PFLOG_DEVICE } from '../follow-packets.ts';
import { externalOption } from '../grok-logs.ts';
import { grammarReporter, readOptionsOf, serviceOption } from '../log-options.ts';
import { usersIn } from '../policy/policy-rules.ts';
import { Signals } from '../signals.ts';

interface WatchOptions extends ApplyChoice {
  readonly once?: true;
  readonly journal?: true;
  readonly service?: string;
  readonly pf?: true;
  readonly external?: readonly string[];
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Follows logs across rotation and truncation, and records offenders as lines are written. After a restart it continues where it stopped, if necessary in a rotated log. Lines read by watch or grok are not counted again by the other. SIGHUP rereads the configuration and the grammars; SIGTERM records what was read and exits.',
    )
    .argument(
      '[file...]',
      'uncompressed logs, which need not exist yet; or - for stdin, or a named pipe, to its end (default: what [[log]] in the configuration names; without it, the log with failed logins or the journal)',
    )
    .option(
      '--journal',
      "follow the systemd journal; counts only what a service's own process wrote",
    )
    .option('--once', 'record what is new and exit')
    .addOption(serviceOption())
    .option('--pf', 'follow what pf logs: pflog0 or, if named, a file of pflogd(8)')
    .addOption(externalOption())
    .addHelpText(
      'after',
      `
Examples:
  mcblock watch                                 run by rc(8) or systemd
  mcblock watch /var/log/auth.log
  mcblock watch --once /var/log/auth.log        from cron(8)
  mcblock watch --journal                       where there is no auth.log, as in Debian 12
  mcblock watch --pf --external em0             packets that pf blocked
  mcblock --json watch /var/log/auth.log        one object per line for each entry that changed
`,
    )
    .action((files: string[], options: WatchOptions) => watch(context, files, options));
}

async function watch(context: Context, files: string[], options: WatchOptions): Promise<void> {
  const stream = streamOf(files, options);
  const isConfigured = stream === undefined && files.length === 0;
  const signals = new Signals();
  const warn = (text: string): void => context.stderr.write(`${text}\n`);
  const publishing = publisherSettings(await context.config());
  const publisher = publishing && new BanPublisher(await openPublisher(publishing), warn);
  let watcher: Watcher | undefined;
  let updater: FirewallUpdater | undefined;
  try {
    const store = await context.store('write');
    context.time.require();
    const live = await liveConfigured(context, options);
    updater = live && new FirewallUpdater(live, warn);
    const settings = await settingsOf(context, files, options);
    const watcherOptions: WatcherOptions = {
      store,
      now: () => context.time.present,
      reload: () => context.withFreshConfig(() => settingsOf(context, files, options)),
      warn,
      onChange: changeTeller(context, publisher, updater),
    };
    updater?.apply();
    if (stream !== undefined) {
      context.remark(`mcblock: watching ${stream}`);
      await watchStream(context, stream, settings, signals, watcherOptions, options);
      return;
    }
    const logs = isConfigured ? configuredLogs(await context.config(), context.host) : undefined;
    const names = logs?.map(logName);
    if (!options.once) {
      const watched = names ?? settings.files.map(({ name }) => name);
      context.remark(`mcblock: watching ${watched.join(', ')}`);
    }
    watcher = new Watcher(settings, signals, watcherOptions);
    const following = options.once ? watcher.once() : watcher.run();
    if (!isConfigured) await following;
    else {
      const journal = new Signals();
      const stopAll = (error: unknown): never => {
        signals.stop();
        journal.stop();
        throw error;
      };
      const more = { ...watcherOptions, isReloadTold: true };
      const all = [following, followUnits(context, settings, journal, more, options.once ?? false)];
      const ended = await Promise.allSettled(all.map((each) => each.catch(stopAll)));
      journal.close();
      for (const each of ended) if (each.status === 'rejected') throw each.reason;
    }
  } finally {
    watcher?.close();
    await updater?.close();
    await publisher?.close();
    signals.close();
  }
}

/** What is followed if it is no file: `journal`, `stdin` or a named pipe. */
function streamOf(files: readonly string[], options: WatchOptions) {
  const { journal, once, service, pf, external } = options;
  if (external && !pf) throw new McblockError('usage', '--external needs --pf');
  if (pf) {
    if (journal || once || service) {
      throw new McblockError('usage', 'use --pf without --journal, --once and --service');
    }
    if (files.length > 1) throw new McblockError('usage', 'watch --pf takes one file');
    return files[0] === undefined ? PFLOG_DEVICE : resolve(files[0]);
  }
  if (journal) {
    if (files.length > 0) throw new McblockError('usage', 'use only one of --journal and files');
    if (service) throw new McblockError('usage', 'use only one of --journal and --service');
    return 'journal';
  }
  const [file] = files;
  if (file === undefined && service) {
    throw new McblockError('usage', 'use --service with files; [[log]] names services itself');
  }
  const piped = files.find((name) => name === '-' || isPipe(name));
  if (piped === undefined) return undefined;
  if (files.length > 1) throw new McblockError('usage', `watch ${piped} alone`);
  if (once) throw new McblockError('usage', '--once is for files; use mcblock grok');
  return file === '-' ? 'stdin' : file;
}

function isPipe(name: string): boolean {
  try {
    return statSync(name).isFIFO();
  } catch {
    // Following it reports what is wrong.
    return false;
  }
}

async function watchStream(
  context: Context,
  name: string,
  settings: WatchSettings,
  signals: Signals,
  watcherOptions: WatcherOptions,
  options: WatchOptions,
): Promise<void> {
  if (options.pf) {
    const { external } = options;
    await followPackets(context, name, settings, signals, watcherOptions, external);
    return;
  }
  if (options.journal) {
    const isOnce = options.once ?? false;
    await followJournal(context, settings, signals, watcherOptions, isOnce, () => ({}));
    return;
  }
  const open = () => new ByteStream(name === 'stdin' ? '-' : name);
  const onHangUp = 'nothing';
  const stream = { ...watcherOptions, name, source: undefined, onHangUp, open } as const;
  await new StreamWatcher(settings, signals, stream).run();
}

async function settingsOf(
  context: Context,
  files: readonly string[],
  options: WatchOptions,
): Promise<WatchSettings> {
  const config = await context.config();
  const read = await readOptionsOf(config, options, grammarReporter(context), context.host);
  const store = await context.store('write');
  const policies = await context.policies(read.rules);
  const readOptions = {
    ...read,
    ...usersIn(store, read.rules),
    proxySearch: proxySearchOf(policies),
  };
  const named = [...new Set(files.map((file) => resolve(file)))];
  return {
    policies,
    readOptions,
    files:
      named.length === 0
        ? configuredFiles(configuredLogs(config, context.host), readOptions, context.host)
        : namedFiles(named, readOptions, context.host),
  };
}

/** How files named on the command line are read. */
function namedFiles(
  names: readonly string[],
  readOptions: ReadOptions,
  host = new Host(),
): WatchedFile[] {
  const archives = archiveFolders(host);
  return names.map((name) => ({ name, isConfigured: false, readOptions, archives }));
}
