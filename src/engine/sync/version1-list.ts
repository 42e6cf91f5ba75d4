import { McblockError } from '../../errors.ts';
import type { Version1Client } from '../../fleet/client/version1-client.ts';
import { isTooWide } from '../../net/wide.ts';
import type { Store } from '../../store/store.ts';
import type { CatchUpOptions, CatchUpResult } from './catch-up-result.ts';
import { isApiList, keepList } from './keep-list.ts';

/** The feed that holds acacia's list. */
const NAME = 'acacia';

/**
 * Fetches the list of acacia's API. Its prefixes are blocked for as long as they are on it, as those
 * of a feed are; they have no times, and count no activations. Throws McblockError('config') if the
 * owner has a feed of the same name.
 * @param isDryRun counts, and stores nothing
 */
export async function fetchList(
  store: Store,
  client: Version1Client,
  options: CatchUpOptions,
  isDryRun: boolean,
): Promise<CatchUpResult> {
  const known = store.feeds.get(NAME);
  if (known !== undefined && !isApiList(known)) {
    throw new McblockError(
      'config',
      `the API's list is kept as feed ${NAME}, but you have a feed of that name, from ${known.source}; give yours another name: mcblock feed NAME ${known.source}, then mcblock feed ${NAME} --remove`,
    );
  }
  const list = { name: NAME, source: client.url, digest: undefined };
  const listed = [...(await client.listed())];
  const prefixes = listed.filter((prefix) => !isTooWide(prefix));
  const counts = keepList(store, { ...list, prefixes }, options, isDryRun);
  const refused = listed.length - prefixes.length;
  return { lastNumber: 0, behind: 0, allowed: 0, unshared: 0, held: 0, refused, ...counts };
}

/** To be called once the server speaks version 2: its entries take the place of the list. */
export function forgetList(store: Store): void {
  const known = store.feeds.get(NAME);
  if (known !== undefined && isApiList(known)) store.removeFeed(NAME);
}
