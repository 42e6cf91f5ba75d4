import type { Entry } from '../../blocklist/entry.ts';
import { fleetClient } from '../../cli/config/fleet-client.ts';
import type { Context } from '../../cli/context.ts';
import { stateOf } from '../../cli/text/entry-text.ts';
import { overlaps, type Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { EntryFilter } from '../../store/entries.ts';

const PAGE = 10_000;

/**
 * The entries that the API holds now, those around and in these prefixes if there are any. Throws
 * McblockError where the API is away or answers nonsense.
 */
export async function fleetEntries(
  context: Context,
  prefixes: readonly Prefix[],
  filter: EntryFilter | undefined,
): Promise<readonly Entry[]> {
  const client = fleetClient(await context.config());
  const found = new Map<string, Entry>();
  try {
    for (let since = 0, more = true; more; ) {
      // A full copy is always to be had: undefined cannot come for 0, and later only in between.
      const page = await client.changes(since, PAGE);
      for (const change of page?.changes ?? []) {
        if (change.type !== 'entry') continue;
        // What changes between two pages comes once more.
        const name = formatPrefix(change.entry.prefix);
        if (isWanted(change.entry, prefixes, filter)) found.set(name, change.entry);
        else found.delete(name);
      }
      since = page?.next ?? since;
      more = page?.more ?? false;
    }
  } finally {
    client.close();
  }
  return [...found.values()];
}

function isWanted(
  entry: Entry,
  prefixes: readonly Prefix[],
  filter: EntryFilter | undefined,
): boolean {
  if (filter !== undefined && stateOf(entry, filter.at) !== filter.state) return false;
  return prefixes.length === 0 || prefixes.some((prefix) => overlaps(prefix, entry.prefix));
}
