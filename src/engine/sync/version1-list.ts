import { McblockError } from '../../errors.ts';
import { differenceOf } from '../../firewall/difference.ts';
import type { Version1Client } from '../../fleet/client/version1-client.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { isTooWide } from '../../net/wide.ts';
import { DEFAULT_FEED_LIMITS, type Feed } from '../../store/feeds.ts';
import type { Store } from '../../store/store.ts';
import { storeFeed } from '../feed/update.ts';
import type { CatchUpOptions, CatchUpResult } from './catch-up-result.ts';

/** The feed that holds acacia's list. */
const NAME = 'acacia';
/** The source is no file and no URL, so that it is not taken for a feed of the owner's. */
const SOURCE = 'API ';

/**
 * Fetches the list of acacia's API. Its prefixes are blocked for as long as they are on it, as those
 * of a feed are; they have no times, and count no activations. Throws McblockError('config') if the
 * owner has a feed of the same name.
 * @param isDryRun counts, and stores nothing
 */
export async function fetchList(
  store: Store,
  client: Version1Client,
  { policies, now }: CatchUpOptions,
  isDryRun: boolean,
): Promise<CatchUpResult> {
  const known = feedNamed(store);
  if (known !== undefined && !isList(known)) {
    throw new McblockError(
      'config',
      `the API's list is kept as feed ${NAME}, but you have a feed of that name, from ${known.source}; give yours another name: mcblock feed NAME ${known.source}, then mcblock feed ${NAME} --remove`,
    );
  }
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
    const source = SOURCE + client.url;
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
  return { lastNumber: 0, behind: 0, unshared: 0, held: 0, ...counts };
}

/** To be called once the server speaks version 2: its entries take the place of the list. */
export function forgetList(store: Store): void {
  const known = feedNamed(store);
  if (known !== undefined && isList(known)) store.removeFeed(NAME);
}

function feedNamed(store: Store): Feed | undefined {
  return store.feeds.all().find(({ name }) => name === NAME);
}

function isList({ source }: Feed): boolean {
  return source.startsWith(SOURCE);
}
