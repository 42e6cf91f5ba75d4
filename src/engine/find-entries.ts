import { type Entry, stateOf } from '../blocklist/entry.ts';
import { overlaps, type Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { EntryFilter } from '../store/entries.ts';
import type { Store } from '../store/store.ts';

/** The entries around and in these prefixes, each once; without prefixes, all. */
export function findEntries(
  store: Store,
  prefixes: readonly Prefix[],
  filter: EntryFilter | undefined,
): Iterable<Entry> {
  if (prefixes.length === 0) return store.entries(filter);
  const found = new Map<string, Entry>();
  for (const prefix of prefixes) {
    const around = store.supernets(prefix).filter((entry) => hasState(entry, filter));
    for (const entry of [...around, ...store.under(prefix, filter)]) {
      found.set(formatPrefix(entry.prefix), entry);
    }
  }
  return found.values();
}

/** Whether findEntries would find the entry. */
export function isFound(
  entry: Entry,
  prefixes: readonly Prefix[],
  filter: EntryFilter | undefined,
): boolean {
  if (!hasState(entry, filter)) return false;
  return prefixes.length === 0 || prefixes.some((prefix) => overlaps(prefix, entry.prefix));
}

function hasState(entry: Entry, filter: EntryFilter | undefined): boolean {
  return filter === undefined || stateOf(entry, filter.at) === filter.state;
}
