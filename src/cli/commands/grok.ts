import type { Command } from 'commander';
import type { Policy } from '../../blocklist/policy.ts';
import { McblockError } from '../../errors.ts';
import { type LogSummary, readOffences } from '../../log/read-offences.ts';
import type { ReadOptions } from '../../log/read-options.ts';
import { newestRotation, oldestFirst } from '../../log/rotation.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import type { Draft } from '../draft.ts';
import { GrokReport } from '../grok-report.ts';
import { judgeLog } from '../judge-log.ts';
import { addLogOptions, type LogCommandOptions, openLog, readOptionsOf } from '../log-options.ts';
import { Progress } from '../progress.ts';
import { grokReportJson, grokReportLines } from '../text/grok-report-text.ts';

interface GrokOptions extends LogCommandOptions {
  readonly rotated?: string;
  readonly dryRun?: true;
  readonly again?: true;
}

export function define(command: Command, context: Context): void {
  addLogOptions(command)
    .description(
      'Reads logs and records who offended: what was new, came back, was extended or was spared. A log whose content was read before, under whatever name, is not read again; of one that has grown only what is new counts.',
    )
    .argument('[file...]', 'plain, bzip2, gzip, xz or zstd; - is stdin')
    .option('--rotated <log>', 'the newest rotation of this log, compressed or not yet')
    .option('--dry-run', 'show what would happen, change nothing')
    .option('--again', 'read a log that was read before; its offences count again')
    .addHelpText(
      'after',
      `
Examples:
  mcblock grok --rotated /var/log/auth.log    from newsyslog's R flag or logrotate
  mcblock grok /var/log/auth.log.*.bz2        the history so far, the oldest first
  ssh gateway cat /var/log/auth.log | mcblock grok --dry-run -
`,
    )
    .action((files: string[], options: GrokOptions) => grok(context, files, options));
}

async function grok(context: Context, named: string[], options: GrokOptions): Promise<void> {
  const files = filesOf(named, options);
  const policy = await context.policy();
  const readOptions = await readOptionsOf(context, options);
  const store = await context.store(options.dryRun ? 'read' : 'write');
  const reports: GrokReport[] = [];
  for (const file of files) {
    const summary = await readLog(context, store, file, readOptions, options.again ?? false);
    for (const warning of summary.warnings) context.remark(warning);
    const report = options.dryRun
      ? rehearse(context, store, summary, policy)
      : record(context, store, summary, policy, options.again ?? false);
    reports.push(report);
    if (!context.options.json && !context.options.quiet) {
      context.lines(
        grokReportLines(report, await context.colours(), context.options.verbose ?? false),
      );
    }
  }
  if (context.options.json) context.json(reports.map(grokReportJson));
}

function filesOf(named: string[], { rotated }: GrokOptions): string[] {
  if (rotated === undefined && named.length === 0) {
    throw new McblockError('usage', 'name a log to read, - for stdin, or --rotated LOG');
  }
  return oldestFirst(rotated === undefined ? named : [...named, newestRotation(rotated)]);
}

async function readLog(
  context: Context,
  store: Store,
  file: string,
  options: ReadOptions,
  again: boolean,
): Promise<LogSummary> {
  const progress = new Progress(context, `reading ${file}`);
  const source = openLog(context, file);
  try {
    return await readOffences(source, {
      ...options,
      known: (head) => (again ? [] : store.logsWithHead(head)),
      onProgress: (done, total) => progress.showShare(done, total),
    });
  } finally {
    progress.end();
    source.close();
  }
}

/** The whole of a log in one transaction, or nothing of it. */
function record(
  context: Context,
  store: Store,
  summary: LogSummary,
  policy: Policy,
  again: boolean,
): GrokReport {
  const { content, span, lines, name } = summary;
  return store.transaction(() => {
    // Another process may have read the same log since we looked.
    const known = again ? undefined : store.findLog(content.digest);
    const report = new GrokReport(summary, isReadBefore(summary) || known !== undefined);
    if (report.alreadyRead) return report;
    // Or the beginning of it, or more of it: then we do not know what of ours is new.
    const extents = again ? 0 : store.logsWithHead(content.head).length;
    if (extents !== summary.knownExtents) {
      throw new McblockError(
        'store',
        `another mcblock read ${name} at the same time; nothing was recorded here: run the command again`,
      );
    }
    store.recordLogins(summary.logins);
    const settle = (draft: Draft): void => draft.write(store);
    store.replacePending(judgeLog(context, store, summary, policy, report, settle));
    store.recordLog({
      digest: content.digest,
      head: content.head,
      name,
      bytes: content.bytes,
      lines: lines.lines,
      firstEvent: span?.first,
      lastEvent: span?.last,
      readAt: context.now,
    });
    return report;
  });
}

/** The same, but nothing is stored. */
function rehearse(context: Context, store: Store, summary: LogSummary, policy: Policy): GrokReport {
  const report = new GrokReport(summary, isReadBefore(summary));
  if (!report.alreadyRead) judgeLog(context, store, summary, policy, report, () => {});
  return report;
}

function isReadBefore({ content, newFrom }: LogSummary): boolean {
  return content.bytes > 0 && newFrom === content.bytes;
}
