import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FleetClient } from '../../../src/fleet/client/client.ts';
import type { Endpoint } from '../../../src/fleet/client/endpoint.ts';
import { Transport } from '../../../src/fleet/client/transport.ts';
import { LiveServer, PASSWORD } from './live-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcblock-tls-'));
const PATIENCE = { attempts: 1, firstMilliseconds: 1, longestMilliseconds: 1 };

let server: LiveServer;
let fleet: ReturnType<typeof certificate>;
let gate: ReturnType<typeof certificate>;
let stranger: ReturnType<typeof certificate>;
beforeAll(async () => {
  [fleet, gate, stranger] = [certificate('fleet'), certificate('gate1'), certificate('stranger')];
  server = new LiveServer(join(folder, 'fleet.db'), { tls: { ...fleet, ca: gate.cert } });
  await server.start();
  await server.addUser('gate1');
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Signed by itself. */
function certificate(name: string): { readonly cert: Buffer; readonly key: Buffer } {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

async function ask(over: Partial<Endpoint>): Promise<number | undefined> {
  const usual = { url: server.url, user: 'gate1', password: PASSWORD };
  const client = new FleetClient(
    new Transport({ ...usual, ca: fleet.cert, identity: gate, ...over }),
    PATIENCE,
  );
  try {
    return (await client.changes(0, 10))?.next;
  } finally {
    client.close();
  }
}

describe('over TLS', () => {
  it('a machine with the right certificates is let in', async () => {
    expect(await ask({})).toBe(0);
  });

  it('no server is believed that another one vouches for', async () => {
    await expect(ask({ ca: undefined })).rejects.toThrow(/signed by nobody .*fleet\.ca/);
    await expect(ask({ ca: stranger.cert })).rejects.toThrow(/signed by nobody .*fleet\.ca/);
  });

  it('no machine is let in without its certificate, or with that of a stranger', async () => {
    await expect(ask({ identity: undefined })).rejects.toThrow(/wants a certificate/);
    await expect(ask({ identity: stranger })).rejects.toThrow('does not answer');
  });
});
