import type { Command } from 'commander';
import { McblockError } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { AllowedPrefix } from '../../store/allowed.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { parsePrefixes } from '../text/prefixes.ts';
import { printable } from '../text/printable.ts';
import { tableLines } from '../text/table.ts';
import { isoTime, shortTime } from '../text/time.ts';

interface AllowOptions extends ApplyChoice {
  readonly remove?: true;
  readonly note?: string;
  readonly share?: true;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Puts prefixes on the allow-list: they are never blocked, and rules that cover them get a hole. Without a prefix, prints the allow-list.',
    )
    .argument('[prefix...]')
    .option('--remove', 'remove from the allow-list')
    .option('--note <text>', 'reason')
    .option(
      '--share',
      'change the allow-list of the whole fleet, with the next sync (administrators only)',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock allow 198.51.100.0/24 --note office
  mcblock allow --remove 198.51.100.0/24
  mcblock allow
`,
    )
    .action((texts: string[], options: AllowOptions) => allow(context, texts, options));
}

async function allow(
  context: Context,
  texts: readonly string[],
  options: AllowOptions,
): Promise<void> {
  const prefixes = parsePrefixes(texts);
  if (prefixes.length === 0) {
    if (options.remove || options.note !== undefined || options.apply || options.share) {
      throw new McblockError(
        'usage',
        'missing prefix: --remove, --note, --apply and --share need one',
      );
    }
    list(context, (await context.store('read')).allowed());
    return;
  }
  if (options.share) requireFleet(await context.config());
  if (options.remove) await remove(context, prefixes, options);
  else await protect(context, prefixes, options);
  await applyAfterwards(context, options);
}

function list(context: Context, allowed: readonly AllowedPrefix[]): void {
  if (context.options.json) {
    context.json(
      allowed.map(({ prefix, note, addedAt }) => ({
        prefix: formatPrefix(prefix),
        note,
        addedAt: isoTime(addedAt),
      })),
    );
  } else if (allowed.length === 0) {
    context.remark('the allow-list is empty');
  } else {
    const columns = [
      { title: 'PREFIX', cell: (row: AllowedPrefix) => shortPrefix(row.prefix) },
      { title: 'SINCE (UTC)', cell: (row: AllowedPrefix) => shortTime(row.addedAt) },
      { title: 'NOTE', cell: (row: AllowedPrefix) => printable(row.note) },
    ];
    context.lines(tableLines(columns, allowed));
  }
}

async function protect(
  context: Context,
  prefixes: readonly Prefix[],
  { note = '', share }: AllowOptions,
): Promise<void> {
  const store = await context.store('write');
  store.transaction(() => {
    for (const prefix of prefixes) {
      store.allow(prefix, note, context.now);
      if (share) store.outbox.share({ type: 'allow', prefix, note });
    }
  });
  report(context, prefixes, 'allowed');
}

async function remove(
  context: Context,
  prefixes: readonly Prefix[],
  { share }: AllowOptions,
): Promise<void> {
  const store = await context.store('write');
  store.transaction(() => {
    for (const prefix of prefixes) {
      if (!store.disallow(prefix)) {
        throw new McblockError(
          'input',
          `${shortPrefix(prefix)} is not on the allow-list; nothing changed`,
        );
      }
      if (share) store.outbox.share({ type: 'disallow', prefix });
    }
  });
  report(context, prefixes, 'removed from the allow-list');
}

function report(context: Context, prefixes: readonly Prefix[], what: string): void {
  if (context.options.json)
    context.json(prefixes.map((prefix) => ({ prefix: formatPrefix(prefix) })));
  else context.lines(prefixes.map((prefix) => `${shortPrefix(prefix)} ${what}`));
}
