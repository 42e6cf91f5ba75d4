import type { Command } from 'commander';
import { isActive, type Seconds } from '../../blocklist/entry.ts';
import { expireEntry } from '../../blocklist/expire.ts';
import { McblockError } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { Store } from '../../store/store.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { parsePrefixes } from '../text/prefixes.ts';

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Stops blocking now. Entries keep their history: if the same prefix is blocked again, it is for twice as long.',
    )
    .argument('<prefix...>', 'entries, as listed by "mcblock show"')
    .option('--share', 'expire it in the whole fleet, with the next sync')
    .addHelpText(
      'after',
      `
Examples:
  mcblock expire 5.149.104/22
  mcblock expire 192.0.2.7 2001:db8::/32

Exit code 1 if one of them is not an active entry; none is changed then.
`,
    )
    .action((texts: string[], options: ExpireOptions) => expire(context, texts, options));
}

interface ExpireOptions extends ApplyChoice {
  readonly share?: true;
}

async function expire(
  context: Context,
  texts: readonly string[],
  options: ExpireOptions,
): Promise<void> {
  const prefixes = parsePrefixes(texts);
  if (options.share) requireFleet(await context.config());
  const store = await context.store('write');
  const { now } = context;
  store.transaction(() => {
    for (const prefix of prefixes) {
      const entry = store.get(prefix);
      const expired = entry && expireEntry(entry, now);
      if (!expired || expired === entry) {
        const around = store.supernets(prefix).find((other) => other.prefix.length < prefix.length);
        const hint = around ? ` (contained in ${shortPrefix(around.prefix)})` : '';
        const name = shortPrefix(prefix);
        const what = entry ? `${name} is not active` : `no entry for ${name}`;
        throw new McblockError('input', `${what}${hint}; nothing changed`);
      }
      store.record({ entry: expired, ended: { activation: expired.activations, at: now } });
      if (options.share) store.outbox.share({ type: 'expire', prefix });
    }
  });
  if (context.options.json) {
    context.json(prefixes.map((prefix) => ({ prefix: formatPrefix(prefix) })));
  } else
    context.lines(
      prefixes.map((prefix) => `${shortPrefix(prefix)} expired${rest(store, prefix, now)}`),
    );
  await applyAfterwards(context, options);
}

/** An active entry that goes on blocking the prefix or a part of it. */
function rest(store: Store, prefix: Prefix, now: Seconds): string {
  const wider = store.supernets(prefix).find((entry) => isActive(entry, now));
  if (wider) return `, but contained in ${shortPrefix(wider.prefix)}, which is active`;
  const [narrower] = store.under(prefix, { state: 'active', at: now });
  return narrower ? `, but contains ${shortPrefix(narrower.prefix)}, which is active` : '';
}
