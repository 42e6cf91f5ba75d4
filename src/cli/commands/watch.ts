import { resolve } from 'node:path';
import type { Command } from 'commander';
import { firewallUpdater } from '../../engine/firewall/firewall-updater.ts';
import { BanPublisher, openPublisher } from '../../engine/publish/ban-publisher.ts';
import { activated, type BatchReport } from '../../engine/watch/batch-recorder.ts';
import { Watcher, type WatchSettings } from '../../engine/watch/watcher.ts';
import { applyConfigured } from '../afterwards.ts';
import { publisherSettings } from '../config/publisher-settings.ts';
import type { Context } from '../context.ts';
import { readOptionsOf } from '../log-options.ts';
import { Signals } from '../signals.ts';
import { jsonText } from '../text/json-text.ts';
import { watchJson, watchLine } from '../text/watch-text.ts';

interface WatchOptions {
  readonly apply?: true;
  readonly once?: true;
  readonly service?: string;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Follows logs across rotation and truncation, and records who offends as the lines come. Started again, it goes on where it ended, in the log or in one of its rotations; what grok read is not counted again, nor does grok count again what watch has read. SIGHUP: read the configuration and the grammars anew; SIGTERM: record what was read, and end.',
    )
    .argument('<file...>', 'logs, not compressed; one that is not there yet is waited for')
    .option('--apply', 'bring the firewall up to date too')
    .option('--once', 'record what is new, and end')
    .option(
      '--service <name>',
      'the files are what this service writes itself, not what a syslogd does (default: as their first lines tell)',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock watch /var/log/auth.log               until it is stopped; see examples/ for rc.d and systemd
  mcblock watch --once /var/log/auth.log        from cron(8)
  mcblock --json watch /var/log/auth.log        an object a line for each entry that changed
`,
    )
    .action((files: string[], options: WatchOptions) => watch(context, files, options));
}

async function watch(context: Context, files: string[], options: WatchOptions): Promise<void> {
  const names = [...new Set(files.map((file) => resolve(file)))];
  const signals = new Signals();
  const warn = (text: string): void => context.stderr.write(`${text}\n`);
  const updater = options.apply && firewallUpdater(() => applyConfigured(context), warn);
  const publishing = publisherSettings(await context.config());
  const publisher = publishing && new BanPublisher(await openPublisher(publishing), warn);
  let watcher: Watcher | undefined;
  try {
    watcher = new Watcher(names, await settingsOf(context, options), signals, {
      store: await context.store('write'),
      now: () => context.present,
      reload: () => context.withFreshConfig(() => settingsOf(context, options)),
      warn,
      onChange: (report) => {
        publisher?.publish(report.bans);
        announce(context, report);
        updater?.request();
      },
    });
    updater?.request();
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

async function settingsOf(context: Context, options: WatchOptions): Promise<WatchSettings> {
  const readOptions = await readOptionsOf(await context.config(), options);
  return { policies: await context.policies(), readOptions };
}

/** One line for each entry that is new, active again or extended. */
function announce(context: Context, report: BatchReport): void {
  const { json, quiet } = context.options;
  const entries = activated(report);
  if (json) context.lines(entries.map((entry) => jsonText(watchJson(report.log, entry))));
  else if (!quiet) context.lines(entries.map((entry) => watchLine(report.log, entry)));
}
