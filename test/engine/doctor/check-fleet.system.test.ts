import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFleet } from '../../../src/engine/doctor/check-store.ts';
import type { FleetClient } from '../../../src/fleet/client/client.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';

const NOW = 1_780_000_000;
const URL = 'https://fleet.example.net';

let folder: string;
let store: Store;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcblock-fleet-'));
  store = openStore(join(folder, 'mcblock.db'), { mode: 'write' });
  store.fleetState.setPosition(URL, { sequence: 40, store: 'a' });
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('checkFleet', () => {
  it.each([
    [40, 'ok', 'up to date', 0],
    [52, 'ok', '12 changes behind', 12],
    [4040, 'warning', '4,000 changes behind', 4000],
    [undefined, 'warning', 'different store: everything will be fetched again', 0],
    [39, 'warning', 'different store: everything will be fetched again', 0],
  ] as const)(
    'tells how far behind a server at change %s it is',
    async (latest, state, text, behind) => {
      const client = {
        url: URL,
        changes: async () =>
          latest && { store: 'a', next: latest, more: false, latest, changes: [] },
      } as unknown as FleetClient;
      expect(await checkFleet(client, store, NOW)).toMatchObject({
        state,
        text: `${URL}: ${text}, 0 reports to send`,
        figures: { behind, waiting: 0 },
      });
    },
  );

  it('counts the wide prefixes that wait for another machine', async () => {
    const until = NOW + 60;
    store.fleetState.claims.claim(parsePrefix('203.0.112.0/22'), 'gate1', until, NOW);
    store.fleetState.claims.claim(parsePrefix('203.0.112.0/20'), 'gate1', NOW, NOW - 60);
    const client = {
      url: URL,
      changes: async () => ({ store: 'a', next: 40, more: false, latest: 40, changes: [] }),
    } as unknown as FleetClient;
    expect(await checkFleet(client, store, NOW)).toMatchObject({
      state: 'ok',
      text: `${URL}: up to date, 0 reports to send, 1 wide prefixes held (fleet.quorum)`,
      figures: { held: 1 },
    });
  });

  it('names the reports that the API defers', async () => {
    store.outbox.share({ type: 'expire', prefix: parsePrefix('192.0.2.1') });
    store.outbox.defer([1], 'above a limit', 100);
    const client = {
      url: URL,
      changes: async () => ({ store: 'a', next: 40, more: false, latest: 40, changes: [] }),
    } as unknown as FleetClient;
    expect(await checkFleet(client, store, NOW)).toMatchObject({
      state: 'warning',
      text: `${URL} deferred 1 report: above a limit`,
      figures: { deferred: 1 },
    });
  });
});
