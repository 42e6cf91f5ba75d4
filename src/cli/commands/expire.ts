import type { Command } from 'commander';
import { isActive, type Seconds } from '../../blocklist/entry.ts';
import { expireEntry } from '../../blocklist/expire.ts';
import type { Prefix } from '../../net/prefix.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import type { FeedMatch } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { notFound } from '../not-found.ts';
import { reportPrefixes } from '../report-prefixes.ts';
import { formatDuration } from '../text/duration.ts';
import { parsePrefixes } from '../text/prefixes.ts';

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Stops blocking now. Entries keep their history: if the same prefix is blocked again, it is for twice as long.',
    )
    .argument('<prefix...>', 'entries, as listed by "mcblock show"')
    .option(
      '--mistake',
      'the block was a mistake: withdraw its latest activation, even an expired one, so that the next penalty is no longer than this one was',
    )
    .option('--share', 'expire it in the whole fleet, with the next sync')
    .addHelpText(
      'after',
      `
Examples:
  mcblock expire 5.149.104/22
  mcblock expire --mistake 192.0.2.7
  mcblock expire 192.0.2.7 2001:db8::/32

If one of the prefixes is not an active entry, or with --mistake was never active, nothing is changed
and the exit code is 1.
`,
    )
    .action((texts: string[], options: ExpireOptions) => expire(context, texts, options));
}

interface ExpireOptions extends ApplyChoice {
  readonly share?: true;
  readonly mistake?: true;
}

async function expire(
  context: Context,
  texts: readonly string[],
  options: ExpireOptions,
): Promise<void> {
  const prefixes = parsePrefixes(texts);
  if (options.share) requireFleet(await context.config());
  if (options.mistake) return withdraw(context, prefixes, options);
  const store = await context.store('change');
  const now = context.time.certain;
  store.transaction(() => {
    for (const prefix of prefixes) {
      const entry = store.get(prefix);
      const expired = entry && expireEntry(entry, now);
      if (!expired || expired === entry) {
        throw notFound(store, prefix, 'is not active');
      }
      store.record({ entry: expired, ended: { activation: expired.activations, at: now } });
      if (options.share) store.outbox.share({ type: 'expire', prefix });
    }
  });
  reportPrefixes(
    context,
    prefixes,
    prefixes.map((prefix) => `expired${rest(store, prefix, now)}`),
  );
  await applyAfterwards(context, options);
}

/** Withdraws the latest activations. */
async function withdraw(
  context: Context,
  prefixes: readonly Prefix[],
  options: ExpireOptions,
): Promise<void> {
  const [{ withdrawMistake }, { nextPenalty }, policies] = await Promise.all([
    import('../../engine/judge/withdraw.ts'),
    import('../../engine/next-penalty.ts'),
    context.policies(),
  ]);
  const store = await context.store('change');
  const now = context.time.certain;
  const entries = store.transaction(() =>
    prefixes.map((prefix) => {
      const before = withdrawMistake(store, prefix, now);
      if (before === undefined) throw notFound(store, prefix, 'was never active');
      if (options.share) {
        store.outbox.share({ type: 'withdraw', prefix });
        // The fleet withdraws only what a log of this machine alone made; the rest is at least ended.
        store.outbox.share({ type: 'expire', prefix });
      }
      return before;
    }),
  );
  const texts = entries.map((entry) => {
    const { prefix } = entry;
    const next = nextPenalty(entry, policies.policyFor(prefix), now);
    const text = next === 'forever' ? next : formatDuration(next);
    return `withdrawn${rest(store, prefix, now)}; its next penalty is ${text}`;
  });
  reportPrefixes(context, prefixes, texts);
  await applyAfterwards(context, options);
}

/** An active entry or a feed that still blocks the prefix or a part of it. */
function rest(store: Store, prefix: Prefix, now: Seconds): string {
  const wider = store.supernets(prefix).find((entry) => isActive(entry, now));
  if (wider) return `, but contained in ${shortPrefix(wider.prefix)}, which is active`;
  const [narrower] = store.under(prefix, { state: 'active', at: now });
  if (narrower) return `, but contains ${shortPrefix(narrower.prefix)}, which is active`;
  const [around] = store.feeds.supernets(prefix);
  if (around) return `, but contained in ${shortPrefix(around.prefix)}, ${feedText(around)}`;
  const [within] = store.feeds.within(prefix);
  return within ? `, but contains ${shortPrefix(within.prefix)}, ${feedText(within)}` : '';
}

function feedText({ feed }: FeedMatch): string {
  return `which feed ${feed} lists`;
}
