import { coverageOf } from '../blocklist/coverage.ts';
import type { Seconds } from '../blocklist/entry.ts';
import { DAY_SECONDS } from '../blocklist/policy.ts';
import { formatAddress } from '../net/address-text.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { EntryCounts } from '../store/entries.ts';
import type { Count } from '../store/statistics.ts';
import type { Store } from '../store/store.ts';
import { activeAt, activePrefixesAt, countsAt } from './active-at.ts';
import { byCountry, type CountrySum } from './by-country.ts';
import type { Geo } from './geo.ts';
import { feedsAt } from './past.ts';
import { persistentEntries } from './persistent.ts';

/** Offenders counted at once; if there are more, those with the fewest offences are dropped. */
const MAX_COUNTED = 200_000;
const MAX_DAYS = 366;

/** When active entries expire: within this many days, and not within the number before it. */
const EXPIRY_DAYS = [1, 7, 30, 365, Number.POSITIVE_INFINITY] as const;

/** What happened in a span of time, and what is active at its end. */
export interface Stats {
  readonly since: Seconds;
  readonly until: Seconds;
  readonly entries: EntryCounts;
  readonly feedPrefixes: number;
  /** How many addresses entries and feeds cover, each counted once. */
  readonly addresses4: bigint;
  /** For each UTC day of the span, from its first: the activations. */
  readonly days: readonly { readonly day: Seconds; readonly activations: number }[];
  readonly origins: readonly Count[];
  /** By offences, the most first. */
  readonly services: readonly Count[];
  readonly offenders: readonly Count[];
  readonly prefixes: readonly Count[];
  /** By the database of networks; undefined without one. */
  readonly networks: readonly Count[] | undefined;
  /** The countries of the active entries; undefined without a database. */
  readonly countries: readonly CountrySum[] | undefined;
  /** The different users that were tried; their names are not kept. */
  readonly users: number;
  readonly expiring: readonly { readonly days: number; readonly entries: number }[];
  readonly forever: number;
  /** Active entries that are still hit, and those with the most hits. */
  readonly persistent: { readonly entries: number; readonly most: readonly Count[] };
}

/**
 * Sums up offences and activations since a time, but for those that were withdrawn or forgotten.
 * Evidence is kept as one sum for each log and activation, and one of which a part is in that time counts
 * in full.
 * @param most the rows of each list
 * @param persistentDays hits on so many days make an active entry persistent
 */
export function statsOf(
  store: Store,
  since: Seconds,
  now: Seconds,
  most: number,
  geo: Geo | undefined,
  persistentDays: number,
): Stats {
  const { statistics } = store;
  return {
    since,
    until: now,
    entries: countsAt(store, now),
    feedPrefixes: feedsAt(store, now).reduce((sum, { prefixes }) => sum + prefixes, 0),
    addresses4: coverageOf(activePrefixesAt(store, now))[4],
    days: daysOf(statistics.activationsByDay(since, now), since, now),
    origins: statistics.activationsByOrigin(since, now),
    ...offencesOf(store, since, now, most, geo),
    countries: geo && byCountry(activeAt(store, now), geo).slice(0, most),
    users: statistics.usersTried(since, now),
    ...expiringOf(store, now),
    persistent: persistentOf(store, persistentDays, now, most),
  };
}

function expiringOf(store: Store, now: Seconds): Pick<Stats, 'expiring' | 'forever'> {
  const expiring = EXPIRY_DAYS.map((days) => ({ days, entries: 0 }));
  let forever = 0;
  for (const { expiresAt } of activeAt(store, now)) {
    if (expiresAt === 'forever') forever++;
    else {
      const span = expiring.find(({ days }) => expiresAt <= now + days * DAY_SECONDS);
      if (span !== undefined) span.entries++;
    }
  }
  return { expiring, forever };
}

function persistentOf(store: Store, days: number, now: Seconds, most: number): Stats['persistent'] {
  const hits = new NameCounts();
  let entries = 0;
  for (const { prefix, hits: count } of persistentEntries(store, days, now)) {
    entries++;
    hits.add(formatPrefix(prefix), count);
  }
  return { entries, most: hits.most(most) };
}

function daysOf(counts: ReadonlyMap<number, number>, since: Seconds, now: Seconds): Stats['days'] {
  const last = Math.floor(now / DAY_SECONDS);
  const first = Math.max(
    Math.floor(since / DAY_SECONDS),
    Math.min(...counts.keys(), last),
    last - MAX_DAYS + 1,
  );
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    day: (first + index) * DAY_SECONDS,
    activations: counts.get(first + index) ?? 0,
  }));
}

function offencesOf(
  store: Store,
  since: Seconds,
  until: Seconds,
  most: number,
  geo: Geo | undefined,
): Pick<Stats, 'services' | 'offenders' | 'prefixes' | 'networks'> {
  const [services, offenders] = [new NameCounts(), new NameCounts()];
  const [prefixes, networks] = [new NameCounts(), new NameCounts()];
  for (const { prefix, rows } of store.statistics.evidenceAround(since, until)) {
    for (const { service, address, count } of rows) {
      services.add(service, count);
      if (address) offenders.add(formatAddress(address), count);
      prefixes.add(formatPrefix(prefix), count);
      networks.add(geo?.network(address ?? prefix) ?? '-', count);
    }
  }
  return {
    services: services.most(most),
    offenders: offenders.most(most),
    prefixes: prefixes.most(most),
    networks: geo && networks.most(most),
  };
}

class NameCounts {
  #counts = new Map<string, number>();

  add(name: string, count: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
    if (this.#counts.size <= MAX_COUNTED) return;
    this.#counts = new Map(this.most(MAX_COUNTED / 2).map((one) => [one.name, one.count]));
  }

  /** The most frequent ones, at most `limit`, the most frequent first. */
  most(limit: number): Count[] {
    return Array.from(this.#counts, ([name, count]) => ({ name, count }))
      .toSorted((p, q) => q.count - p.count || (p.name < q.name ? -1 : 1))
      .slice(0, limit);
  }
}
