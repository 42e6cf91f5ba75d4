import type { Entry } from '../blocklist/entry.ts';
import { coalesce } from '../net/coalesce.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { Geo } from './geo.ts';

/** Totals for one country. An entry belongs to the country of its first address. */
export interface CountrySum {
  /** Undefined if the database does not know. */
  readonly country: string | undefined;
  readonly entries: number;
  readonly hits: number;
  /** IPv4 addresses covered by the entries, each counted once. */
  readonly addresses4: number;
  /** IPv6 networks of /64 covered by the entries; narrower prefixes count as fractions of one. */
  readonly networks6: number;
}

/** Sorted by number of entries, largest first. */
export function byCountry(entries: Iterable<Entry>, geo: Geo): CountrySum[] {
  const sums = new Map<string | undefined, { entries: number; hits: number; list: PrefixList }>();
  for (const { prefix, hits } of entries) {
    const country = geo.country(prefix);
    const sum = sums.get(country) ?? { entries: 0, hits: 0, list: new PrefixList() };
    sums.set(country, sum);
    sum.entries++;
    sum.hits += hits;
    sum.list.push(prefix);
  }
  return Array.from(sums, ([country, { entries: count, hits, list }]) => {
    let [addresses4, networks6] = [0, 0];
    for (const { family, length } of coalesce(list)) {
      if (family === 4) addresses4 += 2 ** (32 - length);
      else networks6 += 2 ** (64 - length);
    }
    return { country, entries: count, hits, addresses4, networks6: Math.ceil(networks6) };
  }).toSorted((p, q) => q.entries - p.entries || ((p.country ?? '') < (q.country ?? '') ? -1 : 1));
}
