import { type Entry, isActive, type Seconds } from './entry.ts';

/** The block ends now, the history stays. What is not active is returned as it is. */
export function expireEntry(entry: Entry, now: Seconds): Entry {
  return isActive(entry, now) ? { ...entry, expiresAt: now } : entry;
}
