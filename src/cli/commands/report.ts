import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { Seconds } from '../../blocklist/entry.ts';
import { countText, nounText } from '../../count-text.ts';
import { type Stats, statsOf } from '../../engine/stats.ts';
import type { RecordedChange } from '../../store/changes.ts';
import type { Store } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { changeJson, changeLine } from '../text/change-text.ts';
import { printable } from '../text/printable.ts';
import { activeText, offenceLines, statsJson } from '../text/stats-text.ts';
import { parsePast, shortTime } from '../text/time.ts';

/** The rows of each list. */
const MAX_ROWS = 5;
const MAX_CHANGES = 10;
/** Changes by hand that are counted. */
const MAX_COUNTED = 1000;

interface ReportOptions {
  readonly since: string;
  readonly ifAny?: true;
}

/** The content of a report. */
interface Report {
  readonly stats: Stats;
  /** The activations recorded since: of new entries, and of those active before. */
  readonly recorded: ReturnType<Store['statistics']['recorded']>;
  /** The changes by hand, the latest first. */
  readonly changes: readonly RecordedChange[];
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Prints a digest of the last day, short enough to mail: how many prefixes were recorded, the services and offenders with the most offences, who keeps probing although blocked, and changes by hand.',
    )
    .option('--since <time>', 'only since then: 1d for the last day, 2026-03-24', '1d')
    .option('--if-any', 'print nothing if nothing was recorded or changed')
    .addHelpText(
      'after',
      `
Examples:
  mcblock report --since 1d --if-any
  mcblock report --since 7d | mail -s "mcblock on $(hostname)" root

For the security mail of periodic(8) on FreeBSD and daily(8) on OpenBSD, see docs/reports.md.
`,
    )
    .action((options: ReportOptions) => report(context, options));
}

async function report(context: Context, { since, ifAny }: ReportOptions): Promise<void> {
  const store = await context.store('read');
  const from = parsePast(since, '--since', context.now);
  const { days } = (await context.policy()).persistent;
  const made = reportOf(store, from, context.now, days);
  const { recorded, changes } = made;
  if (ifAny && recorded.first + recorded.again + changes.length === 0) return;
  if (context.options.json) context.json(reportJson(made));
  else context.lines(reportLines(made, context.columns));
}

function reportOf(store: Store, since: Seconds, now: Seconds, persistentDays: number): Report {
  return {
    stats: statsOf(store, since, now, MAX_ROWS, undefined, persistentDays),
    recorded: store.statistics.recorded(since, now),
    changes: store.changes.list({ since, until: now + 1, byHand: true }, MAX_COUNTED),
  };
}

function* reportLines(
  { stats, recorded, changes }: Report,
  columns: number | undefined,
): Generator<string> {
  const { since, until, entries, feedPrefixes } = stats;
  yield `Report of mcblock on ${printable(hostname())}, ${shortTime(since)} to ${shortTime(until)} UTC`;
  yield '';
  const again = recorded.again === 0 ? '' : `, ${countText(recorded.again)} of them again`;
  yield `recorded  ${nounText(recorded.first + recorded.again, 'prefix', 'prefixes')}${again}`;
  yield `active    ${activeText(entries.active, feedPrefixes)}`;
  yield* offenceLines('SERVICE', stats.services, columns);
  yield* offenceLines('OFFENDER', stats.offenders, columns);
  yield* offenceLines('PERSISTENT', stats.persistent.most, columns);
  if (changes.length === 0) return;
  yield '';
  yield 'By hand:';
  for (const change of changes.slice(0, MAX_CHANGES)) yield `  ${changeLine(change)}`;
  const more = changes.length - MAX_CHANGES;
  if (more > 0) yield `  and ${countText(more)} more; see mcblock history`;
}

function reportJson({ stats, recorded, changes }: Report): object {
  const { first, again } = recorded;
  return {
    host: hostname(),
    recorded: first + again,
    again,
    ...statsJson(stats),
    changes: changes.slice(0, MAX_CHANGES).map(changeJson),
  };
}
