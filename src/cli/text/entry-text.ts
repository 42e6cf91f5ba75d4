import { type Entry, isActive, type Seconds, stateOf } from '../../blocklist/entry.ts';
import type { Geo } from '../../engine/geo.ts';
import type { Address } from '../../net/address.ts';
import { formatPrefix, shortPrefix } from '../../net/prefix-text.ts';
import type { FeedMatch } from '../../store/feeds.ts';
import { formatDuration } from './duration.ts';
import { printable } from './printable.ts';
import { type Column, timeColumn } from './table.ts';
import { isoTime, shortTime } from './time.ts';

/** An entry for programs. Names and meanings are stable. */
export interface EntryJson {
  readonly prefix: string;
  readonly active: boolean;
  readonly activations: number;
  readonly hits: number;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  readonly activatedAt: string | null;
  /** null: forever. */
  readonly expiresAt: string | null;
  readonly origin: string;
  readonly note: string;
  /** Absent without a database; null if it does not know. */
  readonly country?: string | null;
  readonly network?: string | null;
}

/** How long its latest activation blocks: `for 30 days`. */
export function lengthText({ expiresAt, activatedAt = 0 }: Entry): string {
  return expiresAt === 'forever' ? 'forever' : `for ${formatDuration(expiresAt - activatedAt)}`;
}

export function entryJson(entry: Entry, now: Seconds, geo?: Geo): EntryJson {
  return {
    prefix: formatPrefix(entry.prefix),
    active: isActive(entry, now),
    activations: entry.activations,
    hits: entry.hits,
    firstSeen: isoTime(entry.firstSeen),
    lastSeen: isoTime(entry.lastSeen),
    activatedAt: isoTime(entry.activatedAt),
    expiresAt: isoTime(entry.expiresAt),
    origin: entry.origin,
    note: entry.note,
    ...(geo ? whereJson(entry.prefix, geo) : {}),
  };
}

/** The country and network of an address, for programs. */
export function whereJson(
  address: Address,
  geo: Geo,
): { readonly country: string | null; readonly network: string | null } {
  return { country: geo.country(address) ?? null, network: geo.network(address) ?? null };
}

/** A prefix of a feed, in the JSON form of an entry. */
export function feedJson({ prefix, feed }: FeedMatch, geo?: Geo): EntryJson {
  return {
    prefix: formatPrefix(prefix),
    active: true,
    activations: 0,
    hits: 0,
    firstSeen: null,
    lastSeen: null,
    activatedAt: null,
    expiresAt: null,
    origin: 'feed',
    note: feed,
    ...(geo ? whereJson(prefix, geo) : {}),
  };
}

/** A row of `show`. */
export type ShownRow = Entry | FeedMatch;

/** The columns of `show`. */
export function entryColumns(now: Seconds, geo?: Geo): readonly Column<ShownRow>[] {
  const ofEntry = (text: (entry: Entry) => string, otherwise = '-') => {
    return (row: ShownRow) => ('feed' in row ? otherwise : text(row));
  };
  return [
    { title: 'PREFIX', cell: (row) => shortPrefix(row.prefix) },
    { title: 'STATE', cell: ofEntry((entry) => stateOf(entry, now), 'active') },
    { title: 'TIMES', align: 'right', cell: ofEntry((entry) => String(entry.activations)) },
    { title: 'HITS', align: 'right', cell: ofEntry((entry) => String(entry.hits)) },
    timeColumn(
      'LAST SEEN',
      ofEntry((entry) => shortTime(entry.lastSeen)),
    ),
    timeColumn(
      'UNTIL',
      ofEntry((entry) => (entry.activations === 0 ? '-' : shortTime(entry.expiresAt))),
    ),
    { title: 'ORIGIN', cell: ofEntry((entry) => entry.origin, 'feed') },
    ...(geo ? whereColumns(geo) : []),
    { title: 'NOTE', cell: (row) => printable('feed' in row ? row.feed : row.note) },
  ];
}

function whereColumns(geo: Geo): readonly Column<ShownRow>[] {
  return [
    { title: 'IN', cell: ({ prefix }) => geo.country(prefix) ?? '-' },
    { title: 'NETWORK', cell: ({ prefix }) => printable(geo.network(prefix) ?? '-') },
  ];
}

/** `blocked twice` */
export function activationsText(activations: number): string {
  if (activations === 0) return 'never activated';
  if (activations === 1) return 'activated once';
  return activations === 2 ? 'activated twice' : `activated ${activations} times`;
}
