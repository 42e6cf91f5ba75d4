import type { Command } from 'commander';
import { expireEntry } from '../../blocklist/expire.ts';
import { McblockError } from '../../errors.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import { applyAfterwards } from '../afterwards.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { parsePrefixes } from '../text/prefixes.ts';

export function define(command: Command, context: Context): void {
  command
    .description(
      'Stops blocking now. The entry and its history stay: the next offence brings it back, for twice as long.',
    )
    .argument('<prefix...>', 'entries as `mcblock show` names them')
    .option('--apply', 'bring the firewall up to date too')
    .option('--share', 'have the fleet stop blocking it too, with the next sync')
    .addHelpText(
      'after',
      `
Examples:
  mcblock expire 5.149.104/22
  mcblock expire 192.0.2.7 2001:db8::/32 --apply

Exit code 1 if one of them is no entry or not active; then none is changed.
`,
    )
    .action((texts: string[], options: ExpireOptions) => expire(context, texts, options));
}

interface ExpireOptions {
  readonly apply?: true;
  readonly share?: true;
}

async function expire(
  context: Context,
  texts: readonly string[],
  options: ExpireOptions,
): Promise<void> {
  const prefixes = parsePrefixes(texts);
  const { now } = context;
  if (options.share) requireFleet(await context.config());
  const store = await context.store('write');
  store.transaction(() => {
    for (const prefix of prefixes) {
      const entry = store.get(prefix);
      const expired = entry && expireEntry(entry, now);
      if (!expired || expired === entry) {
        const around = store.supernets(prefix).find((other) => other.prefix.length < prefix.length);
        const hint = around ? `; it lies in ${shortPrefix(around.prefix)}` : '';
        const what = entry ? 'is not active' : 'is no entry';
        throw new McblockError(
          'input',
          `${shortPrefix(prefix)} ${what}${hint}. Nothing was changed.`,
        );
      }
      store.record({ entry: expired, ended: { activation: expired.activations, at: now } });
      if (options.share) store.outbox.share({ type: 'expire', prefix });
    }
  });
  if (context.options.json) {
    context.json(prefixes.map((prefix) => ({ prefix: formatPrefix(prefix) })));
  } else context.lines(prefixes.map((prefix) => `${shortPrefix(prefix)} expired`));
  if (options.apply) await applyAfterwards(context);
}
