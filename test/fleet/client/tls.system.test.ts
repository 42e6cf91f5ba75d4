import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiEndpoint } from '../../../src/fleet/client/api-endpoint.ts';
import { FleetClient } from '../../../src/fleet/client/client.ts';
import { Transport } from '../../../src/fleet/client/transport.ts';
import { certificate } from '../../support/certificate.ts';
import { LiveServer, PASSWORD } from './live-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcblock-tls-'));
const RETRY = { attempts: 1, firstMilliseconds: 1, maxMilliseconds: 1 };

let server: LiveServer;
let fleet: ReturnType<typeof certificate>;
let gate: ReturnType<typeof certificate>;
let stranger: ReturnType<typeof certificate>;
beforeAll(async () => {
  [fleet, gate, stranger] = [
    certificate(folder, 'fleet'),
    certificate(folder, 'gate1'),
    certificate(folder, 'stranger'),
  ];
  server = new LiveServer(join(folder, 'fleet.db'), { tls: { ...fleet, ca: gate.cert } });
  await server.start();
  await server.addUser('gate1');
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ask(over: Partial<ApiEndpoint>): Promise<number | undefined> {
  const defaults = { url: server.url, user: 'gate1', password: PASSWORD };
  const client = new FleetClient(
    new Transport({ ...defaults, ca: fleet.cert, identity: gate, ...over }),
    RETRY,
  );
  try {
    return (await client.changes(0, 10))?.next;
  } finally {
    client.close();
  }
}

describe('TLS', () => {
  it('accepts a machine with the right certificates', async () => {
    expect(await ask({})).toBe(0);
  });

  it('refuses a server with a certificate from another CA', async () => {
    await expect(ask({ ca: undefined })).rejects.toThrow(
      /not signed by a trusted CA; check fleet\.ca/,
    );
    await expect(ask({ ca: stranger.cert })).rejects.toThrow(
      /not signed by a trusted CA; check fleet\.ca/,
    );
  });

  it('refuses a user with the certificate of another, whatever the password', async () => {
    await server.addUser('gate2');
    for (const password of [PASSWORD, 'wrong']) {
      await expect(ask({ user: 'gate2', password })).rejects.toThrow(
        /permission denied: the certificate is not this user's/,
      );
    }
    expect(await ask({})).toBe(0);
  });

  it('refuses a machine without a certificate, or with an unknown one', async () => {
    await expect(ask({ identity: undefined })).rejects.toThrow(/client certificate is required/);
    await expect(ask({ identity: stranger })).rejects.toThrow(server.url);
  });
});
