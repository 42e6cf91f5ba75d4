import {
  type Entry,
  type EntryState,
  type Origin,
  type Seconds,
  stateOf,
} from '../blocklist/entry.ts';
import { overlaps, type Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { EntryFilter } from '../store/entries.ts';
import type { FeedMatch } from '../store/feeds.ts';
import type { StoreReader } from '../store/reader.ts';
import { entriesThen, feedsThen, isPast, removedSince } from './past.ts';

/** The entries to find. All conditions must hold. */
export interface EntryQuery {
  /** Finds entries that contain one of these or lie within one; empty: all entries. */
  readonly prefixes: readonly Prefix[];
  readonly at: Seconds;
  readonly state?: EntryState | undefined;
  readonly origin?: Origin | undefined;
  /** Activated at this time or later. */
  readonly since?: Seconds | undefined;
  /** Activated before this time. */
  readonly until?: Seconds | undefined;
  /** Text in the note, in any case. */
  readonly note?: string | undefined;
  /** Only entries with evidence of this service. */
  readonly service?: string | undefined;
  /** Whether the first address of a prefix is in the wanted country. */
  readonly isThere?: ((prefix: Prefix) => boolean) | undefined;
}

/** The entries that a query finds at its time, each once. */
export function* findEntries(store: StoreReader, query: EntryQuery): Generator<Entry> {
  for (const entry of candidates(store, query)) {
    if (!isFound(entry, query)) continue;
    const { service } = query;
    if (service === undefined || store.hasEvidenceOf(entry.prefix, service)) yield entry;
  }
}

/** Whether a query matches an entry, evidence aside. */
export function isFound(entry: Entry, query: EntryQuery): boolean {
  const { prefixes, at, state, origin, since, until, note, isThere } = query;
  const { prefix, activatedAt } = entry;
  return (
    (state === undefined || stateOf(entry, at) === state) &&
    (origin === undefined || entry.origin === origin) &&
    (since === undefined || (activatedAt !== undefined && activatedAt >= since)) &&
    (until === undefined || (activatedAt !== undefined && activatedAt < until)) &&
    (note === undefined || entry.note.toLowerCase().includes(note.toLowerCase())) &&
    (prefixes.length === 0 || prefixes.some((one) => overlaps(one, prefix))) &&
    (isThere === undefined || isThere(prefix))
  );
}

/** The prefixes of feeds that match the query. */
export function findFeeds(store: StoreReader, query: EntryQuery): FeedMatch[] {
  const { prefixes, at, note = '', isThere } = query;
  const matches = prefixes.length === 0 ? allOfFeeds(store) : [];
  for (const [index, prefix] of prefixes.entries()) {
    const earlier = prefixes.slice(0, index);
    for (const match of [...store.feeds.supernets(prefix), ...store.feeds.within(prefix)]) {
      if (!earlier.some((one) => overlaps(one, match.prefix))) matches.push(match);
    }
  }
  return feedsThen(store, matches, at).filter(
    ({ feed, prefix }) =>
      feed.toLowerCase().includes(note.toLowerCase()) && (isThere?.(prefix) ?? true),
  );
}

function allOfFeeds(store: StoreReader): FeedMatch[] {
  return store.feeds
    .all()
    .flatMap(({ name: feed }) =>
      Array.from(store.feeds.prefixesOf(feed), (prefix) => ({ feed, prefix })),
    );
}

/** The entries to search, as they were at the time, each once. */
function* candidates(store: StoreReader, { prefixes, at, state }: EntryQuery): Generator<Entry> {
  if (!isPast(store, at)) {
    yield* around(store, prefixes, state && { state, at });
    return;
  }
  const readThen = entriesThen(store, at);
  const removed = removedSince(store, at);
  const names = new Set(removed.map(({ prefix }) => formatPrefix(prefix)));
  for (const { prefix } of around(store, prefixes, undefined)) {
    if (!names.has(formatPrefix(prefix))) yield* readThen([prefix]);
  }
  yield* removed;
}

/** The entries that contain one of the prefixes or lie within one, each once; without prefixes, all. */
function* around(
  store: StoreReader,
  prefixes: readonly Prefix[],
  filter: EntryFilter | undefined,
): Generator<Entry> {
  if (prefixes.length === 0) yield* store.entries(filter);
  for (const [index, prefix] of prefixes.entries()) {
    const earlier = prefixes.slice(0, index);
    const isNew = (entry: Entry) => !earlier.some((one) => overlaps(one, entry.prefix));
    const wider = store.supernets(prefix).filter((entry) => entry.prefix.length < prefix.length);
    yield* wider.filter(isNew);
    for (const entry of store.under(prefix, filter)) if (isNew(entry)) yield entry;
  }
}
