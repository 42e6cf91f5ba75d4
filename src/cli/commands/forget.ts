import type { Command } from 'commander';
import type { Entry } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import type { Store } from '../../store/store.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { notFound } from '../not-found.ts';
import { activationsText, entryJson } from '../text/entry-text.ts';
import { parsePrefixes } from '../text/prefixes.ts';

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Removes entries as if they had never been blocked: their penalties start over. Asks first, unless given --yes. "mcblock explain" still shows what was forgotten; it has no further effect. "mcblock undo" brings it back.',
    )
    .argument('<prefix...>', 'entries, as listed by "mcblock show"')
    .addHelpText(
      'after',
      `
Examples:
  mcblock forget 5.149.104/22
  mcblock forget --yes 192.0.2.7 2001:db8::/32

To stop blocking and keep the history, use "mcblock expire". Exit code 1 if there is no entry for one
of the prefixes, or the answer is no; nothing is changed then.
`,
    )
    .action((texts: string[], options: ApplyChoice) => forget(context, texts, options));
}

async function forget(
  context: Context,
  texts: readonly string[],
  options: ApplyChoice,
): Promise<void> {
  const prefixes = parsePrefixes(texts);
  const store = await context.store('change');
  const known = prefixes.map((prefix) => entryOf(store, prefix));
  if (!context.options.yes && !(await confirm(questionOf(known)))) {
    throw new McblockError('input', 'nothing changed');
  }
  const { now } = context;
  // Another process may have changed them while the question was open.
  const forgotten = store.transaction(() =>
    prefixes.map((prefix) => {
      const entry = entryOf(store, prefix);
      store.forget(prefix, now);
      return entry;
    }),
  );
  if (context.options.json) context.json(forgotten.map((entry) => entryJson(entry, now)));
  else context.lines(forgotten.map(({ prefix }) => `${shortPrefix(prefix)} forgotten`));
  await applyAfterwards(context, options);
}

function entryOf(store: Store, prefix: Prefix): Entry {
  const entry = store.get(prefix);
  if (entry === undefined) throw notFound(store, prefix);
  return entry;
}

function questionOf(entries: readonly Entry[]): string {
  const shown = entries.map(
    ({ prefix, activations }) => `${shortPrefix(prefix)} (${activationsText(activations)})`,
  );
  return `forget ${shown.join(', ')}?`;
}
