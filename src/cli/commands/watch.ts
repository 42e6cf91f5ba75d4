import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { FirewallUpdater } from '../../engine/firewall/firewall-updater.ts';
import { BanPublisher, openPublisher } from '../../engine/publish/ban-publisher.ts';
import { activated, type BatchReport, changesRules } from '../../engine/watch/batch-recorder.ts';
import { StreamWatcher } from '../../engine/watch/stream-watcher.ts';
import { Watcher, type WatcherOptions, type WatchSettings } from '../../engine/watch/watcher.ts';
import { McblockError } from '../../errors.ts';
import { ByteStream } from '../../log/follow/byte-stream.ts';
import { type ApplyChoice, addApplyOptions, liveConfigured } from '../afterwards.ts';
import { publisherSettings } from '../config/publisher-settings.ts';
import type { Context } from '../context.ts';
import { openJournal } from '../journal.ts';
import { grammarReporter, readOptionsOf } from '../log-options.ts';
import { Signals } from '../signals.ts';
import { jsonText } from '../text/json-text.ts';
import { watchJson, watchLine, withdrawnJson, withdrawnLine } from '../text/watch-text.ts';

interface WatchOptions extends ApplyChoice {
  readonly once?: true;
  readonly journal?: true;
  readonly service?: string;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Follows logs across rotation and truncation, and records offenders as lines are written. After a restart it continues where it stopped, if necessary in a rotated log. Lines read by watch or grok are not counted again by the other. SIGHUP rereads the configuration and the grammars; SIGTERM records what was read and exits.',
    )
    .argument(
      '[file...]',
      'uncompressed logs, which need not exist yet; or - for stdin, or a named pipe, to its end',
    )
    .option(
      '--journal',
      "follow the systemd journal; counts only what a service's own process wrote",
    )
    .option('--once', 'record what is new and exit')
    .option(
      '--service <name>',
      "the files are this service's own logs, not a syslogd's (default: detected)",
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock watch /var/log/auth.log               run by rc(8) or systemd
  mcblock watch --once /var/log/auth.log        from cron(8)
  mcblock watch --journal                       where there is no auth.log, as in Debian 12
  mcblock --json watch /var/log/auth.log        one object per line for each entry that changed
`,
    )
    .action((files: string[], options: WatchOptions) => watch(context, files, options));
}

async function watch(context: Context, files: string[], options: WatchOptions): Promise<void> {
  const stream = streamOf(files, options);
  const names = [...new Set(files.map((file) => resolve(file)))];
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
    const settings = await settingsOf(context, options);
    const watcherOptions: WatcherOptions = {
      store,
      now: () => context.time.present,
      reload: () => context.withFreshConfig(() => settingsOf(context, options)),
      warn,
      onChange: (report) => {
        publisher?.publish(report.bans);
        announce(context, report);
        if (report.refused > 0) {
          const entries = report.refused === 1 ? 'entry' : 'entries';
          warn(
            `mcblock: ${report.refused} ${entries} refused: too much would be blocked (limits.share)`,
          );
        }
        if (report.changesHoles || report.withdrawn.length > 0) updater?.apply();
        else if (changesRules(report)) updater?.add(report.bans.map(({ prefix }) => prefix));
      },
    };
    updater?.apply();
    if (stream !== undefined) {
      context.remark(`mcblock: watching ${stream}`);
      await watchStream(context, stream, settings, signals, watcherOptions, options);
      return;
    }
    watcher = new Watcher(names, settings, signals, watcherOptions);
    if (options.once) await watcher.once();
    else {
      context.remark(`mcblock: watching ${names.join(', ')}`);
      await watcher.run();
    }
  } finally {
    watcher?.close();
    await updater?.close();
    await publisher?.close();
    signals.close();
  }
}

/** What is followed if it is no file: `journal`, `stdin` or a named pipe. */
function streamOf(files: readonly string[], { journal, once, service }: WatchOptions) {
  if (journal) {
    if (files.length > 0) throw new McblockError('usage', 'use only one of --journal and files');
    if (service) throw new McblockError('usage', 'use only one of --journal and --service');
    return 'journal';
  }
  const [file] = files;
  if (file === undefined) {
    throw new McblockError('usage', 'missing log: name a file, - for stdin, or --journal');
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
  { journal, once }: WatchOptions,
): Promise<void> {
  let config = await context.config();
  const windowSeconds = settings.policies.windowSeconds;
  const watcher = new StreamWatcher(settings, signals, {
    ...watcherOptions,
    name,
    source: journal ? config.get('journal.directory') : undefined,
    reload: async () => {
      const reloaded = await watcherOptions.reload();
      config = await context.config();
      return reloaded;
    },
    open: ({ readOptions }, after) => {
      if (!journal) return new ByteStream(name === 'stdin' ? '-' : name);
      const since = `@${context.time.present - windowSeconds}`;
      return openJournal(config, readOptions, { since, after, isFollowed: !once });
    },
  });
  await watcher.run();
}

async function settingsOf(context: Context, options: WatchOptions): Promise<WatchSettings> {
  const readOptions = await readOptionsOf(
    await context.config(),
    options,
    grammarReporter(context),
  );
  const store = await context.store('write');
  return {
    policies: await context.policies(),
    readOptions: { ...readOptions, userKey: store.logins.userKey() },
  };
}

/** Prints a line for each entry that is new, active again, extended or withdrawn. */
function announce(context: Context, report: BatchReport): void {
  const { json, quiet } = context.options;
  const { log, withdrawn } = report;
  const entries = activated(report);
  if (json) {
    context.lines(withdrawn.map((prefix) => jsonText(withdrawnJson(log, prefix))));
    context.lines(entries.map((entry) => jsonText(watchJson(log, entry))));
  } else if (!quiet) {
    context.lines(withdrawn.map((prefix) => withdrawnLine(log, prefix)));
    context.lines(entries.map((entry) => watchLine(log, entry)));
  }
}
