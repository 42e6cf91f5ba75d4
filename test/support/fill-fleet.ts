import type { FleetEntry, FleetStore } from '../../src/fleet/fleet-store.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';

/** Many active entries, no two of which make one rule: 6.0.0.0/24, 6.0.2.0/24, ... */
export async function fillFleet(store: FleetStore, count: number, at: number): Promise<void> {
  const nothing = {
    allowed: [],
    past: [],
    evidence: [],
    keys: [],
    usage: new Map(),
    claims: [],
    offences: [],
    forgetsTo: 0,
  };
  await store.change(
    {
      prefixes: [],
      keys: [],
      activeAt: undefined,
      users: [],
      counted: [],
      claimed: [],
      offenders: [],
      now: at,
    },
    ({ sequence }) => {
      const entries = Array.from({ length: count }, (_, index) => entryOf(index, sequence, at));
      return { ...nothing, sequence: sequence + count, at, entries };
    },
  );
}

function entryOf(index: number, before: number, at: number): FleetEntry {
  const network = 2 * index;
  const prefix = parsePrefix(
    `${6 + (network >> 16)}.${(network >> 8) & 255}.${network & 255}.0/24`,
  );
  const expiresAt = at + 30 * 86_400;
  const made = { origin: 'grok', note: '', by: 'admin', byAdmin: true } as const;
  const seen = { activations: 1, hits: 3, firstSeen: at, lastSeen: at, activatedAt: at };
  return {
    entry: { prefix, ...made, ...seen, expiresAt, endedAt: undefined, hitDays: [] },
    sequence: before + index + 1,
    activatedSequence: before + index + 1,
    activation: { prefix, number: 1, at, until: expiresAt, endedAt: undefined, ...made },
    latestEvidence: [],
    isWithdrawn: false,
    isShared: false,
  };
}
