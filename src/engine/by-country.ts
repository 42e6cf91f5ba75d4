import type { Entry } from '../blocklist/entry.ts';
import { coalesce } from '../net/coalesce.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { Geo } from './geo.ts';

/** What there is of one country. An entry is where its first address is. */
export interface CountrySum {
  /** Undefined: the database does not know. */
  readonly country: string | undefined;
  readonly entries: number;
  readonly hits: number;
  /** Addresses that the entries cover, those that two cover once. */
  readonly addresses4: number;
  /** The same of IPv6, in networks of /64; what is narrower counts as a part of one. */
  readonly networks6: number;
}

/** The country with most entries first. */
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

export function countrySumJson({ country, ...sums }: CountrySum): object {
  return { country: country ?? null, ...sums };
}
