import { McblockError } from '../errors.ts';
import type { FleetClient } from '../fleet/client/client.ts';
import type { Feed } from '../store/feeds.ts';
import type { Store } from '../store/store.ts';
import { fleetClient } from './config/fleet-client.ts';
import type { Context } from './context.ts';

/**
 * Gives feeds to the whole fleet. Throws McblockError if the API cannot be reached, or refuses.
 * @param isAgain only those that the fleet has already
 */
export async function shareFeeds(
  context: Context,
  store: Store,
  feeds: readonly Feed[],
  isAgain = false,
): Promise<void> {
  await withClient(context, async (client) => {
    const known = await client.feeds();
    if (known === undefined) throw new McblockError('program', `${client.url}: ${TOO_OLD}`);
    const names = new Set(known.map(({ name }) => name));
    for (const { name, source } of feeds) {
      if (isAgain && !names.has(name)) continue;
      await client.putFeed(name, source, [...store.feeds.prefixesOf(name)]);
    }
  });
}

/** Takes a feed from the whole fleet. Returns whether it had it. */
export function unshareFeed(context: Context, name: string): Promise<boolean> {
  return withClient(context, (client) => client.removeFeed(name));
}

const TOO_OLD = 'the API server is too old to distribute feeds; update it';

async function withClient<T>(
  context: Context,
  work: (client: FleetClient) => Promise<T>,
): Promise<T> {
  const client = fleetClient(await context.config());
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
