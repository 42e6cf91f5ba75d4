import type { Entry, Seconds } from '../blocklist/entry.ts';
import type { StoreReader } from '../store/reader.ts';

/** Active entries with hits on so many days since they became active. */
export function* persistentEntries(
  store: StoreReader,
  days: number,
  now: Seconds,
): Generator<Entry> {
  for (const entry of store.entries({ state: 'active', at: now })) {
    if (entry.hitDays.length >= days) yield entry;
  }
}
