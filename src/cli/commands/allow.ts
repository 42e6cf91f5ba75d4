import type { Command } from 'commander';
import { laterExpiry } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { Prefix } from '../../net/prefix.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { AllowedPrefix } from '../../store/allowed.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import { expiryOf } from '../by-hand.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { reportPrefixes } from '../report-prefixes.ts';
import { parsePrefixes } from '../text/prefixes.ts';
import { printable } from '../text/printable.ts';
import { timeColumn } from '../text/table.ts';
import { isoTime, shortTime, untilText } from '../text/time.ts';

interface AllowOptions extends ApplyChoice {
  readonly remove?: true;
  readonly note?: string;
  readonly share?: true;
  readonly for?: string;
  readonly until?: string;
}

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Puts prefixes on the allow-list: they are never blocked, and rules that cover them get a hole. Without a prefix, prints the allow-list.',
    )
    .argument('[prefix...]')
    .option('--remove', 'remove from the allow-list')
    .option('--note <text>', 'reason')
    .option('--for <time>', 'only for this long: 30m, 12h, 7d')
    .option('--until <time>', 'only until then: 2026-12-31, 2026-12-31T18:00Z')
    .option(
      '--share',
      'change the allow-list of the whole fleet, with the next sync (administrators only)',
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock allow 198.51.100.0/24 --note office
  mcblock allow 192.0.2.7 --for 1h --note customer
  mcblock allow --remove 198.51.100.0/24
  mcblock allow

With --for and --until, the prefix leaves the allow-list by itself. The firewall closes the hole at its
next update, within five minutes if watch or listen is running. A longer time is never shortened.
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
    const given = Object.keys(options).find((name) => name !== 'apply' || options.apply);
    if (given !== undefined) {
      throw new McblockError('usage', `missing prefix: --${given} needs one`);
    }
    list(context, (await context.reader()).allowed(context.now));
    return;
  }
  const isLimited = options.for !== undefined || options.until !== undefined;
  if (isLimited && (options.remove || options.share)) {
    throw new McblockError('usage', '--for and --until cannot be used with --remove or --share');
  }
  if (options.share) requireFleet(await context.config());
  if (options.remove) await remove(context, prefixes, options);
  else await protect(context, prefixes, options);
  await applyAfterwards(context, options);
}

function list(context: Context, allowed: readonly AllowedPrefix[]): void {
  if (context.options.json) {
    context.json(
      allowed.map(({ prefix, note, addedAt, expiresAt }) => ({
        prefix: formatPrefix(prefix),
        note,
        addedAt: isoTime(addedAt),
        expiresAt: isoTime(expiresAt),
      })),
    );
  } else if (allowed.length === 0) {
    context.remark('the allow-list is empty');
  } else {
    const columns = [
      { title: 'PREFIX', cell: (row: AllowedPrefix) => shortPrefix(row.prefix) },
      timeColumn('SINCE', (row: AllowedPrefix) => shortTime(row.addedAt)),
      timeColumn('UNTIL', (row: AllowedPrefix) => shortTime(row.expiresAt)),
      { title: 'NOTE', cell: (row: AllowedPrefix) => printable(row.note) },
    ];
    context.table(columns, allowed);
  }
}

async function protect(
  context: Context,
  prefixes: readonly Prefix[],
  options: AllowOptions,
): Promise<void> {
  const { note = '', share } = options;
  const store = await context.store('write');
  const { now } = context;
  const until = expiryOf(options, now) ?? 'forever';
  const ends = store.transaction(() => {
    const known = new Map(
      store.allowed(now).map((row) => [formatPrefix(row.prefix), row.expiresAt] as const),
    );
    return prefixes.map((prefix) => {
      if (share) store.outbox.share({ type: 'allow', prefix, note });
      const end = known.get(formatPrefix(prefix)) ?? until;
      if (end !== until && laterExpiry(end, until) === end) return end;
      store.allow(prefix, note, now, until);
      return until;
    });
  });
  const texts = ends.map((end) => {
    if (end !== until) return `already allowed ${untilText(end)}`;
    return end === 'forever' ? 'allowed' : `allowed ${untilText(end)}`;
  });
  reportPrefixes(context, prefixes, texts);
}

async function remove(
  context: Context,
  prefixes: readonly Prefix[],
  { share }: AllowOptions,
): Promise<void> {
  const store = await context.store('change');
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
  const removed = prefixes.map(() => 'removed from the allow-list');
  reportPrefixes(context, prefixes, removed);
}
