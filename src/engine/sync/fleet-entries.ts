import type { Entry } from '../../blocklist/entry.ts';
import type { FleetClient } from '../../fleet/client/client.ts';
import { formatPrefix } from '../../net/prefix-text.ts';

const PAGE_SIZE = 10_000;

/**
 * The entries that the API holds now, as far as they are wanted. Throws McblockError if the API
 * cannot be reached or its answer is invalid.
 */
export async function fleetEntries(
  client: FleetClient,
  isWanted: (entry: Entry) => boolean,
): Promise<readonly Entry[]> {
  const found = new Map<string, Entry>();
  for (let since = 0, more = true; more; ) {
    // Undefined cannot come for 0, from which a full copy is always available.
    const page = await client.changes(since, PAGE_SIZE);
    for (const change of page?.changes ?? []) {
      if (change.type !== 'entry') continue;
      // An entry that changes between two pages comes again.
      const name = formatPrefix(change.entry.prefix);
      if (isWanted(change.entry)) found.set(name, change.entry);
      else found.delete(name);
    }
    since = page?.next ?? since;
    more = page?.more ?? false;
  }
  return [...found.values()];
}
