import type { Entry, Seconds } from '../blocklist/entry.ts';
import type { StoreReader } from '../store/reader.ts';
import { activeAt } from './active-at.ts';

/** Active entries with hits on so many days since they became active. */
export function* persistentEntries(
  store: StoreReader,
  days: number,
  now: Seconds,
): Generator<Entry> {
  for (const entry of activeAt(store, now)) {
    if (entry.hitDays.length >= days) yield entry;
  }
}
