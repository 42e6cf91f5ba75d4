import type { Command } from 'commander';
import { countText } from '../../count-text.ts';
import { type Advice, advise } from '../../engine/advise.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { widenBounds } from '../config/policies.ts';
import type { Context } from '../context.ts';
import { printable } from '../text/printable.ts';
import { type Column, timeColumn } from '../text/table.ts';
import { isoTime, shortTime } from '../text/time.ts';
import { wholeNumber } from '../whole-number.ts';

interface AdviseOptions {
  readonly min: number;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Suggests wider entries and rules for prefixes, networks and countries with many persistent entries, with the evidence and the number of other addresses that they would block. Changes nothing. Networks and countries need the databases of [geo].',
    )
    .option('--min <n>', 'only with at least this many persistent entries', wholeNumber(), 4)
    .addHelpText(
      'after',
      `
Examples:
  mcblock advise
  mcblock advise --min 20 --json

An entry is persistent if it was hit on at least persistent.days days since it became active.
`,
    )
    .action((options: AdviseOptions) => adviseOwner(context, options));
}

async function adviseOwner(context: Context, { min }: AdviseOptions): Promise<void> {
  const store = await context.reader();
  const found = advise(store, {
    geo: await context.geo(),
    policy: await context.policy(),
    policyFor: (await context.policies()).policyFor,
    bounds: widenBounds(await context.config()),
    min,
    now: context.now,
  });
  if (context.options.json) return context.json(found.map(adviceJson));
  if (found.length === 0) return context.remark('nothing to suggest');
  context.table(COLUMNS, found);
  context.lines(['', 'If that is worth it:', ...found.flatMap(proposalLines)]);
}

const COLUMNS: readonly Column<Advice>[] = [
  { title: 'FROM', cell: (advice) => fromText(advice) },
  {
    title: 'PERSISTENT',
    align: 'right',
    cell: ({ persistent, active }) => `${countText(persistent)} of ${countText(active)}`,
  },
  { title: 'HITS', align: 'right', cell: ({ hits }) => countText(hits) },
  timeColumn('FIRST', ({ firstSeen }) => shortTime(firstSeen)),
  timeColumn('LAST', ({ lastSeen }) => shortTime(lastSeen)),
  {
    title: 'OTHER ADDRESSES',
    align: 'right',
    cell: ({ otherAddresses }) => countText(otherAddresses),
  },
];

function fromText({ prefix, name }: Advice): string {
  return prefix === undefined ? printable(name) : shortPrefix(prefix);
}

/** A command, or a rule for the configuration. */
function proposalLines(advice: Advice): string[] {
  return proposalOf(advice)
    .split('\n')
    .map((line) => `  ${line}`);
}

function proposalOf({ kind, prefix, name, length4, length6 }: Advice): string {
  if (prefix !== undefined) return `mcblock add ${shortPrefix(prefix)} --exact`;
  const [key, value] =
    kind === 'country' ? ['countries', name] : ['networks', name.split(' ', 1)[0] ?? ''];
  const text = printable(value).replaceAll(/["\\]/g, '');
  const lengths = Object.entries({ length4, length6 }).flatMap(([effect, length]) =>
    length === undefined ? [] : [`${effect} = ${length}`],
  );
  return ['[[rule]]', `name = "persistent ${text}"`, `${key} = ["${text}"]`, ...lengths].join('\n');
}

function adviceJson(advice: Advice): object {
  const { kind, prefix, name, persistent, active, hits, otherAddresses } = advice;
  return {
    kind,
    from: prefix === undefined ? name : formatPrefix(prefix),
    persistent,
    active,
    hits,
    firstSeen: isoTime(advice.firstSeen),
    lastSeen: isoTime(advice.lastSeen),
    otherAddresses,
    proposal: proposalOf(advice),
  };
}
