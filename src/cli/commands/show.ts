import { type Command, Option } from 'commander';
import { type Entry, ORIGINS } from '../../blocklist/entry.ts';
import { byCountry } from '../../engine/by-country.ts';
import type { Geo } from '../../engine/geo.ts';
import { SortedEntries } from '../../engine/sorted-entries.ts';
import { McblockError } from '../../errors.ts';
import { parsePrefix } from '../../net/prefix-text.ts';
import type { FeedMatch } from '../../store/feeds.ts';
import type { Context } from '../context.ts';
import { type Conditions, findShown, noCountries } from '../shown-entries.ts';
import { COUNTRY_COLUMNS, countrySumJson } from '../text/country-text.ts';
import { entryColumns, entryJson, feedJson, type ShownRow } from '../text/entry-text.ts';
import { jsonText } from '../text/json-text.ts';
import { pagesOf } from '../text/pages.ts';
import { wholeNumber } from '../whole-number.ts';

/** The key by which entries are sorted, the lowest first; undefined: by prefix. */
const SORTS: Readonly<Record<string, ((entry: Entry) => number) | undefined>> = {
  prefix: undefined,
  expires: ({ expiresAt }) => (expiresAt === 'forever' ? Number.MAX_SAFE_INTEGER : expiresAt),
  hits: ({ hits }) => -hits,
  activations: ({ activations }) => -activations,
  'last-seen': ({ lastSeen = 0 }) => -lastSeen,
};

/** How many rows set the widths of the columns. */
const MAX_MEASURED = 10_000;

interface ShowOptions extends Conditions {
  readonly count?: true;
  readonly sort: string;
  readonly limit?: number;
}

export function define(command: Command, context: Context): void {
  command
    .description(
      'Shows the active entries, or, for an address or prefix, all entries that contain it or lie within it, and the feeds that list it. Conditions are combined: all must hold. With --now, shows what was active then.',
    )
    .argument('[address|prefix...]')
    .option('--expired', 'only expired entries')
    .option('--all', 'all entries, including bogons that were never active')
    .addOption(
      new Option(
        '--origin <origin>',
        'only entries of this origin, or the prefixes of feeds',
      ).choices([...ORIGINS, 'feed']),
    )
    .option('--since <time>', 'only entries activated since then: 2026-03-24, 7d (ago)')
    .option('--until <time>', 'only entries activated before then')
    .option('--service <name>', 'only entries with evidence of this service, such as sshd')
    .option('--country <code>', 'only entries in this country: two letters, or - for unknown')
    .option('--note <text>', 'only entries whose note contains this text')
    .option('--limit <n>', 'at most this many entries', wholeNumber())
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
  mcblock show --sort hits --limit 20
  mcblock show --expired
  mcblock show 5.149.105.9
  mcblock show --service dovecot --since 7d
  mcblock show --origin feed --country NL
  mcblock show --fleet --count
  mcblock show --by-country
  mcblock show --now 2026-01-01 5.149.105.9
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
  refuseTogether(options);
  const prefixes = texts.map((text) => parsePrefix(text));
  const found = await findShown(context, prefixes, options);
  const { geo } = found;
  if (options.byCountry) return showByCountry(context, found.entries, geo);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const entries = new SortedEntries(found.entries, SORTS[options.sort], limit, found.read);
  const feeds = found.feeds.slice(0, limit - entries.size);
  const count = entries.size + feeds.length;
  if (options.count)
    return context.options.json ? context.json({ count }) : context.lines([`${count}`]);
  const rows = both(entries, feeds);
  if (context.options.json) writeJson(context, rows, geo);
  else if (count === 0) context.remark('no entries');
  else await writeTable(context, rows, both(entries.sample(MAX_MEASURED), feeds), geo);
}

function refuseTogether(options: ShowOptions): void {
  const pairs = [
    ['expired', 'all'],
    ['fleet', 'service'],
    ['byCountry', 'limit'],
    ['byCountry', 'count'],
  ] as const;
  const names = { byCountry: 'by-country' } as Readonly<Record<string, string>>;
  for (const [p, q] of pairs) {
    if (options[p] === undefined || options[q] === undefined) continue;
    throw new McblockError('usage', `use only one of --${names[p] ?? p} and --${q}`);
  }
}

/** One array, a line for each entry, written in parts: a million entries are no million strings. */
function writeJson(context: Context, rows: Iterable<ShownRow>, geo: Geo | undefined): void {
  const json = (row: ShownRow) =>
    'feed' in row ? feedJson(row, geo) : entryJson(row, context.now, geo);
  let written = 0;
  for (const page of pagesOf(rows, 1000)) {
    const lines = page.map((row) => `  ${jsonText(json(row))}`);
    context.stdout.write(`${written === 0 ? '[\n' : ',\n'}${lines.join(',\n')}`);
    written += page.length;
  }
  context.stdout.write(written === 0 ? '[]\n' : '\n]\n');
}

function* both(entries: Iterable<Entry>, feeds: readonly FeedMatch[]): Generator<ShownRow> {
  yield* entries;
  yield* feeds;
}

async function writeTable(
  context: Context,
  rows: Iterable<ShownRow>,
  measured: Iterable<ShownRow>,
  geo: Geo | undefined,
): Promise<void> {
  const colours = await context.colours();
  const paint = (line: string, row?: ShownRow): string => (row ? line : colours.bold(line));
  context.table(entryColumns(context.now, geo), rows, paint, measured);
}

async function showByCountry(
  context: Context,
  entries: Iterable<Entry>,
  geo: Geo | undefined,
): Promise<void> {
  if (geo === undefined) throw noCountries('--by-country');
  const sums = byCountry(entries, geo);
  if (context.options.json) context.json(sums.map(countrySumJson));
  else if (sums.length === 0) context.remark('no entries');
  else context.table(COUNTRY_COLUMNS, sums);
}
