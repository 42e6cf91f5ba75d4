import { countText } from '../../count-text.ts';
import type { CountrySum } from '../../engine/by-country.ts';
import type { Column } from './table.ts';

export function countrySumJson({ country, ...sums }: CountrySum): object {
  return { country: country ?? null, ...sums };
}

/** The totals of countries as text. */
export const COUNTRY_COLUMNS: readonly Column<CountrySum>[] = [
  { title: 'IN', cell: ({ country }) => country ?? '-' },
  { title: 'ENTRIES', align: 'right', cell: ({ entries }) => countText(entries) },
  { title: 'HITS', align: 'right', cell: ({ hits }) => countText(hits) },
  {
    title: 'IPV4 ADDRESSES',
    align: 'right',
    cell: ({ addresses4 }) => countText(addresses4),
  },
  { title: 'IPV6 /64S', align: 'right', cell: ({ networks6 }) => countText(networks6) },
];
