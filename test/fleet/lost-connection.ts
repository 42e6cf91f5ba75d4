import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { openFleetStore } from '../../src/engine/fleet-store.ts';
import type { FleetChange, FleetSnapshot, FleetStore } from '../../src/fleet/fleet-store.ts';
import { processReports } from '../../src/fleet/process-reports.ts';
import { snapshotQueryOf } from '../../src/fleet/submission.ts';

const SOCKET = '.s.PGSQL.5432';
const NOW = 1_780_000_000;
const RULES = { policy: DEFAULT_POLICY, protections: [], maxEvidence: 1000 };
const NOTHING = snapshotQueryOf([], DEFAULT_POLICY, NOW, []);

function unchanged(past: FleetSnapshot): FleetChange {
  return processReports(past, [], RULES, NOW).change;
}

/** @param database makes an empty one, and returns its URL, which ends with the folder of the socket */
export function describeLostConnection(database: () => string): void {
  const folder = mkdtempSync(join(tmpdir(), 'mcblock-proxy-'));
  let store: FleetStore;
  let server = '';
  /** A connection in which the client says this is lost at once. */
  let cutAt: string | undefined;
  const proxy = createServer((client: Socket) => {
    const upstream = connect(join(server, SOCKET));
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', cut).on('close', cut);
    upstream.on('data', (bytes) => client.write(bytes));
    client.on('data', (bytes) => {
      if (cutAt !== undefined && bytes.includes(cutAt)) cut();
      else upstream.write(bytes);
    });
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => proxy.listen(join(folder, SOCKET), resolve));
    const [before = '', host = ''] = database().split('host=');
    server = decodeURIComponent(host);
    store = await openFleetStore(`${before}host=${encodeURIComponent(folder)}`);
  });
  afterAll(async () => {
    await store.close();
    proxy.close();
    rmSync(folder, { recursive: true });
  });

  it('fails where the connection is lost in a change, and goes on with another', async () => {
    for (const word of ['BEGIN', 'COMMIT']) {
      cutAt = word;
      await expect(store.change(NOTHING, unchanged)).rejects.toMatchObject({ code: 'store' });
      cutAt = undefined;
      await store.change(NOTHING, unchanged);
    }
  });
}
