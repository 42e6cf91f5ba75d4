import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { PendingSender } from '../../../src/engine/sync/pending-sender.ts';
import { type SyncOptions, syncRound } from '../../../src/engine/sync/sync-round.ts';
import { McblockError } from '../../../src/errors.ts';
import type { FleetClient } from '../../../src/fleet/client/client.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';
import { PfTables } from '../../support/pf-tables.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;

let line: CommandLine;
let store: Store;
let pf: PfTables;
beforeEach(() => {
  line = new CommandLine();
  store = openStore(line.db, { mode: 'write' });
  pf = new PfTables(line.folder);
});
afterEach(() => {
  store.close();
  line.remove();
});

function options(more: Partial<SyncOptions> = {}): SyncOptions {
  return {
    policies: onePolicy(DEFAULT_POLICY),
    longestSeconds: 86_400,
    maxChanges: 1000,
    now: () => NOW,
    pfctl: pf.pfctl,
    pfTables: ['brute*'],
    pfExpireSeconds: 60,
    openPublisher: undefined,
    pending: new PendingSender(86_400, () => NOW),
    apply: async () => {},
    warn: () => {},
    ...more,
  };
}

/** An API that cannot be reached. */
const AWAY = {
  url: 'https://fleet.example.net',
  changes: () => Promise.reject(new McblockError('program', 'the API is away')),
} as unknown as FleetClient;

it('records, applies and expires even if Redis and the API are away', async () => {
  pf.hold({ brute: ['203.0.113.9'] });
  let applied = 0;
  const round = await syncRound(
    store,
    AWAY,
    options({
      openPublisher: () => Promise.reject(new McblockError('program', 'Redis is away')),
      apply: async () => {
        applied = [...store.entries()].length;
      },
    }),
  );
  expect(round.recorded).toEqual({ fresh: 1, spared: 0 });
  expect(applied).toBe(1);
  expect(round.failures.map(({ message }) => message)).toEqual([
    'Redis is away',
    'the API is away',
  ]);
  expect(pf.calls().at(-1)).toBe('-t brute -T expire 60');
});

function fullDisk(): never {
  throw new McblockError('store', 'the disk is full');
}

it('leaves the addresses in the tables of pf that it could not record', async () => {
  pf.hold({ brute: ['203.0.113.9'] });
  const policies = { ...onePolicy(DEFAULT_POLICY), policyFor: fullDisk };
  const round = await syncRound(store, AWAY, options({ policies }));
  expect(round.failures[0]?.message).toBe('the disk is full');
  expect(pf.calls().at(-1)).toBe('-t brute -T show');
});

it('ends with an error that is not expected', async () => {
  const bug = new TypeError('undefined is not a function');
  const round = syncRound(store, AWAY, options({ apply: () => Promise.reject(bug) }));
  await expect(round).rejects.toBe(bug);
});
