import type { Command } from 'commander';
import type { Candidate } from '../../blocklist/widen.ts';
import { countText } from '../../count-text.ts';
import { findWidenings, widen } from '../../engine/record/widen.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import { widenBounds } from '../config/policies.ts';
import type { Context } from '../context.ts';
import { type Column, timeColumn } from '../text/table.ts';
import { isoTime, shortTime } from '../text/time.ts';

interface WidenOptions extends ApplyChoice {
  readonly dryRun?: true;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Blocks prefixes in which many networks are or were blocked, within the bounds of [widen] in the configuration. The narrower entries keep their history. With widen.enabled, grok does this after each log.',
    )
    .option('--dry-run', 'list the candidates; change nothing')
    .addHelpText(
      'after',
      `
Examples:
  mcblock widen --dry-run
  mcblock widen --dry-run --json | jq -r '.[].prefix'
`,
    )
    .action((options: WidenOptions) => widenEntries(context, options));
}

async function widenEntries(context: Context, options: WidenOptions): Promise<void> {
  const { dryRun } = options;
  const [policy, bounds] = [await context.policy(), widenBounds(await context.config())];
  const store = await context.storeOrCopy('change', dryRun);
  if (!dryRun) context.time.require();
  const { now } = context;
  const candidates = store.transaction(() => {
    const found = findWidenings(store, bounds, policy, now);
    const widened = widen(store, found, policy, now);
    const names = new Set(widened.map(({ prefix }) => formatPrefix(prefix)));
    return found.filter(({ prefix }) => names.has(formatPrefix(prefix)));
  });
  if (context.options.json) context.json(candidates.map(candidateJson));
  else if (candidates.length === 0) context.remark('no candidates');
  else context.table(COLUMNS, candidates);
  if (!dryRun && candidates.length > 0) await applyAfterwards(context, options);
}

const COLUMNS: readonly Column<Candidate>[] = [
  { title: 'PREFIX', cell: ({ prefix }) => shortPrefix(prefix) },
  {
    title: 'BLOCKED',
    align: 'right',
    cell: ({ blocked, networks }) => `${blocked} of ${countText(networks)}`,
  },
  { title: 'NOW', align: 'right', cell: ({ active }) => String(active) },
  { title: 'HITS', align: 'right', cell: ({ hits }) => countText(hits) },
  timeColumn('FIRST', ({ firstSeen }) => shortTime(firstSeen)),
  timeColumn('LAST', ({ lastSeen }) => shortTime(lastSeen)),
  { title: 'OTHER ADDRESSES', cell: (candidate) => addedText(candidate) },
];

function addedText({ addedAddresses }: Candidate): string {
  return addedAddresses > Number.MAX_SAFE_INTEGER
    ? `2^${Math.log2(addedAddresses).toFixed(1)}`
    : countText(addedAddresses);
}

function candidateJson(candidate: Candidate): object {
  const { prefix, firstSeen, lastSeen, ...counts } = candidate;
  const times = { firstSeen: isoTime(firstSeen), lastSeen: isoTime(lastSeen) };
  return { prefix: formatPrefix(prefix), ...counts, ...times };
}
