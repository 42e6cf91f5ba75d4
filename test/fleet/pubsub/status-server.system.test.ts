import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SubscriberStatus } from '../../../src/fleet/pubsub/status.ts';
import { StatusServer } from '../../../src/fleet/pubsub/status-server.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { until } from '../../support/until.ts';

const status = new SubscriberStatus(['block', 'a"\\b'], 1_790_000_000, () => ({
  blocks: 3,
  commands: 4,
}));
const EVIL = '</script><img src=x onerror=alert(1)>';
const server = new StatusServer({
  status,
  version: '1.2.3',
  page: async () => ({
    active: 1,
    active6: 0,
    byOrigin: new Map([['fleet', 1]]),
    map: new Uint8Array(65_536).fill(9, 0, 1),
    bans: [
      {
        at: 1_790_000_000,
        prefix: parsePrefix('192.0.2.0/24'),
        from: EVIL,
        why: EVIL,
        outcome: 'new',
        expiresAt: 'forever',
      },
    ],
  }),
});
let port = 0;

beforeAll(async () => {
  const address = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
  port = Number(address.split(':')[1]);
});
afterAll(() => server.close());

it('serves the state in one line', async () => {
  expect((await ask('/status')).body).toBe('state: disconnected\n');
  status.connected(1_790_000_100);
  expect((await ask('/status')).body).toBe('state: connected\n');
  status.disconnected('gone');
  expect((await ask('/status')).body).toBe('state: disconnected\n');
});

it('serves the status as JSON and for Prometheus', async () => {
  status.received('block', 1_790_000_200);
  status.accepted('block');
  status.received('a"\\b', 1_790_000_201);
  status.dropped('a"\\b', 'forged');
  status.caughtUp = { lastNumber: 42, behind: 2 };
  status.apiError = 'it is away';
  const json = JSON.parse((await ask('/status.json')).body) as object;
  expect(json).toMatchObject({
    state: 'disconnected',
    lastError: 'gone',
    lastNumber: 42,
    lag: 2,
    apiError: 'it is away',
    queue: { blocks: 3, commands: 4 },
    refused: { forged: 1 },
    channels: { block: { received: 1, accepted: 1, refused: {} } },
  });
  const { body } = await ask('/metrics');
  expect(body).toContain('mcblock_pubsub_refused_total{channel="a\\"\\\\b",reason="forged"} 1\n');
  expect(body).toContain('mcblock_pubsub_lag 2\n');
  expect(body).toContain('mcblock_pubsub_api_failed 1\n');
  for (const line of body.trim().split('\n')) expect(line).toMatch(/^(?:# |\w+(?:\{.*\})? \d+$)/);
});

it('keeps the 64 hosts that sent bans last', async () => {
  for (let host = 0; host < 100; host++) status.blockedBy(`host${host}`, 1_790_000_000 + host);
  status.blockedBy('host50', 1_790_000_100);
  const { senders } = JSON.parse((await ask('/status.json')).body) as { senders: object[] };
  expect(senders).toHaveLength(64);
  expect(senders[0]).toEqual({ sender: 'host36', bans: 1, lastAt: '2026-09-21T14:13:56Z' });
  expect(senders.at(-1)).toEqual({ sender: 'host50', bans: 2, lastAt: '2026-09-21T14:15:00Z' });
});

it('refuses unknown paths, methods and host names', async () => {
  expect((await ask('/version')).body).toBe('mcblock 1.2.3\n');
  expect((await ask('/healthz')).body).toBe('ok\n');
  expect((await ask('/nothing')).code).toBe(404);
  expect((await ask('/status', { method: 'POST' })).code).toBe(405);
  expect((await ask('/page.json', { host: 'evil.example.com' })).code).toBe(421);
  expect((await ask('/status', { host: 'evil.example.com' })).code).toBe(200);
  expect((await ask('/', { method: 'HEAD' })).body).toBe('');
});

it('serves a page that runs only its own script', async () => {
  const { body, headers } = await ask('/');
  const policy = String(headers['content-security-policy']);
  expect(policy).toMatch(/^default-src 'none'; /);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  for (const name of ['script', 'style']) {
    const inner = new RegExp(`<${name}>([^]*?)</${name}>`).exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(inner).digest('base64');
    expect(policy).toContain(`${name}-src 'sha256-${hash}'`);
  }
  const [, initial = ''] =
    /<script type="application\/json" id="initial">([^<]*)<\/script>/.exec(body) ?? [];
  expect(JSON.parse(initial)).toMatchObject({
    version: '1.2.3',
    status: { state: 'disconnected' },
    page: { active: 1, bans: [{ from: EVIL, why: EVIL }] },
  });
  expect(body).toContain('<p id="state" class="bad" role="status">state: disconnected</p>');
  expect(body.replace(initial, '')).not.toMatch(
    / (?:src|on\w+|style)=|<link(?! rel="icon" href="data:,")|https?:/,
  );
  expect(body).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval/);
});

it('serves foreign text as data, not as HTML', async () => {
  const page = await ask('/page.json');
  expect(page.headers['content-type']).toBe('application/json');
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(JSON.parse(page.body)).toEqual({
    active: 1,
    active6: 0,
    byOrigin: { fleet: 1 },
    bans: [
      {
        at: '2026-09-21T14:13:20Z',
        prefix: '192.0.2.0/24',
        from: EVIL,
        why: EVIL,
        outcome: 'new',
        expiresAt: null,
      },
    ],
  });
  expect((await ask('/map')).headers['content-length']).toBe('65536');
});

it('sends events to browsers, the state first', async () => {
  let text = '';
  const sent = request({ port, path: '/events' }, (response) => {
    response.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
  });
  sent.end();
  await until(() => text !== '');
  expect(text).toMatch(/^retry: 2000\n\nevent: state\ndata: \{"state":/);
  server.events.send('ban', { prefix: 'a\nb' });
  await until(() => text.includes('event: ban\ndata: {"prefix":"a\\nb"}\n\n'));
  sent.destroy();
  await until(() => !server.events.hasListeners);
});

interface TestResponse {
  readonly code: number | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

function ask(path: string, { method = 'GET', host = 'localhost' } = {}): Promise<TestResponse> {
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, method, headers: { host } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (bytes: Buffer) => parts.push(bytes));
      response.on('end', () => {
        const body = Buffer.concat(parts).toString();
        resolve({ code: response.statusCode, headers: response.headers, body });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
