import type { Command } from 'commander';
import { countText, nounText } from '../../count-text.ts';
import { EntrySharer, type Sharing } from '../../engine/record/entry-sharer.ts';
import { McblockError } from '../../errors.ts';
import { serverUrl } from '../../fleet/client/api-endpoint.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { parsePrefixes } from '../text/prefixes.ts';
import { notSharedText, OUTBOX_FULL } from '../text/shared-text.ts';

/** Further ones are counted. */
const MAX_NAMED = 20;

interface ShareOptions {
  readonly all?: true;
}

interface Outcome {
  readonly prefix: Prefix;
  readonly sharing: Sharing;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shares active entries with the fleet, with the next sync: what was recorded before the fleet was configured, or added without --share. The fleet blocks them until they expire here, at most for a year, and learns of their evidence and notes.',
    )
    .argument('[prefix...]', 'entries, as listed by "mcblock show"')
    .option('--all', 'all that this machine made and has not shared')
    .addHelpText(
      'after',
      `
Examples:
  mcblock share 5.149.104/24
  mcblock share --all

If one of the prefixes is not an active entry, none is shared and the exit code is 1. Entries that are
wider than the fleet takes from this machine stay as they are.
`,
    )
    .action((texts: string[], options: ShareOptions) => share(context, texts, options));
}

async function share(
  context: Context,
  texts: readonly string[],
  { all }: ShareOptions,
): Promise<void> {
  if (texts.length > 0 === (all ?? false)) {
    throw new McblockError('usage', 'name entries, or use --all');
  }
  const prefixes = parsePrefixes(texts);
  const config = await context.config();
  requireFleet(config);
  const store = await context.store('change');
  const { now } = context;
  const widest = store.fleetState.widest(serverUrl(config.get('fleet.url')));
  const outcomes = store.transaction((): Outcome[] => {
    const sharer = new EntrySharer(store, widest, now);
    return (all ? store.outbox.unshared(now) : prefixes).map((prefix) => {
      const entry = store.get(prefix);
      const sharing = entry === undefined ? 'expired' : sharer.share(entry);
      if (sharing !== 'expired') return { prefix, sharing };
      const name = `${shortPrefix(prefix)} is not an active entry`;
      throw new McblockError('input', `${name}; nothing shared`);
    });
  });
  if (context.options.json) context.json(outcomes.map(outcomeJson));
  else if (all) context.lines([countsText(outcomes)]);
  else context.lines(outcomes.flatMap(outcomeLines));
  const wide = outcomes.filter(({ sharing }) => sharing === 'too wide');
  for (const { prefix } of wide.slice(0, MAX_NAMED)) {
    if (widest !== undefined) context.remark(notSharedText(prefix, widest));
  }
  if (wide.length > MAX_NAMED) context.remark(`and ${countText(wide.length - MAX_NAMED)} more`);
  const full = outcomes.filter(({ sharing }) => sharing === 'full').length;
  if (full > 0) context.remark(`${nounText(full, 'entry', 'entries')} not shared: ${OUTBOX_FULL}`);
}

function outcomeJson({ prefix, sharing }: Outcome): object {
  return { prefix: formatPrefix(prefix), outcome: sharing };
}

function countsText(outcomes: readonly Outcome[]): string {
  const count = outcomes.filter(({ sharing }) => sharing === 'shared').length;
  return count === 0 ? 'nothing to share' : `${nounText(count, 'entry', 'entries')} ${NEXT_SYNC}`;
}

function outcomeLines({ prefix, sharing }: Outcome): string[] {
  const name = shortPrefix(prefix);
  if (sharing === 'shared') return [`${name} ${NEXT_SYNC}`];
  if (sharing === 'known') return [`${name} was shared before`];
  return sharing === 'fleet' ? [`${name} came from the fleet`] : [];
}

const NEXT_SYNC = 'shared with the next sync';
