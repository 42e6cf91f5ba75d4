import type { Entry, EntryState, Origin, Seconds } from '../blocklist/entry.ts';
import { type EntryQuery, findEntries, findFeeds, isFound } from '../engine/find-entries.ts';
import type { Geo } from '../engine/geo.ts';
import { entriesThen, type ReadEntries } from '../engine/past.ts';
import { McblockError } from '../errors.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { FeedMatch } from '../store/feeds.ts';
import type { Context } from './context.ts';
import { parseSpan } from './text/time.ts';

/** The options of show that say which entries are wanted. */
export interface Conditions {
  readonly expired?: true;
  readonly all?: true;
  readonly fleet?: true;
  readonly byCountry?: true;
  readonly origin?: Origin | 'feed';
  readonly since?: string;
  readonly until?: string;
  readonly service?: string;
  readonly country?: string;
  readonly note?: string;
}

/** What was found, and how to read an entry again. */
interface Found {
  readonly entries: Iterable<Entry>;
  readonly read: ReadEntries;
  readonly feeds: readonly FeedMatch[];
}

/** Finds what show shows, in the store or at the API of the fleet. */
export async function findShown(
  context: Context,
  prefixes: readonly Prefix[],
  options: Conditions,
): Promise<Found & { readonly geo: Geo | undefined }> {
  if (!options.fleet) await context.reader();
  const geo = await context.geo();
  const query = queryOf(options, prefixes, geo, context.now);
  const found = await (options.fleet
    ? fromFleet(context, query)
    : fromStore(context, query, options));
  return { ...found, geo };
}

function queryOf(
  options: Conditions,
  prefixes: readonly Prefix[],
  geo: Geo | undefined,
  now: Seconds,
): EntryQuery {
  const { origin, service, country, note } = options;
  return {
    prefixes,
    at: now,
    state: stateWanted(options, prefixes.length > 0),
    origin: origin === 'feed' ? undefined : origin,
    ...parseSpan(options, now),
    service,
    note,
    isThere: country === undefined ? undefined : countryTest(country, geo),
  };
}

function countryTest(country: string, geo: Geo | undefined): (prefix: Prefix) => boolean {
  if (!/^(?:[a-z]{2}|-)$/i.test(country)) {
    throw new McblockError('usage', `--country takes two letters such as NL, not "${country}"`);
  }
  if (geo === undefined) throw noCountries('--country');
  const wanted = country === '-' ? undefined : country.toUpperCase();
  return (prefix) => geo.country(prefix) === wanted;
}

/** The error of an option that needs to know where addresses are. */
export function noCountries(option: string): McblockError {
  const what = `${option} needs a database: set geo.country in the configuration`;
  return new McblockError('config', what);
}

async function fromStore(context: Context, query: EntryQuery, options: Conditions): Promise<Found> {
  const store = await context.reader();
  return {
    entries: options.origin === 'feed' ? [] : findEntries(store, query),
    read: entriesThen(store, query.at),
    feeds: isWithFeeds(query, options) ? findFeeds(store, query) : [],
  };
}

/** Feeds are shown where they are asked for, and around a given address or prefix. */
function isWithFeeds(
  { prefixes, since, until, service }: EntryQuery,
  options: Conditions,
): boolean {
  if (options.expired || since !== undefined || until !== undefined || service !== undefined) {
    return false;
  }
  if (options.byCountry) return false;
  return options.origin === 'feed' || (options.origin === undefined && prefixes.length > 0);
}

/** Undefined: every state, the default for a given address or prefix. */
function stateWanted(options: Conditions, named: boolean): EntryState | undefined {
  if (options.expired) return 'expired';
  return options.all || named ? undefined : 'active';
}

/** Loads the client of the API only here: most commands never ask it. */
async function fromFleet(context: Context, query: EntryQuery): Promise<Found> {
  const [{ fleetClient }, { fleetEntries }] = await Promise.all([
    import('./config/fleet-client.ts'),
    import('../engine/sync/fleet-entries.ts'),
  ]);
  const client = fleetClient(await context.config());
  try {
    const entries = await fleetEntries(client, (entry) => isFound(entry, query));
    const byPrefix = new Map(entries.map((entry) => [formatPrefix(entry.prefix), entry]));
    const read: ReadEntries = (prefixes) =>
      prefixes.flatMap((prefix) => byPrefix.get(formatPrefix(prefix)) ?? []);
    return { entries, read, feeds: [] };
  } finally {
    client.close();
  }
}
