import { DAY_SECONDS } from '../../blocklist/policy.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import type { Store } from '../../store/store.ts';
import type { CatchUpOptions, CatchUpResult } from './catch-up-result.ts';
import { ChangeApplier } from './change-applier.ts';
import { fetchFeeds } from './fetch-feeds.ts';
import { fetchList, forgetList } from './version1-list.ts';

/** Parsing a page takes a few milliseconds, in which nothing else is done. */
const PAGE_SIZE = 500;

/**
 * Fetches all changes since the last known number from the API and applies them page by page,
 * while the process goes on with other work. Throws McblockError if the API cannot be reached or its
 * answer is invalid; then nothing of that page is applied.
 * @param isDryRun counts, and stores nothing
 */
export async function catchUp(
  store: Store,
  client: FleetClient,
  options: CatchUpOptions,
  isDryRun = false,
): Promise<CatchUpResult> {
  try {
    const result = await fetchChanges(store, client, options, isDryRun);
    if (!isDryRun) forgetList(store);
    const { blocked, expired, refused } = await fetchFeeds(store, client, options, isDryRun);
    result.blocked += blocked;
    result.expired += expired;
    result.refused += refused;
    return result;
  } catch (error) {
    if (client.version1 === undefined) throw error;
    return fetchList(store, client.version1, options, isDryRun);
  }
}

async function fetchChanges(
  store: Store,
  client: FleetClient,
  options: CatchUpOptions,
  isDryRun: boolean,
): Promise<CatchUpResult> {
  const applier = new ChangeApplier(store, client.url, options, isDryRun);
  if (!isDryRun) store.fleetState.goBackToRefused(client.url, options.now() - DAY_SECONDS);
  let known = store.fleetState.position(client.url);
  const isFirst = known.sequence === 0 && known.store === '';
  let from = known;
  let left = options.maxChanges;
  for (;;) {
    const page = await client.changes(from.sequence, Math.min(PAGE_SIZE, left), from.store);
    if (page === undefined) {
      // The API has a different store than before, with its own numbers.
      from = { sequence: 0, store: '' };
      continue;
    }
    const next = { sequence: page.next, store: page.store };
    const isStored = await applier.apply(page, known, next);
    known = isStored ? next : store.fleetState.position(client.url);
    from = known;
    if (!isStored) continue;
    left -= page.changes.length;
    if (!page.more || left <= 0) {
      if (!isDryRun && client.widest) store.fleetState.setWidest(client.url, client.widest);
      const { sequence } = next;
      const behind = page.more ? page.latest - sequence : 0;
      const unshared = isFirst ? store.outbox.countUnshared(options.now()) : 0;
      return { lastNumber: sequence, behind, ...applier.done, unshared };
    }
  }
}
