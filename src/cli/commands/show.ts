import { type Command, Option } from 'commander';
import type { Entry, Expiry } from '../../blocklist/entry.ts';
import { byCountry, type CountrySum } from '../../engine/by-country.ts';
import { findEntries, isFound } from '../../engine/find-entries.ts';
import type { Geo } from '../../engine/geo.ts';
import { McblockError } from '../../errors.ts';
import { comparePrefixes, type Prefix } from '../../net/prefix.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import type { EntryFilter } from '../../store/entries.ts';
import type { Context } from '../context.ts';
import { countText } from '../text/count.ts';
import { entryColumns, entryJson } from '../text/entry-text.ts';
import { jsonText } from '../text/json-text.ts';
import { type Column, tableLines } from '../text/table.ts';

const SORTS = {
  prefix: (p: Entry, q: Entry) => comparePrefixes(p.prefix, q.prefix),
  expires: (p: Entry, q: Entry) => expiryOrder(p.expiresAt) - expiryOrder(q.expiresAt),
  hits: (p: Entry, q: Entry) => q.hits - p.hits,
  activations: (p: Entry, q: Entry) => q.activations - p.activations,
  'last-seen': (p: Entry, q: Entry) => (q.lastSeen ?? 0) - (p.lastSeen ?? 0),
} as const;

interface ShowOptions {
  readonly expired?: true;
  readonly all?: true;
  readonly fleet?: true;
  readonly count?: true;
  readonly sort: keyof typeof SORTS;
  readonly byCountry?: true;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows the active entries, or, for an address or prefix, all entries that contain it or lie within it.',
    )
    .argument('[address or prefix...]')
    .option('--expired', 'only expired entries')
    .option('--all', 'all entries, including bogons that were never active')
    .option('--by-country', 'entries and addresses of each country')
    .option('--fleet', 'entries of the fleet, from its API')
    .option('--count', 'only the number of entries')
    .addOption(
      new Option('--sort <order>', 'order of the entries')
        .choices(Object.keys(SORTS))
        .default('prefix'),
    )
    .addHelpText(
      'after',
      `
Examples:
  mcblock show --sort hits | head
  mcblock show --expired
  mcblock show 5.149.105.9
  mcblock show --fleet --count
  mcblock show --by-country
  mcblock show --all --json | jq -r '.[] | select(.activations > 3).prefix'
`,
    )
    .action((texts: string[], options: ShowOptions) => show(context, texts, options));
}

async function show(
  context: Context,
  texts: readonly string[],
  options: ShowOptions,
): Promise<void> {
  if (options.expired && options.all) {
    throw new McblockError('usage', 'use only one of --expired and --all');
  }
  const prefixes = texts.map((text) => parsePrefix(text));
  const state = stateWanted(options, prefixes.length > 0);
  if (!options.fleet) await context.store('read');
  const filter = state && { state, at: context.now };
  const entries = await (options.fleet
    ? sharedEntries(context, prefixes, filter)
    : findEntries(await context.store('read'), prefixes, filter));
  if (options.count) return writeCount(context, [...entries].length);
  const geo = await context.geo();
  if (options.byCountry) return showByCountry(context, entries, geo);
  const sorted = [...entries].toSorted(SORTS[options.sort]);
  if (context.options.json) writeJson(context, sorted, geo);
  else await writeTable(context, sorted, geo);
}

/** Undefined: every state, the default for a given address or prefix. */
function stateWanted(options: ShowOptions, named: boolean): EntryFilter['state'] | undefined {
  if (options.expired) return 'expired';
  return options.all || named ? undefined : 'active';
}

/** Loads the client of the API only here: most commands never ask it. */
async function sharedEntries(
  context: Context,
  prefixes: readonly Prefix[],
  filter: EntryFilter | undefined,
): Promise<Iterable<Entry>> {
  const [{ fleetClient }, { fleetEntries }] = await Promise.all([
    import('../config/fleet-client.ts'),
    import('../../engine/sync/fleet-entries.ts'),
  ]);
  const client = fleetClient(await context.config());
  try {
    return await fleetEntries(client, (entry) => isFound(entry, prefixes, filter));
  } finally {
    client.close();
  }
}

function writeCount(context: Context, count: number): void {
  if (context.options.json) context.json({ count });
  else context.lines([String(count)]);
}

/** One array, a line for each entry, written in parts: a million entries are no million strings. */
function writeJson(context: Context, entries: Iterable<Entry>, geo: Geo | undefined): void {
  let written = 0;
  for (const page of pages(entries, 1000)) {
    const lines = page.map((entry) => `  ${jsonText(entryJson(entry, context.now, geo))}`);
    context.stdout.write(`${written === 0 ? '[\n' : ',\n'}${lines.join(',\n')}`);
    written += page.length;
  }
  context.stdout.write(written === 0 ? '[]\n' : '\n]\n');
}

async function writeTable(
  context: Context,
  entries: readonly Entry[],
  geo: Geo | undefined,
): Promise<void> {
  if (entries.length === 0) return context.remark('no entries');
  const colours = await context.colours();
  const paint = (line: string, entry?: Entry): string => (entry ? line : colours.bold(line));
  context.lines(tableLines(entryColumns(context.now, geo), entries, paint));
}

async function showByCountry(
  context: Context,
  entries: Iterable<Entry>,
  geo: Geo | undefined,
): Promise<void> {
  if (geo === undefined) {
    throw new McblockError(
      'config',
      '--by-country needs a database: set geo.country in the configuration',
    );
  }
  const sums = byCountry(entries, geo);
  if (context.options.json) context.json(sums.map(countrySumJson));
  else if (sums.length === 0) context.remark('no entries');
  else context.lines(tableLines(COUNTRY_COLUMNS, sums));
}

function countrySumJson({ country, ...sums }: CountrySum): object {
  return { country: country ?? null, ...sums };
}

const COUNTRY_COLUMNS: readonly Column<CountrySum>[] = [
  { title: 'IN', cell: ({ country }) => country ?? '-' },
  { title: 'ENTRIES', align: 'right', cell: ({ entries }) => countText(entries) },
  { title: 'HITS', align: 'right', cell: ({ hits }) => countText(hits) },
  {
    title: 'IPV4 ADDRESSES',
    align: 'right',
    cell: ({ addresses4 }) => addresses4.toLocaleString('en'),
  },
  { title: 'IPV6 /64S', align: 'right', cell: ({ networks6 }) => networks6.toLocaleString('en') },
];

function* pages<Item>(items: Iterable<Item>, size: number): Generator<Item[]> {
  let page: Item[] = [];
  for (const item of items) {
    page.push(item);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

function expiryOrder(expiry: Expiry): number {
  return expiry === 'forever' ? Number.MAX_SAFE_INTEGER : expiry;
}
