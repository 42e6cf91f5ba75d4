import { differenceOf } from '../../firewall/difference.ts';
import type { Version1Client } from '../../fleet/client/version1-client.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { isTooWide } from '../../net/wide.ts';
import { DEFAULT_FEED_LIMITS } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import { storeFeed } from '../feed/update.ts';
import type { CatchUpOptions, CatchUpResult } from './catch-up-result.ts';

/** The feed that holds acacia's list. */
const NAME = 'acacia';

/**
 * Fetches the list of acacia's API. Its prefixes are blocked for as long as they are on it, as those
 * of a feed are; they have no times, and count no activations.
 * @param isDryRun counts, and stores nothing
 */
export async function fetchList(
  store: Store,
  client: Version1Client,
  { policies, now }: CatchUpOptions,
  isDryRun: boolean,
): Promise<CatchUpResult> {
  const prefixes = new PrefixList();
  let refused = 0;
  for (const prefix of await client.listed()) {
    if (isTooWide(prefix)) refused++;
    else prefixes.push(prefix);
  }
  prefixes.sort();
  const { added, removed } = differenceOf(store.feeds.prefixesOf(NAME), prefixes);
  if (!isDryRun) {
    const said = { etag: undefined, lastModified: undefined, limits: DEFAULT_FEED_LIMITS };
    const source = `API ${client.url}`;
    const feed = { name: NAME, source, fetchedAt: now(), prefixes: prefixes.size, ...said };
    const isSame = added.size + removed.size === 0;
    storeFeed(
      store,
      { feed, prefixes: isSame ? undefined : prefixes },
      policies.limits.share,
      now(),
    );
  }
  const counts = { blocked: added.size, expired: removed.size, allowed: 0, refused };
  return { lastNumber: 0, behind: 0, ...counts };
}

/** To be called once the server speaks version 2: its entries take the place of the list. */
export function forgetList(store: Store): void {
  if (store.feeds.all().some(({ name }) => name === NAME)) store.removeFeed(NAME);
}
