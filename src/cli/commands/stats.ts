import type { Command } from 'commander';
import { statsOf } from '../../engine/stats.ts';
import type { Context } from '../context.ts';
import { isUtf8 } from '../text/locale.ts';
import { statsJson, statsLines } from '../text/stats-text.ts';
import { parsePast } from '../text/time.ts';
import { wholeNumber } from '../whole-number.ts';

interface StatsOptions {
  readonly since: string;
  readonly limit: number;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows how much is active and when it expires, the activations of each day, the services, offenders and prefixes with the most offences, and the entries that are still hit after days; also networks and countries, if [geo] names databases.',
    )
    .option('--since <time>', 'only since then: 2026-03-24, or 90d for the last 90 days', '30d')
    .option('--limit <n>', 'at most this many rows of each list', wholeNumber(), 10)
    .addHelpText(
      'after',
      `
Examples:
  mcblock stats
  mcblock stats --since 7d --limit 3
  mcblock stats --now 2026-03-01
  mcblock stats --json | jq '.services'

Evidence is kept as one sum for each log and activation: a sum that began earlier counts in full if its
last offence came since. With --now, what was active then is shown, and a sum that began before then
counts in full; what was withdrawn or forgotten since is not among activations and offences. Only hashes
of user names are kept, because people type passwords as names.
`,
    )
    .action((options: StatsOptions) => stats(context, options));
}

async function stats(context: Context, { since, limit }: StatsOptions): Promise<void> {
  const store = await context.store('read');
  const from = parsePast(since, '--since', context.now);
  const { days } = (await context.policy()).persistent;
  const found = statsOf(store, from, context.now, limit, await context.geo(), days);
  if (context.options.json) return context.json(statsJson(found));
  context.lines(statsLines(found, { columns: context.columns, isUtf8: isUtf8(context.env) }));
}
