import { resolve } from 'node:path';
import type { Command } from 'commander';
import { countText, nounText } from '../../count-text.ts';
import {
  type FeedOptions,
  type FeedUpdate,
  isUrl,
  readFeed,
  storeFeed,
} from '../../engine/feed/update.ts';
import { type ErrorCode, McblockError } from '../../errors.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import { DEFAULT_FEED_LIMITS, type Feed } from '../../store/feeds.ts';
import { FEED_NAME } from '../../validation/feeds.ts';
import { type ApplyChoice, addApplyOptions, applyAfterwards } from '../afterwards.ts';
import { requireFleet } from '../config/require-fleet.ts';
import type { Context } from '../context.ts';
import { shareFeeds, unshareFeed } from '../share-feeds.ts';
import { printable } from '../text/printable.ts';
import { type Column, timeColumn } from '../text/table.ts';
import { isoTime, shortTime } from '../text/time.ts';
import { wholeNumber } from '../whole-number.ts';

interface FeedCommandOptions extends ApplyChoice {
  readonly all?: true;
  readonly remove?: true;
  readonly list?: true;
  readonly dryRun?: true;
  readonly share?: true;
  readonly minLines?: number;
  readonly maxSize?: number;
  readonly timeout: number;
  readonly ca?: string;
}

const MEBIBYTE = 2 ** 20;
/** What concerns one feed alone: it or its certificates cannot be read, or it holds too much. */
const FAILURES: ReadonlySet<ErrorCode> = new Set(['input', 'file', 'protected']);

export function define(command: Command, context: Context): void {
  addApplyOptions(command)
    .description(
      'Blocks the prefixes of a published list (blocklist.de, Emerging Threats, Spamhaus DROP and the like) as long as they are on it. Feeds make no entries and do not affect penalties. Private space, this host and the allow-list are never blocked.',
    )
    .argument('[name]', 'name of the feed; without it, list all feeds')
    .argument('[source]', 'file, - for stdin, or https URL; default: the same as before')
    .option('--all', 'update all feeds fetched over https')
    .option('--list', 'print the prefixes of the feed')
    .option('--remove', 'remove the feed')
    .option(
      '--share',
      'also give the feed to the whole fleet, or remove it there (administrators only); with --all, those that the fleet has',
    )
    .option('--dry-run', 'only count the prefixes; change nothing')
    .option('--min-lines <n>', 'refuse a list with fewer lines (default: 1)', wholeNumber())
    .option('--max-size <mib>', 'refuse a larger list (default: 16)', wholeNumber(256))
    .option('--timeout <seconds>', 'time limit for the fetch', wholeNumber(), 30)
    .option('--ca <file>', "trust these certificates instead of the system's")
    .addHelpText(
      'after',
      `
Examples:
  mcblock feed spamhaus-drop https://www.spamhaus.org/drop/drop.txt --min-lines 500
  mcblock feed --all                  from cron(8)
  mcblock feed own-list list.txt
  mcblock feed spamhaus-drop --remove
  mcblock feed spamhaus-drop --share  for all machines of the fleet

Each line of a list starts with a prefix, an address or a range (192.0.2.1-192.0.2.9), or is JSON
with "cidr" or "ip"; # and ; start comments. A list may also be a JSON array. If the list cannot be
fetched or parsed, or is too short, nothing changes and the exit code is 1. --min-lines, --max-size and --ca are kept with the feed.
`,
    )
    .action((name: string | undefined, source: string | undefined, options: FeedCommandOptions) =>
      feed(context, name, source, options),
    );
}

async function feed(
  context: Context,
  name: string | undefined,
  source: string | undefined,
  options: FeedCommandOptions,
): Promise<void> {
  refuseTogether(source, options);
  if (options.share) {
    if (options.list || options.dryRun || (name === undefined && !options.all)) {
      throw new McblockError('usage', '--share needs a feed to read, or --remove, or --all');
    }
    requireFleet(await context.config());
  }
  if (name === undefined) {
    if (options.remove || options.list)
      throw new McblockError('usage', '--list and --remove need the name of a feed');
    return options.all ? updateAll(context, options) : listFeeds(context);
  }
  if (!FEED_NAME.test(name) && !options.list) {
    throw new McblockError(
      'usage',
      `bad feed name "${name}"; use letters, digits, ".", "_" and "-"`,
    );
  }
  if (options.all) throw new McblockError('usage', '--all takes no name');
  if (options.remove) {
    await removeFeed(context, name, options);
    return applyAfterwards(context, options);
  }
  if (options.list) return listPrefixes(context, name);
  return updateOne(context, name, source, options);
}

function refuseTogether(source: string | undefined, options: FeedCommandOptions): void {
  const { list, remove, dryRun } = options;
  const [first, second] = Object.entries({
    '--list': list,
    '--remove': remove,
    '--dry-run': dryRun,
    'a source': (list ?? remove) && source,
  }).flatMap(([name, given]) => (given === undefined ? [] : [name]));
  if (second === undefined) return;
  throw new McblockError('usage', `use only one of ${first} and ${second}`);
}

async function updateOne(
  context: Context,
  name: string,
  source: string | undefined,
  options: FeedCommandOptions,
): Promise<void> {
  const { limits } = await context.policy();
  const mode = source === undefined ? 'change' : 'write';
  const store = await context.storeOrCopy(mode, options.dryRun);
  const known = store.feeds.get(name);
  const location = source ?? known?.source;
  if (location === undefined) {
    throw new McblockError(
      'usage',
      `feed ${name} has no source yet; use a file, - or an https URL`,
    );
  }
  const update = await readFeed(name, location, known, feedOptions(context, options, known));
  storeFeed(store, update, limits.share, context.now);
  if (context.options.json) context.json(feedJson(update.feed));
  else context.lines([updateText(update)]);
  if (!options.dryRun) await applyAfterwards(context, options);
  // Last: what blocks here must not wait for the fleet.
  if (options.share) await shareFeeds(context, store, [update.feed]);
}

/** Updates each on its own: a failure does not hold back the others. */
async function updateAll(context: Context, options: FeedCommandOptions): Promise<void> {
  const { limits } = await context.policy();
  const store = await context.storeOrCopy('change', options.dryRun);
  const updated: Feed[] = [];
  for (const known of store.feeds.all().filter(({ source }) => isUrl(source))) {
    try {
      const { name, source } = known;
      const update = await readFeed(name, source, known, feedOptions(context, options, known));
      storeFeed(store, update, limits.share, context.now);
      updated.push(update.feed);
      if (!context.options.json) context.lines([updateText(update)]);
    } catch (error) {
      if (!(error instanceof McblockError) || !FAILURES.has(error.code)) throw error;
      context.remark(error.message);
      context.exit(1);
    }
  }
  if (context.options.json) context.json(updated.map(feedJson));
  if (!options.dryRun && updated.length > 0) await applyAfterwards(context, options);
  if (options.share) await shareFeeds(context, store, updated, true);
}

function feedOptions(
  context: Context,
  { minLines, maxSize, timeout, ca }: FeedCommandOptions,
  { limits } = { limits: DEFAULT_FEED_LIMITS },
): FeedOptions {
  return {
    limits: {
      minLines: minLines ?? limits.minLines,
      maxSizeBytes: maxSize === undefined ? limits.maxSizeBytes : maxSize * MEBIBYTE,
      ca: ca === undefined ? limits.ca : resolve(ca),
    },
    timeoutSeconds: timeout,
    now: context.now,
    warn: (text) => context.remark(printable(text)),
  };
}

async function removeFeed(
  context: Context,
  name: string,
  { share }: FeedCommandOptions,
): Promise<void> {
  const store = await context.store('change');
  const wasShared = share && (await unshareFeed(context, name));
  if (!store.removeFeed(name) && !wasShared) throw new McblockError('input', `no feed ${name}`);
  if (context.options.json) context.json({ name });
  else context.lines([`feed ${name} removed`]);
}

async function listPrefixes(context: Context, name: string): Promise<void> {
  const store = await context.reader();
  if (!store.feeds.all().some((known) => known.name === name)) {
    throw new McblockError('input', `no feed ${name}`);
  }
  const texts = Array.from(store.feeds.prefixesOf(name), formatPrefix);
  if (context.options.json) context.json(texts);
  else context.lines(texts);
}

async function listFeeds(context: Context): Promise<void> {
  const feeds = (await context.reader()).feeds.all();
  if (context.options.json) context.json(feeds.map(feedJson));
  else if (feeds.length === 0) context.remark('no feeds');
  else context.table(COLUMNS, feeds);
}

const COLUMNS: readonly Column<Feed>[] = [
  { title: 'FEED', cell: ({ name }) => name },
  { title: 'PREFIXES', align: 'right', cell: ({ prefixes }) => countText(prefixes) },
  timeColumn('READ', ({ fetchedAt }) => shortTime(fetchedAt)),
  { title: 'SOURCE', cell: ({ source }) => printable(source) },
];

function feedJson({ name, source, fetchedAt, prefixes }: Feed): object {
  return { name, source, fetchedAt: isoTime(fetchedAt), prefixes };
}

function updateText({ feed: { name, prefixes: count }, prefixes }: FeedUpdate): string {
  const what = nounText(count, 'prefix', 'prefixes');
  return prefixes === undefined ? `feed ${name} unchanged: ${what}` : `feed ${name}: ${what}`;
}
