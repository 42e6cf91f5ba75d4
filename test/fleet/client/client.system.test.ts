import { createServer, type RequestListener, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { McblockError } from '../../../src/errors.ts';
import { serverUrl } from '../../../src/fleet/client/api-endpoint.ts';
import { FleetClient } from '../../../src/fleet/client/client.ts';
import { Transport, type TransportLimits } from '../../../src/fleet/client/transport.ts';
import { API_REVISION, REVISION_HEADER, reportForRevision } from '../../../src/fleet/revision.ts';

const ENTRY = {
  type: 'entry',
  sequence: 7,
  prefix: '5.149.104.0/24',
  activations: 2,
  hits: 10,
  firstSeen: '2026-01-01T00:00:00Z',
  lastSeen: '2026-01-02T00:00:00Z',
  activatedAt: '2026-01-02T00:00:00Z',
  expiresAt: null,
  origin: 'grok',
  note: '',
};
const RETRY = { attempts: 3, firstMilliseconds: 1, maxMilliseconds: 2 };

let listener: RequestListener;
let requests: number;
let server: Server;
let client: FleetClient;
beforeEach(async () => {
  requests = 0;
  server = createServer((request, response) => {
    requests++;
    request.resume();
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = clientOf();
});
afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function clientOf(limits: Partial<TransportLimits> = {}, signal?: AbortSignal): FleetClient {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const defaults = { idleMilliseconds: 5000, requestMilliseconds: 5000, bodyBytes: 100_000 };
  const endpoint = {
    url: `http://127.0.0.1:${port}`,
    user: 'gate1',
    password: 'correct horse',
    ca: undefined,
    identity: undefined,
  };
  return new FleetClient(new Transport(endpoint, { ...defaults, ...limits }), RETRY, signal);
}

function answer(value: unknown, status = 200, headers: Record<string, string> = {}): void {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
  listener = (_request, response) => response.writeHead(status, headers).end(body);
}

function page(over: object, entry: object = {}): object {
  return { next: 9, more: false, changes: [{ ...ENTRY, ...entry }], ...over };
}

async function failure(work: Promise<unknown>): Promise<McblockError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof McblockError) return error;
  throw new Error(`expected a McblockError, got ${String(error)}`);
}

it('takes no server for acacia because a proxy answered first', async () => {
  answer('Not Found', 404);
  expect((await failure(client.changes(0, 10))).code).toBe('program');
  expect(client.version1).toBeDefined();
  answer(page({}), 200, { [REVISION_HEADER]: String(API_REVISION) });
  await client.changes(0, 10);
  expect(client.version1).toBeUndefined();
});

describe('a client of the API', () => {
  it('reads changes and ignores fields of a newer server', async () => {
    answer({ ...page({}, { country: 'xx' }), server: 'new' });
    const read = await client.changes(3, 100);
    expect(read).toMatchObject({ next: 9, more: false });
    expect(read?.changes).toMatchObject([
      { type: 'entry', sequence: 7, entry: { activations: 2, expiresAt: 'forever', hitDays: [] } },
    ]);
  });

  it('repeats a request over a new connection when it is told to', async () => {
    answer(page({}));
    const working = listener;
    const received = new Promise<void>((resolve) => {
      listener = () => {
        listener = working;
        resolve();
      };
    });
    const renewed = clientOf({ idleMilliseconds: 3_600_000, requestMilliseconds: 3_600_000 });
    const changes = renewed.changes(3, 100);
    await received;
    renewed.renew();
    expect((await changes)?.changes).toHaveLength(1);
    expect(requests).toBe(2);
    renewed.close();
  });

  it('reads a compressed answer', async () => {
    answer(gzipSync(JSON.stringify(page({}))), 200, { 'content-encoding': 'gzip' });
    expect((await client.changes(0, 100))?.changes).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['invalid JSON', Buffer.from('<html>')],
    ['null', null],
    ['a list', []],
    ['no changes', { next: 9, more: false }],
    ['a change that is not an object', page({ changes: [1] })],
    ['an unknown type', page({}, { type: 'user' })],
    ['0.0.0.0/0', page({}, { prefix: '0.0.0.0/0' })],
    ['::/0', page({}, { prefix: '::/0' })],
    ['host bits set', page({}, { prefix: '5.149.104.1/24' })],
    ['a prefix that is a number', page({}, { prefix: 5 })],
    ['a number as text', page({}, { hits: '10' })],
    ['a negative number', page({}, { hits: -1 })],
    [
      'an infinite number',
      Buffer.from(JSON.stringify(page({})).replace('"hits":10', '"hits":1e999')),
    ],
    ['a date that does not exist', page({}, { activatedAt: '2026-02-31T00:00:00Z' })],
    ['activations without a time', page({}, { activatedAt: null })],
    ['a control character in a note', page({}, { note: '\u001b[2J' })],
    ['an unknown origin', page({}, { origin: 'attacker' })],
    ['a change before the requested number', page({}, { sequence: 3 })],
    ['a next number that goes back', page({ next: 2 })],
    ['the same number to ask with again', { next: 3, more: true, changes: [] }],
    ['no changes but more to come', { next: 4, more: true, changes: [] }],
    ['a next number beyond the last change', page({ more: true })],
    ['too many bytes', page({ padding: 'x'.repeat(200_000) })],
    ['a prototype', Buffer.from('{"__proto__":{"next":9},"more":false,"changes":[]}')],
  ])('rejects an answer with %s and does not retry', async (_what, value) => {
    answer(value);
    expect(await failure(client.changes(3, 100))).toMatchObject({ code: 'input' });
    expect(requests).toBe(1);
  });

  it('bounds the decompressed size', async () => {
    answer(gzipSync(Buffer.alloc(10_000_000)), 200, { 'content-encoding': 'gzip' });
    expect(await failure(client.changes(0, 100))).toMatchObject({ code: 'input' });
  });

  it('reports that a number is of another store', async () => {
    answer({ error: 'ask with since=0' }, 410);
    expect(await client.changes(3, 100)).toBeUndefined();
    expect(await failure(client.changes(0, 100))).toMatchObject({ code: 'program' });
  });

  it('expects a result for each report', async () => {
    const reports = [
      { key: 'key-00001', report: { type: 'offence' } },
      { key: 'key-00002', report: { type: 'offence' } },
    ];
    answer({ results: [{ outcome: 'new' }] });
    expect(await failure(client.report(reports))).toMatchObject({ code: 'input' });
    answer({ results: [{ outcome: 'new' }, { outcome: 'refused', reason: 'too wide' }] });
    expect(await client.report(reports)).toEqual({
      kind: 'processed',
      results: [
        { outcome: 'new', reason: '' },
        { outcome: 'refused', reason: 'too wide' },
      ],
    });
    answer({ error: 'reports[1] is bad' }, 400);
    expect(await client.report(reports)).toEqual({
      kind: 'malformed',
      reason: 'reports[1] is bad',
    });
  });

  it('sends a refused report once more, with fewer fields, where the server is older', async () => {
    const reports = [{ key: 'key-00001', report: { type: 'offence' } }];
    const older = { [REVISION_HEADER]: String(API_REVISION - 1) };
    answer({ error: 'reports[0] has an unknown field' }, 400, older);
    const malformed = { kind: 'malformed', reason: 'reports[0] has an unknown field' };
    expect(await client.report(reports)).toEqual(malformed);
    expect(requests).toBe(2);
    // Its revision is known from now on.
    expect(await client.report(reports)).toEqual(malformed);
    expect(requests).toBe(3);
    expect(await client.revision()).toBe(API_REVISION - 1);
  });

  it('retries a temporary failure', async () => {
    listener = (_request, response) => {
      if (requests < 3) response.writeHead(503, { 'retry-after': '0' }).end('{}');
      else response.end(JSON.stringify(page({})));
    };
    expect((await client.changes(0, 100))?.next).toBe(9);
    expect(requests).toBe(3);
  });

  it('gives up in the end, and never shows the password', async () => {
    listener = (request) => request.destroy();
    const error = await failure(client.changes(0, 100));
    expect(error).toMatchObject({ code: 'program' });
    expect(requests).toBe(3);
    const basic = Buffer.from('gate1:correct horse').toString('base64');
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(
      new RegExp(`correct horse|${basic}`),
    );
  });

  it('bounds the silence of the server and the whole request', async () => {
    const idle = clientOf({ idleMilliseconds: 20 });
    listener = () => {};
    expect((await failure(idle.changes(0, 100))).message).toContain('silent for 0.02 s');
    idle.close();
    const slow = clientOf({ requestMilliseconds: 300 });
    listener = (_request, response) => {
      response.write('{');
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    };
    expect((await failure(slow.changes(0, 100))).message).toContain('incomplete after 0.3 s');
    slow.close();
  });

  it('stops at once when it is aborted', async () => {
    const stop = new AbortController();
    const stopped = clientOf({}, stop.signal);
    listener = () => stop.abort();
    expect(await failure(stopped.changes(0, 100))).toMatchObject({ code: 'program' });
    expect(requests).toBe(1);
    stopped.close();
  });

  it('does not follow redirects', async () => {
    answer('', 302, { location: 'http://192.0.2.1/' });
    expect((await failure(client.changes(0, 100))).message).toContain('status 302');
    expect(requests).toBe(1);
  });
});

describe('a report for an older server', () => {
  it('has only the fields that the server knows', () => {
    const report = { type: 'offence', address: '192.0.2.7', port: 22, session: 'x' };
    const introduced = { port: 3, session: 4 };
    expect(reportForRevision(report, 4, introduced)).toEqual(report);
    const { session: _, ...older } = report;
    expect(reportForRevision(report, 3, introduced)).toEqual(older);
    expect(reportForRevision(report, 0, introduced)).toEqual({
      type: 'offence',
      address: '192.0.2.7',
    });
  });
});

describe('serverUrl', () => {
  it.each(['https://fleet.example.net', 'http://127.0.0.1:8123', 'http://[::1]:8123/acacia/'])(
    'accepts %s',
    (text) => expect(serverUrl(text)).toBe(text.replace(/\/$/, '')),
  );

  it.each(['http://fleet.example.net', 'http://127.0.0.1.example.net', 'http://10.0.0.1'])(
    'refuses %s',
    (text) => expect(() => serverUrl(text)).toThrow('use https://'),
  );
});
