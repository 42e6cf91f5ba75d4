import { type Entry, type Seconds, stateOf } from '../blocklist/entry.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { EntryCounts } from '../store/entries.ts';
import type { StoreReader } from '../store/reader.ts';
import { isByHand } from './blocker.ts';
import { findEntries } from './find-entries.ts';
import { feedsAt, isPast } from './past.ts';

/** The entries that are active at that time, as they were then. */
export function activeAt(store: StoreReader, at: Seconds): Generator<Entry> {
  return findEntries(store, { prefixes: [], at, state: 'active' });
}

/** The prefixes of these entries, and of the feeds that were read by then. */
export function activePrefixesAt(store: StoreReader, at: Seconds): PrefixList {
  if (!isPast(store, at)) return store.activePrefixes(at);
  const list = new PrefixList();
  for (const { prefix } of activeAt(store, at)) list.push(prefix);
  for (const { name } of feedsAt(store, at)) {
    for (const prefix of store.feeds.prefixesOf(name)) list.push(prefix);
  }
  return list;
}

/** The prefixes of the entries that are active at that time by hand. */
export function activeByHandAt(store: StoreReader, at: Seconds): PrefixList {
  if (!isPast(store, at)) return store.activeByHand(at);
  const list = new PrefixList();
  for (const entry of activeAt(store, at)) if (isByHand(store, entry)) list.push(entry.prefix);
  return list;
}

/** The number of entries in each state at that time. */
export function countsAt(store: StoreReader, at: Seconds): EntryCounts {
  if (!isPast(store, at)) return store.counts(at);
  const counts = { active: 0, expired: 0, never: 0 };
  for (const entry of findEntries(store, { prefixes: [], at })) counts[stateOf(entry, at)]++;
  return counts;
}
