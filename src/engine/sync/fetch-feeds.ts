import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { Feed } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import type { CatchUpOptions } from './catch-up-result.ts';
import { keepList, type ListCounts } from './keep-list.ts';

/** No feed of the owner's has such a name. */
const NAME_PREFIX = 'fleet:';
/** That a feed is as it was is written no more often than this. */
const FRESH_SECONDS = 3600;

/** What changed, and how many feeds would block too much. */
interface FeedCounts extends ListCounts {
  refused: number;
}

/**
 * Fetches the feeds of the fleet that have changed, and keeps them as feeds named `fleet:NAME`. One that
 * would block more than `limits.share` allows stays as it was. Throws what the client throws.
 * @param isDryRun counts, and stores nothing
 */
export async function fetchFeeds(
  store: Store,
  client: FleetClient,
  options: CatchUpOptions,
  isDryRun: boolean,
): Promise<FeedCounts> {
  const done: FeedCounts = { blocked: 0, expired: 0, refused: 0 };
  const feeds = await client.feeds();
  if (feeds === undefined) return done;
  const ours = store.feeds.all().filter(({ name }) => name.startsWith(NAME_PREFIX));
  const known = new Map(ours.map((feed) => [feed.name, feed]));
  for (const { name: short, digest: latest } of feeds) {
    const name = `${NAME_PREFIX}${short}`;
    const before = known.get(name);
    known.delete(name);
    if (before?.etag === latest) {
      if (!isDryRun) stillFresh(store, before, options.now());
      continue;
    }
    const fetched = await client.feed(short);
    if (fetched === undefined) continue;
    const { digest, prefixes } = fetched;
    const list = { name, source: client.url, digest, prefixes };
    try {
      const { blocked, expired } = keepList(store, list, options, isDryRun);
      done.blocked += blocked;
      done.expired += expired;
    } catch (error) {
      if (!(error instanceof McblockError) || error.code !== 'protected') throw error;
      done.refused++;
    }
  }
  for (const { name, prefixes } of known.values()) {
    done.expired += prefixes;
    if (!isDryRun) store.removeFeed(name);
  }
  return done;
}

function stillFresh(store: Store, feed: Feed, now: Seconds): void {
  if (now >= feed.fetchedAt + FRESH_SECONDS) store.feeds.put({ ...feed, fetchedAt: now });
}
