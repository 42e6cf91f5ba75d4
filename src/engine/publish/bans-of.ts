import { isActive, type Seconds } from '../../blocklist/entry.ts';
import type { Evidence } from '../../blocklist/evidence.ts';
import { type Ban, MAX_EVIDENCE } from '../../fleet/pubsub/ban.ts';
import { sumEvidence } from '../../validation/evidence.ts';
import type { PendingChange } from '../judge/pending-changes.ts';

/** The entries that became active with these changes and still are. */
export function bansOf(changes: Iterable<PendingChange>, now: Seconds): Ban[] {
  const bans: Ban[] = [];
  for (const { entry, outcome, evidence } of changes) {
    if ((outcome !== 'new' && outcome !== 'reactivated') || !isActive(entry, now)) continue;
    const rows = evidence.flatMap((one) => one.rows).toSorted((p, q) => q.lastSeen - p.lastSeen);
    bans.push({
      prefix: entry.prefix,
      address: rows.find(({ address }) => address !== undefined)?.address,
      expiresAt: entry.expiresAt,
      origin: entry.origin,
      evidence: mostFrequent(rows).slice(0, MAX_EVIDENCE),
      note: entry.note,
    });
  }
  return bans;
}

/** Each message once. The message to the fleet names address and host itself. */
function mostFrequent(rows: readonly Evidence[]): Evidence[] {
  const messages = rows.map((row) => ({ ...row, address: undefined, log: '', host: '' }));
  return sumEvidence(messages).toSorted((p, q) => q.count - p.count);
}
