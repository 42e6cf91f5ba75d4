import { createServer, type RequestListener, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { McblockError } from '../../../src/errors.ts';
import { FleetClient } from '../../../src/fleet/client/client.ts';
import { serverUrl } from '../../../src/fleet/client/endpoint.ts';
import { Transport, type TransportLimits } from '../../../src/fleet/client/transport.ts';

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
const PATIENCE = { attempts: 3, firstMilliseconds: 1, longestMilliseconds: 2 };

let listener: RequestListener;
let asked: number;
let server: Server;
let client: FleetClient;
beforeEach(async () => {
  asked = 0;
  server = createServer((request, response) => {
    asked++;
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
  const usual = { idleMilliseconds: 5000, requestMilliseconds: 5000, answerBytes: 100_000 };
  const endpoint = {
    url: `http://127.0.0.1:${port}`,
    user: 'gate1',
    password: 'correct horse',
    ca: undefined,
    identity: undefined,
  };
  return new FleetClient(new Transport(endpoint, { ...usual, ...limits }), PATIENCE, signal);
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
  throw new Error(`it did not fail as it should: ${String(error)}`);
}

describe('a client of the fleet', () => {
  it('reads changes, whatever else a newer server says', async () => {
    answer({ ...page({}, { country: 'xx' }), server: 'new' });
    const read = await client.changes(3, 100);
    expect(read).toMatchObject({ next: 9, more: false });
    expect(read?.changes).toMatchObject([
      { type: 'entry', sequence: 7, entry: { activations: 2, expiresAt: 'forever', hitDays: [] } },
    ]);
  });

  it('asks again over a new connection when it is told that the old one leads nowhere', async () => {
    answer(page({}));
    const well = listener;
    const isAsked = new Promise<void>((resolve) => {
      listener = () => {
        listener = well;
        resolve();
      };
    });
    const read = clientOf({ idleMilliseconds: 3_600_000, requestMilliseconds: 3_600_000 });
    const changes = read.changes(3, 100);
    await isAsked;
    read.renew();
    expect((await changes)?.changes).toHaveLength(1);
    expect(asked).toBe(2);
    read.close();
  });

  it('reads what is compressed', async () => {
    answer(gzipSync(JSON.stringify(page({}))), 200, { 'content-encoding': 'gzip' });
    expect((await client.changes(0, 100))?.changes).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['no JSON', Buffer.from('<html>')],
    ['null', null],
    ['a list', []],
    ['no changes', { next: 9, more: false }],
    ['changes that are none', page({ changes: [1] })],
    ['a type that there is not', page({}, { type: 'user' })],
    ['all addresses', page({}, { prefix: '0.0.0.0/0' })],
    ['all IPv6 addresses', page({}, { prefix: '::/0' })],
    ['host bits', page({}, { prefix: '5.149.104.1/24' })],
    ['a prefix that is a number', page({}, { prefix: 5 })],
    ['a number that is a text', page({}, { hits: '10' })],
    ['a negative number', page({}, { hits: -1 })],
    [
      'a number without end',
      Buffer.from(JSON.stringify(page({})).replace('"hits":10', '"hits":1e999')),
    ],
    ['a time that is none', page({}, { activatedAt: '2026-02-31T00:00:00Z' })],
    ['activations without a time', page({}, { activatedAt: null })],
    ['a note with an escape', page({}, { note: '\u001b[2J' })],
    ['an origin that there is not', page({}, { origin: 'attacker' })],
    ['changes from before', page({}, { sequence: 3 })],
    ['a number that goes back', page({ next: 2 })],
    ['a circle', { next: 3, more: true, changes: [] }],
    ['no end', { next: 4, more: true, changes: [] }],
    ['a gap', page({ more: true })],
    ['more than it may', page({ padding: 'x'.repeat(200_000) })],
    ['prototypes', Buffer.from('{"__proto__":{"next":9},"more":false,"changes":[]}')],
  ])('takes nothing of an answer with %s, and asks no more', async (_what, value) => {
    answer(value);
    expect(await failure(client.changes(3, 100))).toMatchObject({ code: 'input' });
    expect(asked).toBe(1);
  });

  it('unpacks no more than it may', async () => {
    answer(gzipSync(Buffer.alloc(10_000_000)), 200, { 'content-encoding': 'gzip' });
    expect(await failure(client.changes(0, 100))).toMatchObject({ code: 'input' });
  });

  it('knows the number of another store', async () => {
    answer({ error: 'ask with since=0' }, 410);
    expect(await client.changes(3, 100)).toBeUndefined();
    expect(await failure(client.changes(0, 100))).toMatchObject({ code: 'program' });
  });

  it('takes reports as taken only where each has an answer', async () => {
    const reports = [
      { key: 'key-00001', report: { type: 'offence' } },
      { key: 'key-00002', report: { type: 'offence' } },
    ];
    answer({ results: [{ outcome: 'new' }] });
    expect(await failure(client.report(reports))).toMatchObject({ code: 'input' });
    answer({ results: [{ outcome: 'new' }, { outcome: 'refused', reason: 'too wide' }] });
    expect(await client.report(reports)).toEqual({
      kind: 'taken',
      answers: [
        { outcome: 'new', reason: '' },
        { outcome: 'refused', reason: 'too wide' },
      ],
    });
    answer({ error: 'reports[1] is bad' }, 400);
    expect(await client.report(reports)).toEqual({
      kind: 'unacceptable',
      reason: 'reports[1] is bad',
    });
  });

  it('asks again where the server could not, with pauses', async () => {
    listener = (_request, response) => {
      if (asked < 3) response.writeHead(503, { 'retry-after': '0' }).end('{}');
      else response.end(JSON.stringify(page({})));
    };
    expect((await client.changes(0, 100))?.next).toBe(9);
    expect(asked).toBe(3);
  });

  it('gives up in the end, and never tells the password', async () => {
    listener = (request) => request.destroy();
    const error = await failure(client.changes(0, 100));
    expect(error).toMatchObject({ code: 'program' });
    expect(asked).toBe(3);
    const basic = Buffer.from('gate1:correct horse').toString('base64');
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(
      new RegExp(`correct horse|${basic}`),
    );
  });

  it('waits for nobody for ever: not for an answer, nor for the rest of one', async () => {
    const idle = clientOf({ idleMilliseconds: 20 });
    listener = () => {};
    expect((await failure(idle.changes(0, 100))).message).toContain('said nothing');
    idle.close();
    const impatient = clientOf({ requestMilliseconds: 300 });
    listener = (_request, response) => {
      response.write('{');
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    };
    expect((await failure(impatient.changes(0, 100))).message).toContain('more than 0.3 s');
    impatient.close();
  });

  it('ends at once when it is told to', async () => {
    const stop = new AbortController();
    const stopped = clientOf({}, stop.signal);
    listener = () => stop.abort();
    expect(await failure(stopped.changes(0, 100))).toMatchObject({ code: 'program' });
    expect(asked).toBe(1);
    stopped.close();
  });

  it('does not follow where it is sent', async () => {
    answer('', 302, { location: 'http://192.0.2.1/' });
    expect((await failure(client.changes(0, 100))).message).toContain('answers 302');
    expect(asked).toBe(1);
  });
});

describe('serverUrl', () => {
  it.each(['https://fleet.example.net', 'http://127.0.0.1:8123', 'http://[::1]:8123/acacia/'])(
    'takes %s',
    (text) => expect(serverUrl(text)).toBe(text.replace(/\/$/, '')),
  );

  it.each(['http://fleet.example.net', 'http://127.0.0.1.example.net', 'http://10.0.0.1'])(
    'refuses %s',
    (text) => expect(() => serverUrl(text)).toThrow('must begin with https://'),
  );
});
