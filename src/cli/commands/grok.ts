import type { Command } from 'commander';
import type { JudgeSettings } from '../../engine/judge/judge-log.ts';
import type { LogReport } from '../../engine/judge/log-report.ts';
import { isCurrent, previewLog, recordLog } from '../../engine/judge/record-log.ts';
import { SeenEvents } from '../../engine/judge/seen-events.ts';
import { findWidenings, widen } from '../../engine/record/widen.ts';
import { McblockError } from '../../errors.ts';
import { type LogSummary } from '../../log/read-offences.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import type { Store } from '../../store/store.ts';
import {
  type ApplyChoice,
  addApplyOptions,
  publishAfterwards,
  updateFirewall,
} from '../afterwards.ts';
import { widenBounds } from '../config/policies.ts';
import type { Context } from '../context.ts';
import {
  externalOption,
  faultReporter,
  type GrokLogOptions,
  grokLogs,
  type ReadSummary,
} from '../grok-logs.ts';
import { parseSince } from '../journal.ts';
import { addLogOptions } from '../log-options.ts';
import { usersIn } from '../policy/policy-rules.ts';
import { Progress } from '../progress.ts';
import { grokReportJson, grokReportLines, SHOWN_SAMPLES } from '../text/grok-report-text.ts';

/** Most lines that a dry run shows for a network with --verbose. */
const VERBOSE_SAMPLES = 20;

interface GrokOptions extends GrokLogOptions, ApplyChoice {
  readonly dryRun?: true;
  readonly again?: true;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(addLogOptions(command))
    .description(
      'Reads logs and records offenders. Shows 20 entries of each log, all with --verbose. An event counts once, whichever log it is read from: of a log that has grown, only the new lines count.',
    )
    .argument('[file...]', 'logs: plain, bzip2, gzip, xz or zstd; - for stdin')
    .option(
      '--rotated [log]',
      'read the newest rotation of this log, compressed or not (default: of each file that [[log]] in the configuration names)',
    )
    .option('--journal', "read the systemd journal; counts only what a service's own process wrote")
    .option('--since <time>', 'for --journal: from when, as journalctl takes it', parseSince)
    .option('--pf', 'read packets logged by pf: pflog files, tcpdump output or filterlog lines')
    .addOption(externalOption())
    .option('--dry-run', 'show what would change, and which lines count; change nothing')
    .option('--again', 'read logs again that were read before; their offences count again')
    .addHelpText(
      'after',
      `
Examples:
  mcblock grok --rotated                      from newsyslog's R flag or logrotate
  mcblock grok /var/log/auth.log.*.bz2        all rotations, oldest first
  mcblock grok --journal --since -1d          from cron(8), where there is no auth.log
  mcblock grok --pf --external em0 /var/log/pflog.0.bz2
                                              hosts that keep probing although blocked
  journalctl --since -1d | mcblock grok -     from cron(8); windows may overlap
  ssh gateway cat /var/log/auth.log | mcblock grok --dry-run -
`,
    )
    .action((files: string[], options: GrokOptions) => grok(context, files, options));
}

async function grok(context: Context, named: string[], options: GrokOptions): Promise<void> {
  checkUsage(named, options);
  if (options.apply && options.dryRun) {
    throw new McblockError('usage', 'use only one of --apply and --dry-run');
  }
  const { files, read, rules, isConfigured } = await grokLogs(context, named, options);
  const policies = await context.policies(rules);
  const store = await context.store(options.dryRun ? 'dry-run' : 'write');
  const users = usersIn(store, rules);
  const reports: LogReport[] = [];
  // All are read before any is judged, so that the logins of all are known.
  const summaries: (LogSummary | undefined)[] = [];
  for (const file of files) {
    const reading = readLog(context, store, file, read, users, options);
    summaries.push(await (isConfigured ? reading.catch(faultReporter(context)) : reading));
  }
  context.time.confirmBy(summaries.flatMap((summary) => summary?.stretches ?? []));
  if (!options.dryRun) context.time.require();
  const settings: JudgeSettings = {
    ...policies,
    source: options.pf ? 'pf' : 'log',
    logins: summaries.flatMap((summary) => summary?.logins ?? []),
  };
  // Each of several logs is judged with what those before it changed, in a dry run too.
  const judged = files.length > 1 ? await context.storeOrCopy('write', options.dryRun) : store;
  const judge = options.dryRun && judged === store ? previewLog : recordLog;
  const events = new SeenEvents(judged, files.length > 1);
  for (const [index, file] of files.entries()) {
    let summary = summaries[index];
    if (summary === undefined) continue;
    summaries[index] = undefined;
    // The log before it may be a part of this one.
    const isStale =
      file !== '-' && !options.journal && !options.again && !isCurrent(judged, summary);
    if (isStale) {
      summary = await readLog(context, judged, file, read, users, options);
    }
    for (const warning of summary.warnings) context.remark(warning);
    const report = judge(judged, summary, settings, context.now, options.again, events);
    reports.push(report);
    if (!context.options.json && !context.options.quiet) {
      const layout = {
        colours: await context.colours(),
        verbose: context.options.verbose ?? false,
        now: context.now,
        columns: context.columns,
      };
      context.lines(grokReportLines(report, layout));
    }
  }
  const isWidened = !options.dryRun && (await widenByPolicy(context, store));
  const bans = options.dryRun ? [] : reports.flatMap((report) => report.bans);
  await publishAfterwards(context, bans);
  if (context.options.json) context.json(reports.map(grokReportJson));
  if (options.dryRun) return;
  const firewall = await updateFirewall(context, options);
  firewall.report(isWidened || reports.some((report) => report.changesRules));
}

/** With widen.enabled, blocks prefixes in which many networks are blocked. Returns whether it did. */
async function widenByPolicy(context: Context, store: Store): Promise<boolean> {
  const config = await context.config();
  if (!config.get('widen.enabled')) return false;
  const [bounds, policy] = [widenBounds(config), await context.policy()];
  const widened = store.transaction(() =>
    widen(store, findWidenings(store, bounds, policy, context.now), policy, context.now),
  );
  for (const { prefix, note } of widened) context.remark(`${shortPrefix(prefix)}: ${note}`);
  return widened.length > 0;
}

function checkUsage(named: string[], options: GrokOptions): void {
  const { rotated, journal, since, pf, service, year } = options;
  const other = rotated ?? pf ?? service ?? year ?? named[0];
  if (journal && other !== undefined) {
    throw new McblockError('usage', 'with --journal, use neither files nor other kinds of logs');
  }
  if (!journal && since !== undefined) throw new McblockError('usage', '--since needs --journal');
  if (!journal && rotated === undefined && named.length === 0) {
    throw new McblockError(
      'usage',
      'missing log: name a file, - for stdin, --rotated or --journal',
    );
  }
  if (rotated === true && (pf ?? service) !== undefined) {
    throw new McblockError('usage', 'with --pf or --service, name the log: --rotated LOG');
  }
}

async function readLog(
  context: Context,
  store: Store,
  file: string,
  read: ReadSummary,
  users: ReturnType<typeof usersIn>,
  { again, dryRun }: GrokOptions,
): Promise<LogSummary> {
  const progress = new Progress(context, `reading ${file}`);
  try {
    return await read(file, {
      ...(dryRun && !context.options.quiet ? { samples: samplesShown(context) } : {}),
      ...users,
      known: (head) => (again ? [] : store.logs.withHead(head)),
      onProgress: (done, total) => progress.showShare(done, total),
    });
  } finally {
    progress.end();
  }
}

function samplesShown({ options }: Context): number {
  return options.verbose || options.json ? VERBOSE_SAMPLES : SHOWN_SAMPLES + 1;
}
