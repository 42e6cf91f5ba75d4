import { differenceOf } from '../../firewall/difference.ts';
import type { Prefix } from '../../net/prefix.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { DEFAULT_FEED_LIMITS, type Feed } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import { storeFeed } from '../feed/update.ts';
import type { CatchUpOptions } from './catch-up-result.ts';

/** The source is no file and no URL, so that it is not taken for a feed of the owner's. */
const SOURCE = 'API ';

/** A list of prefixes that an API has. */
export interface ApiList {
  /** The name of the feed that holds it here. */
  readonly name: string;
  /** The API's URL. */
  readonly source: string;
  readonly digest: string | undefined;
  readonly prefixes: Iterable<Prefix>;
}

/** Prefixes that were added and removed. */
export interface ListCounts {
  blocked: number;
  expired: number;
}

/**
 * Keeps the list of an API as a feed, in place of what the feed held before. Throws
 * McblockError('protected') if more would be blocked than `limits.share` allows.
 * @param isDryRun counts, and stores nothing
 */
export function keepList(
  store: Store,
  { name, source, digest: etag, prefixes: given }: ApiList,
  { policies, now }: CatchUpOptions,
  isDryRun: boolean,
): ListCounts {
  const prefixes = PrefixList.from(given);
  prefixes.sort();
  const { added, removed } = differenceOf(store.feeds.prefixesOf(name), prefixes);
  if (!isDryRun) {
    const said = { etag, lastModified: undefined, limits: DEFAULT_FEED_LIMITS };
    const at = { source: `${SOURCE}${source}`, fetchedAt: now() };
    const feed = { name, ...at, prefixes: prefixes.size, ...said };
    const isSame = added.size + removed.size === 0;
    const update = { feed, prefixes: isSame ? undefined : prefixes };
    storeFeed(store, update, policies.limits.share, now());
  }
  return { blocked: added.size, expired: removed.size };
}

/** Whether the feed holds the list of an API. */
export function isApiList({ source }: Feed): boolean {
  return source.startsWith(SOURCE);
}
