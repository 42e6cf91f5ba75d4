import type { Entry, Seconds } from '../../blocklist/entry.ts';
import type { ActivationEvidence } from '../../blocklist/entry-change.ts';
import type { RemoteEntry } from '../../fleet/client/remote-change.ts';
import { contains } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';

/**
 * The evidence that a change of the fleet adds to the latest activation of the entry. No time is later
 * than now, and no address is elsewhere.
 * @param before the activations that the entry had here
 */
export function remoteEvidence(
  store: Store,
  { evidence }: RemoteEntry,
  { prefix, activations: activation }: Entry,
  before: number,
  now: Seconds,
): ActivationEvidence[] {
  // A message may have brought it before.
  if (activation === before && store.history(prefix).at(-1)?.evidence.length !== 0) return [];
  const rows = evidence
    .filter(({ address }) => address === undefined || contains(prefix, address))
    .map((row) => {
      const lastSeen = Math.min(row.lastSeen, now);
      return { ...row, firstSeen: Math.min(row.firstSeen, lastSeen), lastSeen };
    });
  return rows.length === 0 ? [] : [{ activation, rows }];
}
