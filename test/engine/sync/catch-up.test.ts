import { afterEach, beforeEach, expect, it } from 'vitest';
import { neverActive } from '../../../src/blocklist/entry.ts';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { catchUp } from '../../../src/engine/sync/catch-up.ts';
import type { CatchUpResult } from '../../../src/engine/sync/catch-up-result.ts';
import type { FleetClient } from '../../../src/fleet/client/client.ts';
import type { RemoteChange, RemoteEntry } from '../../../src/fleet/client/remote-change.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;
const URL = 'https://fleet.example.net';
/** A turn of the event loop applies no more. */
const MAX_IN_A_TURN = 200;

let line: CommandLine;
let store: Store;
beforeEach(() => {
  line = new CommandLine();
  store = openStore(line.db, { mode: 'write' });
});
afterEach(() => {
  store.close();
  line.remove();
});

/** A server with these changes, numbered from 1. */
function serverOf(changes: readonly RemoteChange[]): FleetClient {
  const numbered = changes.map((change, index) => ({ ...change, sequence: index + 1 }));
  const latest = numbered.length;
  const pageAfter = async (since: number, limit: number) => {
    const page = numbered.slice(since, since + limit);
    const next = since + page.length;
    return { store: 's', next, more: next < latest, latest, changes: page };
  };
  return { url: URL, changes: pageAfter, feeds: async () => [] } as unknown as FleetClient;
}

function fetch(
  changes: readonly RemoteChange[],
  share = 25,
  addresses4 = 1e9,
): Promise<CatchUpResult> {
  const { limits } = DEFAULT_POLICY;
  const user = { ...limits.user, addresses4 };
  return catchUp(store, serverOf(changes), {
    policies: onePolicy({ ...DEFAULT_POLICY, limits: { ...limits, share, user } }),
    longestSeconds: 86_400,
    maxChanges: 100_000,
    now: () => NOW,
  });
}

/** Active entries of gate1, no two of which make one rule: 6.0.0.0/24, 6.0.2.0/24, ... */
function entries(count: number): RemoteEntry[] {
  return Array.from({ length: count }, (_, index) => entryAt(2 * index));
}

function entryAt(network: number): RemoteEntry {
  const prefix = parsePrefix(`6.${network >> 8}.${network & 255}.0/24`);
  const times = { firstSeen: NOW, lastSeen: NOW, activatedAt: NOW, expiresAt: NOW + 1000 };
  const entry = { ...neverActive(prefix, 'grok', ''), ...times, activations: 1 };
  const activatedBy = { by: 'gate1', byAdmin: false };
  const states = { evidence: [], isShared: false, isWithdrawn: false };
  return { type: 'entry', sequence: 0, entry, activatedBy, ...states };
}

function held(): number {
  return [...store.entries()].filter(({ origin }) => origin === 'fleet').length;
}

it('lets other work of the process have its turn, which sees what is stored so far', async () => {
  const seen = [held()];
  const done = fetch(entries(600));
  while (seen.at(-1) !== 600) {
    await new Promise(setImmediate);
    seen.push(held());
  }
  expect(await done).toMatchObject({ blocked: 600, behind: 0, lastNumber: 600 });
  const steps = seen.slice(1).map((count, index) => count - (seen[index] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(MAX_IN_A_TURN);
});

it('applies a page again of which only a part was applied', async () => {
  await fetch(entries(50));
  store.transaction(() => store.fleetState.setPosition(URL, { sequence: 0, store: 's' }));
  expect(await fetch(entries(60))).toMatchObject({ blocked: 10, lastNumber: 60 });
  expect(store.history(parsePrefix('6.0.0.0/24'))).toHaveLength(1);
});

it('judges by what others write meanwhile', async () => {
  const done = fetch(entries(600));
  const prefix = parsePrefix('6.4.174.0/24');
  await new Promise(setImmediate);
  store.allow(prefix, '', NOW);
  expect(await done).toMatchObject({ blocked: 599, refused: 1 });
  expect(store.get(prefix)).toBeUndefined();
});

it('allows what the fleet allows, even if it is allowed here for a time', async () => {
  const prefix = parsePrefix('6.4.174.0/24');
  const change = { type: 'allow', sequence: 0, prefix, removed: false, note: '', at: NOW } as const;
  store.allow(prefix, 'a visitor', NOW, NOW + 3600);
  expect(await fetch([change])).toMatchObject({ allowed: 1 });
  expect(store.allowed(NOW + 3600)).toMatchObject([{ prefix, expiresAt: 'forever' }]);
});

it('counts each refusal once, and remembers the first', async () => {
  const wide = entries(60).map((change, index) => {
    const prefix = parsePrefix(`${16 + (index >> 4)}.${(index & 15) << 4}.0.0/12`);
    const activatedBy = { by: 'anna', byAdmin: true };
    return { ...change, activatedBy, entry: { ...change.entry, prefix } };
  });
  // One percent of the address space is 40.96 times a /12.
  expect(await fetch(wide, 1)).toMatchObject({ blocked: 40, refused: 20 });
  expect(store.coverage.refusals()).toMatchObject({ count: 20 });
  store.fleetState.goBackToRefused(URL, NOW + 1);
  expect(store.fleetState.position(URL).sequence).toBe(40);
});

it('takes what has ended first, which makes room within the limits', async () => {
  await fetch(entries(100), 25, 100 * 256);
  const all = entries(101);
  const [first] = all;
  if (first === undefined) throw new Error('no entry');
  const end = { ...first, entry: { ...first.entry, endedAt: NOW + 1, expiresAt: NOW } };
  const result = await fetch([...all, end], 25, 100 * 256);
  expect(result).toMatchObject({ blocked: 1, expired: 1, refused: 0 });
});
