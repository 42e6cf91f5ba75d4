import { type Entry, isActive, type Seconds } from './entry.ts';

/** Ends the block now. Returns the entry itself if it is not active. */
export function expireEntry(entry: Entry, now: Seconds): Entry {
  return isActive(entry, now) ? { ...entry, expiresAt: now, endedAt: now } : entry;
}
