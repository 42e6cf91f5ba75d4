import type { FleetEntry, FleetStore } from '../../src/fleet/fleet-store.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';

/** So many at a time fit into one statement. */
const AT_ONCE = 50_000;

/** Many active entries, no two of which make one rule: 6.0.0.0/24, 6.0.2.0/24, ... */
export async function fillFleet(store: FleetStore, count: number, at: number): Promise<void> {
  const evidence = { past: [], evidence: [], keys: [], offences: [], takenBack: [], forgetsTo: 0 };
  const nothing = { ...evidence, allowed: [], usage: new Map(), claims: [] };
  const users = { users: [], counted: [], claimed: [], offenders: [] };
  const query = { prefixes: [], keys: [], activeAt: undefined, ...users, now: at };
  for (let first = 0; first < count; first += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - first);
    await store.change(query, ({ sequence }) => {
      const entryAt = (index: number) => entryOf(first + index, sequence + index + 1, at);
      const entries = Array.from({ length }, (_, index) => entryAt(index));
      return { ...nothing, sequence: sequence + length, at, entries };
    });
  }
}

function entryOf(index: number, sequence: number, now: number): FleetEntry {
  // As in a real list, no two have the same times.
  const at = now - (index % 86_400);
  const network = 2 * index;
  const prefix = parsePrefix(
    `${6 + (network >> 16)}.${(network >> 8) & 255}.${network & 255}.0/24`,
  );
  const expiresAt = at + 30 * 86_400;
  const made = { origin: 'grok', note: '', by: 'admin', byAdmin: true } as const;
  const seen = {
    activations: 1,
    hits: 3 + (index % 100),
    firstSeen: at - (index % 1000),
    lastSeen: at,
    activatedAt: at,
  };
  return {
    entry: { prefix, ...made, ...seen, expiresAt, endedAt: undefined, hitDays: [] },
    sequence,
    activatedSequence: sequence,
    activation: { prefix, number: 1, at, until: expiresAt, endedAt: undefined, ...made },
    latestEvidence: [],
    isWithdrawn: false,
    isShared: false,
  };
}
