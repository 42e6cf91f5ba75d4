import { type Entry, type Expiry, isActive, type Seconds } from '../blocklist/entry.ts';
import { containsPrefix, type Prefix } from '../net/prefix.ts';
import type { Store } from '../store/store.ts';

/** A feed that names an address, and the prefix by which it does. */
export type FeedMatch = ReturnType<Store['feedsCovering']>[number];

/** What blocks an address: an entry or a feed. */
export interface Block {
  readonly prefix: Prefix;
  /** Undefined for a feed. */
  readonly expiresAt: Expiry | undefined;
  readonly feed: string | undefined;
}

/** What blocks an address: the entry that blocks it longest, else a feed. */
export function blockOf(store: Store, host: Prefix, now: Seconds): Block | undefined {
  const entry = blockerOf(store, host, now);
  if (entry !== undefined) return { ...entry, feed: undefined };
  const [match] = blockingFeeds(store, host);
  return match && { prefix: match.prefix, expiresAt: undefined, feed: match.feed };
}

/** The active entry that blocks an address longest; none if the allow-list makes a hole there. */
export function blockerOf(store: Store, host: Prefix, now: Seconds): Entry | undefined {
  if (isAllowed(store, host)) return undefined;
  return store
    .supernets(host)
    .filter((entry) => isActive(entry, now))
    .toSorted((p, q) => order(q) - order(p))[0];
}

/** The feeds that block an address; none if the allow-list makes a hole there. */
export function blockingFeeds(store: Store, host: Prefix): readonly FeedMatch[] {
  return isAllowed(store, host) ? [] : store.feedsCovering(host);
}

function isAllowed(store: Store, host: Prefix): boolean {
  return store.allowed().some(({ prefix }) => containsPrefix(prefix, host));
}

function order({ expiresAt }: Entry): number {
  return expiresAt === 'forever' ? Number.MAX_SAFE_INTEGER : expiresAt;
}
