import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isActive, neverActive, type Seconds } from '../../../src/blocklist/entry.ts';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { storeBans } from '../../../src/engine/listen/store-bans.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { catchUp } from '../../../src/engine/sync/catch-up.ts';
import type { FleetClient } from '../../../src/fleet/client/client.ts';
import type { RemoteChange } from '../../../src/fleet/client/remote-change.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';

/** When gate1 blocked the prefix, by the clock of the server. */
const T = Date.UTC(2026, 0, 1) / 1000;
const YEAR = 365 * 86_400;
const PREFIX = parsePrefix('198.51.100.0/24');

let line: CommandLine;
let store: Store;
let lastNumber = 0;
beforeEach(() => {
  line = new CommandLine();
  store = openStore(line.db, { mode: 'write' });
});
afterEach(() => {
  store.close();
  line.remove();
});

/** gate1's message, published then by its own clock. */
function receive(publishedAt: Seconds, now: Seconds): void {
  const ban = {
    prefix: PREFIX,
    address: undefined,
    expiresAt: T + YEAR,
    origin: 'grok',
    evidence: [],
    note: '',
  } as const;
  const message = { sender: 'gate1', channel: 'b', number: ++lastNumber, at: publishedAt, ban };
  const parts = { prefix: PREFIX, address: undefined, message, channel: 'b' };
  storeBans(
    store,
    [{ ...parts, isSigned: true, isDuplicate: false }],
    onePolicy(DEFAULT_POLICY),
    now,
    300,
  );
}

interface Told {
  readonly at?: Seconds;
  readonly endedAt?: Seconds;
  readonly isWithdrawn?: boolean;
  readonly activations?: number;
  readonly by?: string;
}

/** Asks the server, which tells this of the prefix. */
async function fetch(
  { at = T, endedAt, isWithdrawn = false, activations = 1, by = 'gate1' }: Told,
  now: Seconds,
): Promise<void> {
  const sequence = store.fleetState.position('').sequence + 1;
  const times = { firstSeen: at, lastSeen: at, activatedAt: at, expiresAt: endedAt ?? T + YEAR };
  const entry = { ...neverActive(PREFIX, 'grok', ''), ...times, endedAt, activations };
  const activatedBy = { by, byAdmin: false };
  const states = { evidence: [], isShared: false, isWithdrawn };
  const change: RemoteChange = { type: 'entry', sequence, entry, activatedBy, ...states };
  const page = { store: 's', next: sequence, more: false, latest: sequence, changes: [change] };
  const client = { url: '', feeds: async () => [], changes: async () => page };
  await catchUp(store, client as unknown as FleetClient, {
    policies: onePolicy(DEFAULT_POLICY),
    longestSeconds: YEAR,
    maxChanges: 100,
    now: () => now,
  });
}

function isBlocked(at: Seconds): boolean {
  const entry = store.get(PREFIX);
  return entry !== undefined && isActive(entry, at);
}

describe('a machine that receives messages and asks the API', () => {
  it('withdraws what a message told it first', async () => {
    receive(T + 5, T + 5);
    expect(isBlocked(T + 5)).toBe(true);
    await fetch({ endedAt: T + 60, isWithdrawn: true }, T + 70);
    expect(isBlocked(T + 70)).toBe(false);
    expect(store.withdrawals.all()).toMatchObject([{ withdrawnAt: T + 60 }]);
  });

  it('keeps what another machine has activated since', async () => {
    await fetch({ at: T + 65, by: 'gate2' }, T + 66);
    await fetch({ endedAt: T + 60, isWithdrawn: true }, T + 70);
    expect(isBlocked(T + 70)).toBe(true);
  });

  it('believes no message that was published before the ban was ended or withdrawn', async () => {
    await fetch({}, T + 1);
    await fetch({ endedAt: T + 60 }, T + 70);
    receive(T + 5, T + 80);
    expect(isBlocked(T + 80)).toBe(false);
    receive(T + 75, T + 80);
    expect(isBlocked(T + 80)).toBe(true);
    await fetch({ at: T + 75, activations: 2, endedAt: T + 90, isWithdrawn: true }, T + 100);
    expect(isBlocked(T + 100)).toBe(false);
    receive(T + 76, T + 110);
    expect(isBlocked(T + 110)).toBe(false);
  });

  it('ends what it received only after the end', async () => {
    receive(T + 5, T + 80);
    await fetch({ endedAt: T + 60 }, T + 90);
    expect(isBlocked(T + 90)).toBe(false);
  });

  it('ends a ban though its clock and that of its maker are ahead', async () => {
    receive(T + 30, T + 30);
    await fetch({ endedAt: T + 20 }, T + 60);
    expect(isBlocked(T + 60)).toBe(false);
    // Not one that the fleet does not know of yet.
    receive(T + 70, T + 70);
    await fetch({ endedAt: T + 20 }, T + 71);
    expect(isBlocked(T + 71)).toBe(true);
  });

  it('blocks what was activated between the end and its asking, and reported later', async () => {
    await fetch({}, T + 1);
    await fetch({ endedAt: T + 100 }, T + 130);
    expect(isBlocked(T + 130)).toBe(false);
    expect(store.history(PREFIX)).toMatchObject([{ endedAt: T + 100 }]);
    await fetch({ at: T + 120, activations: 2, by: 'gate2' }, T + 310);
    expect(isBlocked(T + 310)).toBe(true);
  });
});
