import * as fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { privateSpace } from '../../src/blocklist/bogons.ts';
import { coverageOf } from '../../src/blocklist/coverage.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import type { FleetStore } from '../../src/fleet/fleet-store.ts';
import { hashPassword } from '../../src/fleet/password.ts';
import { buildServer, type ServerOptions } from '../../src/fleet/server.ts';
import { ServerLog } from '../../src/fleet/server-log.ts';
import type { User } from '../../src/fleet/user.ts';
import { hostPrefix } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { arbitraryRequests, type OpenApi } from './openapi-requests.ts';
import type { Backend } from './store-contract.ts';

const NOW = 1_780_000_000;
const PASSWORD = '8d604831';
const MAX_EVIDENCE_ROWS = 20;
/** Cheap to check, as every test starts a server that has to. */
const HASH = hashPassword(PASSWORD, { N: 16, r: 1, p: 1 });
const LIMITS = {
  bodyBytes: 1024 ** 2,
  listItems: 10_000,
  connections: 900,
  perSecond: 1000,
  reportsPerMinute: 1_000_000,
};
const SAMPLE = [
  ['198.51.100.0/26'],
  ['198.51.100.212/32'],
  ['203.0.113.123/32'],
  ['192.0.2.24/32'],
];

async function userOf(name: string, over: Partial<User> = {}): Promise<User> {
  return {
    name,
    password: await HASH,
    scopes: ['report', 'read'],
    widest4: 8,
    widest6: 19,
    longest: 90 * DAY_SECONDS,
    disabled: false,
    createdAt: NOW,
    ...over,
  };
}

interface TestRequest {
  readonly user?: string | null;
  readonly password?: string;
  readonly json?: unknown;
  readonly form?: string;
  readonly headers?: Record<string, string>;
}

const offence = (address: string, over: object = {}) => ({
  type: 'offence',
  address,
  at: '2026-05-28T20:26:40Z',
  service: 'sshd',
  message: 'failed-login',
  ...over,
});

/** Of one address, all in different logs. */
const said = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) =>
    offence('192.0.2.7', { log: `log ${from + index}`, count: 2 }),
  );

const at = (days: number) => ({
  at: new Date((NOW + days * DAY_SECONDS) * 1000).toISOString().replace('.000', ''),
});

const YEAR_END = '2027-05-28T20:26:40Z';
/** The /20 with this number, all disjoint. */
const prefixOf = (n: number) => `${20 + (n >> 12)}.${(n >> 4) & 255}.${(n & 15) << 4}.0/20`;

const expire = (prefix: string) => ({ type: 'expire', prefix });
const pending = (n: number, over: object = {}) => ({
  type: 'pending',
  key: `1780000000-${n}`,
  address: '45.9.9.9',
  at: '2026-05-28T20:26:40Z',
  service: 'sshd',
  message: 'failed-login',
  points: 10,
  count: 1,
  ...over,
});

const wide = (prefix: string, over: object = {}) => block({ prefix, ...over });
const block = (over: object) => ({ type: 'block', prefix: '192.0.2.0/24', ...over });

export function describeApi(makeBackend: () => Backend): void {
  let backend: Backend;
  let store: FleetStore;
  let server: FastifyInstance;
  let now = NOW;
  const lines: string[] = [];

  async function start(over: Partial<ServerOptions> = {}): Promise<FastifyInstance> {
    return buildServer({
      store,
      rules: {
        policy: DEFAULT_POLICY,
        protections: [
          ...privateSpace(),
          { prefix: hostPrefix(parsePrefix('9.9.9.9')), reason: 'own' },
        ],
        maxEvidence: MAX_EVIDENCE_ROWS,
      },
      limits: LIMITS,
      log: new ServerLog((line) => lines.push(line), 'debug'),
      clock: () => now,
      version: '0.0.0-test',
      v1Status: 503,
      tls: undefined,
      proxies: [],
      ...over,
    });
  }

  async function ask(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    request: TestRequest = {},
  ) {
    const { user = 'test', password = PASSWORD, json, form, headers = {} } = request;
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    const type =
      json !== undefined
        ? { 'content-type': 'application/json' }
        : form !== undefined
          ? { 'content-type': 'application/x-www-form-urlencoded' }
          : {};
    const payload = json === undefined ? form : JSON.stringify(json);
    return server.inject({
      method,
      url,
      headers: { ...(user !== null && { authorization: `Basic ${basic}` }), ...type, ...headers },
      ...(payload !== undefined && { payload }),
    });
  }

  const list = async (query = '') => (await ask('GET', `/v1/pf${query}`)).json<string[][]>();
  const report = async (user: string, ...reports: object[]) => {
    const answer = await ask('POST', '/v2/reports', { user, json: { reports } });
    expect([answer.statusCode, answer.body]).toEqual([200, expect.any(String)]);
    return answer.json<{ results: Record<string, unknown>[] }>().results;
  };

  const outcomes = async (user: string, ...reports: object[]) =>
    (await report(user, ...reports)).map(({ outcome }) => outcome);
  const status = async (
    user: string | null,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    json?: unknown,
  ) => (await ask(method, url, { user, ...(json !== undefined && { json }) })).statusCode;

  /** Of a user with the default limits. */
  const machine = async (name: string, over: Partial<User> = {}) => {
    const { widest4, widest6, longestSeconds: longest } = DEFAULT_POLICY.limits.user;
    await store.putUser(await userOf(name, { widest4, widest6, longest, ...over }));
  };
  const activeAddresses = async () => {
    const prefixes = (await list()).map(([text]) => parsePrefix(text ?? ''));
    return coverageOf(PrefixList.from(prefixes))[4];
  };

  const entryOf = async (prefix: string) =>
    (await ask('GET', '/v2/entries'))
      .json<{ changes: Record<string, unknown>[] }>()
      .changes.find((change) => change['prefix'] === prefix);
  const reportSites = (...numbers: number[]) =>
    outcomes('lone', ...numbers.map((n) => offence(`2001:db8:0:${n}::1`)));

  const putKey = async (user: string, key: unknown) =>
    ask('PUT', '/v2/key', { user, json: { key } });
  const putFeed = (name: string, prefixes: unknown, user = 'test') =>
    ask('PUT', `/v2/feeds/${name}`, { user, json: { source: 'https://a/drop.txt', prefixes } });
  const userKeys = async () => (await ask('GET', '/v2/keys')).json<{ keys: object[] }>().keys;

  beforeEach(async () => {
    now = NOW;
    lines.length = 0;
    backend = makeBackend();
    store = await backend.open();
    for (const user of [
      await userOf('test', { scopes: ['admin'] }),
      await userOf('gate1'),
      await userOf('gate2'),
      await userOf('reader', { scopes: ['read'] }),
      await userOf('gone', { disabled: true }),
    ])
      await store.putUser(user);
    server = await start();
  });
  afterEach(async () => {
    await server.close();
    await store.close();
    await backend.remove();
  });

  describe('version 1', () => {
    it('answers an unknown user with 503, as acacia does', async () => {
      for (const [user, password] of [
        [null, ''],
        ['test', 'wrong'],
        ['nobody', PASSWORD],
        ['gone', PASSWORD],
      ] as const) {
        for (const url of ['/v1/pf', '/v1/pf-init', '/v1/nothing', '/v1']) {
          expect((await ask('GET', url, { user, password })).statusCode).toBe(503);
        }
        const post = { user, password, json: [{ IP: '192.0.2.1', source: 'x' }] };
        expect((await ask('POST', '/v1/pf', post)).statusCode).toBe(503);
      }
      expect(await store.sequence()).toBe(0);
      await server.close();
      server = await start({ v1Status: 500 });
      expect(await status('nobody', 'GET', '/v1/pf')).toBe(500);
      await server.close();
      server = await start({ v1Status: 401 });
      const refused = await ask('GET', '/v1/pf', { password: 'wrong' });
      expect(refused.statusCode).toBe(401);
      expect(refused.headers['www-authenticate']).toContain('Basic');
    });

    it('lists the sample rows after pf-init, which only administrators may use', async () => {
      expect(await list()).toEqual([]);
      const denied = await ask('GET', '/v1/pf-init', { user: 'gate1' });
      expect(denied.statusCode).toBe(403);
      const done = await ask('GET', '/v1/pf-init');
      expect([done.statusCode, done.body]).toEqual([204, '']);
      const answer = await ask('GET', '/v1/pf');
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.body).toBe(`${JSON.stringify(SAMPLE)}\n`);
      await ask('POST', '/v1/pf', { json: [{ IP: '192.0.2.200', source: 'x' }] });
      await ask('GET', '/v1/pf-init');
      expect(await list()).toEqual(SAMPLE);
    });

    it('lists by address on request', async () => {
      await ask('GET', '/v1/pf-init');
      await ask('POST', '/v1/pf', { json: [{ IP: '2001:db8::1', source: 'x' }] });
      await ask('POST', '/v1/pf', { json: [{ IP: '1.2.3.4', source: 'x' }] });
      const sorted = [
        ['1.2.3.4/32'],
        SAMPLE[3],
        SAMPLE[0],
        SAMPLE[1],
        SAMPLE[2],
        ['2001:db8::1/128'],
      ];
      for (const word of ['ip', 'IP', 'iP', 'ip&order=ip', 'ip&order=source']) {
        expect(await list(`?order=${word}`)).toEqual(sorted);
      }
      for (const word of ['source', 'ip2', 'source&order=ip']) {
        const answer = await ask('GET', `/v1/pf?order=${word}`);
        expect([answer.statusCode, answer.body]).toEqual([400, '{"error":"Bad Request"}\n']);
      }
    });

    it('accepts lists, forms and duplicates', async () => {
      const posted = await ask('POST', '/v1/pf', {
        json: [
          { IP: '192.0.2.1', source: 'brutessh' },
          { IP: '2001:db8::/32', source: 'brutessh' },
          { IP: '192.0.2.1/32', source: 'bruteweb' },
        ],
      });
      expect(posted.statusCode).toBe(204);
      expect(posted.headers['content-type']).toBe('application/json');
      expect(
        (await ask('POST', '/v1/pf', { form: 'IP=192.0.2.9&source=web&IP=192.0.2.8' })).statusCode,
      ).toBe(204);
      expect(await list()).toEqual([['192.0.2.1/32'], ['2001:db8::/32'], ['192.0.2.9/32']]);
      const { hits, history, evidence } = (await ask('GET', '/v2/entries/192.0.2.1/32')).json();
      expect(hits).toBe(2);
      expect(history).toMatchObject([{ number: 1, by: 'test', note: 'brutessh' }]);
      expect(evidence).toMatchObject([{ type: 'list', by: 'test', message: 'bruteweb' }]);
    });

    it('changes nothing if one item is wrong, and names the item', async () => {
      const good = { IP: '192.0.2.1', source: 'x' };
      for (const [json, error] of [
        [[good, { IP: '192.0.2.2' }], "'source' key is missing"],
        [[good, { source: 'x' }], "'IP' key is missing"],
        [[good, {}], "'IP' key is missing"],
        [[good, { IP: 'example.com', source: 'x' }], "'IP' of item 1"],
        [[good, { IP: '192.0.2.1/24', source: 'x' }], "'IP' of item 1"],
        [[good, { IP: 7, source: 'x' }], "'IP' of item 1"],
        [[good, { IP: '192.0.2.1', source: {} }], "'source' of item 1"],
        [[good, 'x'], 'item 1'],
        [[good, null], 'item 1'],
      ] as const) {
        const answer = await ask('POST', '/v1/pf', { json });
        // A bare text, as acacia answers.
        expect([answer.statusCode, answer.json()]).toEqual([400, expect.stringContaining(error)]);
      }
      for (const [asked, error] of [
        [{ json: good }, 'Bad Request'],
        [{ json: 'x' }, 'Bad Request'],
        [{ json: null }, 'Bad Request: not a form'],
        [{ json: [] }, 'Bad Request: not a form'],
        [{}, 'Bad Request: not a form'],
        [{ form: 'IP=192.0.2.1' }, 'Bad Request: key missing'],
        [{ form: 'IP=example.com&source=x' }, expect.stringContaining('is no prefix')],
      ] as const) {
        const answer = await ask('POST', '/v1/pf', asked);
        expect([answer.statusCode, answer.json()]).toEqual([400, { error }]);
      }
      const type = { 'content-type': 'application/json' };
      for (const form of ['{"IP"', '', '[1,', '[{"__proto__":{"IP":"192.0.2.1"}}]']) {
        expect((await ask('POST', '/v1/pf', { form, headers: type })).statusCode).toBe(400);
      }
      expect(await list()).toEqual([]);
    });

    it('leaves out rows that are too wide or protected, and logs and counts them', async () => {
      const texts = ['0.0.0.0/0', '4.0.0.0/7', '2000::/18', '127.0.0.1', '192.0.2.9'];
      const json = texts.map((IP) => ({ IP, source: 'old' }));
      expect((await ask('POST', '/v1/pf', { json, user: 'gate1' })).statusCode).toBe(204);
      expect(await list()).toEqual([['192.0.2.9/32']]);
      const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      const declined = logged.find(({ event }) => event === 'declined');
      expect(declined).toMatchObject({ level: 'warning', user: 'gate1', count: 4 });
      expect(declined?.['rows']).toMatch(
        /^0\.0\.0\.0\/0: .*wider.*; 4\.0\.0\.0\/7: .*; 2000::\/18: .*; 127/,
      );
      const text = (await ask('GET', '/metrics')).body;
      expect(text).toContain('mcblock_reports_total{outcome="refused"} 3');
      expect(text).toContain('mcblock_reports_total{outcome="spared"} 1');
      const overview = (await ask('GET', '/admin/overview.json')).json<{ users: object[] }>();
      expect(overview.users).toContainEqual(
        expect.objectContaining({ name: 'gate1', reports: json.length, refused: 4 }),
      );
      expect((await ask('POST', '/v1/pf', { json: json.slice(0, 2) })).statusCode).toBe(204);
      expect(await list()).toEqual([['192.0.2.9/32'], ['4.0.0.0/7']]);
    });

    it('takes what acacia takes', async () => {
      const long = 'x'.repeat(1000);
      const rows = [
        ['10', null],
        ['11.1', long],
        ['192.0.2.1', 'a\nb'],
        ['192.0.2.2', 7],
      ].map(([IP, source]) => ({ IP, source }));
      const vendor = { 'content-type': 'application/vnd.acacia+json' };
      const form = JSON.stringify(rows);
      expect((await ask('POST', '/v1/pf', { form, headers: vendor })).statusCode).toBe(204);
      const parts = new FormData();
      parts.set('IP', '192.0.2.3');
      parts.set('source', 'web');
      const multipart = new Response(parts);
      const type = { 'content-type': multipart.headers.get('content-type') ?? '' };
      const posted = await ask('POST', '/v1/pf', { form: await multipart.text(), headers: type });
      expect(posted.statusCode).toBe(204);
      expect(await list('?order=')).toEqual([
        ['10.0.0.0/32'],
        ['11.1.0.0/32'],
        ['192.0.2.1/32'],
        ['192.0.2.2/32'],
        ['192.0.2.3/32'],
      ]);
      const shown = (await ask('GET', '/v2/entries?since=0&limit=9')).json<{ changes: object[] }>();
      expect(shown.changes).toMatchObject([
        { note: '' },
        { note: 'x'.repeat(255) },
        { note: 'a?b' },
        { note: '7' },
        { note: 'web' },
      ]);
    });

    it('takes more rows than a client of version 2 may send at once', async () => {
      const count = 20_000;
      const json = Array.from({ length: count }, (_, i) => ({
        IP: `7.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
        source: 'old',
      }));
      expect((await ask('POST', '/v1/pf', { json })).statusCode).toBe(204);
      expect(await list()).toHaveLength(count);
    });

    it('knows a network by the table that it came from', async () => {
      const pf = {
        ...offence('192.0.2.7'),
        origin: 'pf',
        service: 'pf',
        message: 'brutessh',
        count: 1,
      };
      await ask('POST', '/v2/reports', { json: { reports: [pf] }, user: 'gate1' });
      const { changes } = (await ask('GET', '/v2/entries?since=0&limit=9')).json<{
        changes: object[];
      }>();
      expect(changes).toMatchObject([{ prefix: '192.0.2.0/24', note: 'gate1/brutessh' }]);
    });

    it('does not block protected prefixes', async () => {
      await ask('POST', '/v2/allow', { json: { prefix: '198.51.100.7' } });
      const json = ['198.51.100.0/24', '10.0.0.1', '9.9.9.0/24', '192.0.2.1'].map((IP) => ({
        IP,
        source: 'x',
      }));
      expect((await ask('POST', '/v1/pf', { json, user: 'gate1' })).statusCode).toBe(204);
      expect(await list()).toEqual([['192.0.2.1/32']]);
      // A person may block private space, and nothing else of that.
      expect((await ask('POST', '/v1/pf', { json })).statusCode).toBe(204);
      expect(await list()).toEqual([['192.0.2.1/32'], ['10.0.0.1/32']]);
    });

    it('leaves holes for prefixes that are allowed later', async () => {
      await ask('POST', '/v1/pf', { json: [{ IP: '192.0.2.0/30', source: 'x' }] });
      await ask('POST', '/v2/allow', { json: { prefix: '192.0.2.1' } });
      expect(await list()).toEqual([['192.0.2.0/32'], ['192.0.2.2/31']]);
      await ask('DELETE', '/v2/allow', { json: { prefix: '192.0.2.1' } });
      expect(await list()).toEqual([['192.0.2.0/30']]);
    });

    it('expires deleted prefixes and keeps their history', async () => {
      const json = ['192.0.2.1', '2001:db8::1', '2001:db8::/48'].map((IP) => ({ IP, source: 'x' }));
      await ask('POST', '/v1/pf', { json });
      const deleted = await ask('DELETE', '/v1/pf', {
        json: [{ IP: '2001:db8::1' }, { IP: '2001:DB8::/48' }, { IP: '198.51.100.1' }],
      });
      expect([deleted.statusCode, deleted.body]).toEqual([204, '']);
      expect(await list()).toEqual([['192.0.2.1/32']]);
      const bad = { json: [{ IP: '192.0.2.1' }, { IP: 'x' }] };
      expect((await ask('DELETE', '/v1/pf', bad)).statusCode).toBe(400);
      const keyless = await ask('DELETE', '/v1/pf', { json: [{ ip: '192.0.2.1' }] });
      expect([keyless.statusCode, keyless.json()]).toEqual([400, { error: 'Bad Request' }]);
      expect(await list()).toEqual([['192.0.2.1/32']]);
      now += 60;
      await ask('POST', '/v1/pf', { json: [{ IP: '2001:db8::1', source: 'again' }] });
      expect(await list()).toEqual([['192.0.2.1/32'], ['2001:db8::1/128']]);
      const entry = (await ask('GET', '/v2/entries/2001:db8::1/128')).json();
      expect(entry).toMatchObject({
        activations: 2,
        expiresAt: new Date((now + 60 * DAY_SECONDS) * 1000).toISOString().replace('.000', ''),
        history: [
          { number: 1, endedAt: '2026-05-28T20:26:40Z' },
          { number: 2, endedAt: null },
        ],
      });
    });

    it('does not list expired entries', async () => {
      await ask('POST', '/v1/pf', { json: [{ IP: '192.0.2.1', source: 'x' }] });
      now += 30 * DAY_SECONDS - 1;
      expect(await list()).toEqual([['192.0.2.1/32']]);
      const { etag } = (await ask('GET', '/v1/pf')).headers;
      now += 1;
      expect(await list()).toEqual([]);
      expect((await ask('GET', '/v1/pf')).headers.etag).not.toBe(etag);
    });

    it('sends an unchanged list once, and compresses it', async () => {
      const json = Array.from({ length: 300 }, (_, n) => ({
        IP: `192.0.2.${n % 256}`,
        source: 'x',
      }));
      await ask('POST', '/v1/pf', { json });
      const plain = await ask('GET', '/v1/pf');
      const etag = String(plain.headers.etag);
      const gzip = await ask('GET', '/v1/pf', { headers: { 'accept-encoding': 'br, gzip' } });
      expect(gzip.headers['content-encoding']).toBe('gzip');
      expect(gzip.rawPayload.length).toBeLessThan(plain.rawPayload.length / 3);
      const refuses = { 'accept-encoding': 'gzip;q=0, br' };
      expect(
        (await ask('GET', '/v1/pf', { headers: refuses })).headers['content-encoding'],
      ).toBeUndefined();
      for (const known of [etag, `"x", ${etag}`, '*']) {
        const same = await ask('GET', '/v1/pf', { headers: { 'if-none-match': known } });
        expect([same.statusCode, same.body]).toEqual([304, '']);
      }
      await ask('DELETE', '/v1/pf', { json: [{ IP: '192.0.2.1' }] });
      const changed = await ask('GET', '/v1/pf', { headers: { 'if-none-match': etag } });
      expect(changed.statusCode).toBe(200);
    });

    it('serves the open routes', async () => {
      const open = { user: null };
      const few = await ask('GET', '/v2/healthcheck', open);
      expect([few.statusCode, few.json()]).toEqual([
        500,
        { error: 'Too few results, check health' },
      ]);
      await ask('GET', '/v1/pf-init');
      const health = await ask('GET', '/v2/healthcheck', open);
      expect([health.statusCode, health.body]).toEqual([200, '"OK"\n']);
      expect((await ask('GET', '/', open)).body).toBe('"Hello world!"\n');
      expect((await ask('GET', '/ip', open)).json()).toEqual({ origin: '127.0.0.1' });
      const ua = await ask('GET', '/ua', { ...open, headers: { 'user-agent': 'tester' } });
      expect(ua.json()).toEqual({ 'User-Agent': 'tester' });
      expect((await ask('GET', '/nothing', open)).statusCode).toBe(404);
    });
  });

  describe('version 2', () => {
    it('doubles penalties across machines', async () => {
      const [first] = await report('gate1', offence('192.0.2.7'));
      expect(first).toEqual({
        outcome: 'new',
        prefix: '192.0.2.0/24',
        expiresAt: '2026-06-27T20:26:40Z',
      });
      now += 31 * DAY_SECONDS;
      const [second] = await report('gate2', offence('192.0.2.99', { at: '2026-06-28T20:26:40Z' }));
      expect(second).toEqual({
        outcome: 'reactivated',
        prefix: '192.0.2.0/24',
        expiresAt: '2026-08-27T20:26:40Z',
      });
      const [third] = await report('gate1', offence('192.0.2.1', { at: '2026-06-28T20:26:40Z' }));
      expect(third?.['outcome']).toBe('covered');
      const entry = (await ask('GET', '/v2/entries/192.0.2.0/24')).json();
      expect(entry).toMatchObject({
        activations: 2,
        hits: 3,
        origin: 'grok',
        history: [
          { number: 1, by: 'gate1' },
          { number: 2, by: 'gate2' },
        ],
      });
      expect(entry.evidence).toMatchObject([
        { activation: 1, by: 'gate1', address: '192.0.2.7' },
        { activation: 2, by: 'gate1', address: '192.0.2.1' },
        { activation: 2, by: 'gate2', address: '192.0.2.99' },
      ]);
    });

    it('lets a machine withdraw an activation that it alone reported', async () => {
      const withdrawn = { type: 'withdraw', prefix: '192.0.2.0/24' };
      expect(await outcomes('gate1', withdrawn)).toEqual(['absent']);
      expect(await outcomes('gate1', offence('192.0.2.7'))).toEqual(['new']);
      expect(await outcomes('gate2', withdrawn)).toEqual(['absent']);
      expect(await outcomes('gate1', withdrawn, withdrawn)).toEqual(['withdrawn', 'absent']);
      const entry = (await ask('GET', '/v2/entries/192.0.2.0/24')).json();
      const ended = { withdrawn: true, endedAt: expect.any(String) };
      expect(entry).toMatchObject({ activations: 1, ...ended });
      expect((await ask('GET', '/v1/pf')).json()).toEqual([]);

      // The activation counts no more: the next one is the first again.
      now += DAY_SECONDS;
      const time = new Date(now * 1000).toISOString().replace('.000', '');
      const [again] = await report('gate2', offence('192.0.2.7', { at: time }));
      const until = new Date((now + 30 * DAY_SECONDS) * 1000).toISOString().replace('.000', '');
      expect(again).toMatchObject({ outcome: 'reactivated', expiresAt: until });
      const active = (await ask('GET', '/v2/entries/192.0.2.0/24')).json();
      expect(active).toMatchObject({ activations: 1, withdrawn: false, endedAt: null });

      // What two machines reported stays.
      expect(await outcomes('gate1', offence('192.0.2.8', { at: time }))).toEqual(['covered']);
      expect(await outcomes('gate2', withdrawn)).toEqual(['absent']);
      // So does what an administrator blocked.
      const blocked = block({ prefix: '198.51.100.0/24' });
      expect(await outcomes('gate1', blocked)).toEqual(['new']);
      expect(await outcomes('gate1', { ...withdrawn, prefix: '198.51.100.0/24' })).toEqual([
        'absent',
      ]);
    });

    it('counts a report with a key once for each sender', async () => {
      const own = offence('192.0.2.7', { key: 'gate1-0001', count: 5 });
      expect(await outcomes('gate1', own, own)).toEqual(['new', 'repeated']);
      expect(await outcomes('gate1', offence('192.0.2.8'), own)).toEqual(['covered', 'repeated']);
      expect(await outcomes('gate2', own)).toEqual(['covered']);
      expect((await ask('GET', '/v2/entries/192.0.2.0/24')).json().hits).toBe(11);
    });

    it('sends the changes since a number, in pages', async () => {
      const identity = await store.identity();
      expect((await ask('GET', '/v2/entries')).json()).toEqual({
        store: identity,
        next: 0,
        more: false,
        latest: 0,
        changes: [],
      });
      await ask('GET', '/v1/pf-init');
      await ask('POST', '/v2/allow', { json: { prefix: '1.2.3.0/24', note: 'office' } });
      await report('test', { type: 'expire', prefix: '192.0.2.24' });
      const seen: string[] = [];
      let since = 0;
      for (let left = true; left; ) {
        const page = (
          await ask('GET', `/v2/entries?limit=2&since=${since}`, { user: 'reader' })
        ).json();
        seen.push(
          ...page.changes.map((one: Record<string, unknown>) => `${one['type']} ${one['prefix']}`),
        );
        [since, left] = [page.next, page.more];
      }
      expect(seen).toEqual([
        'entry 198.51.100.0/26',
        'entry 198.51.100.212/32',
        'entry 203.0.113.123/32',
        'allow 1.2.3.0/24',
        'entry 192.0.2.24/32',
      ]);
      const nothing = await ask('GET', `/v2/entries?since=${since}`);
      expect(nothing.json()).toEqual({
        store: identity,
        next: since,
        more: false,
        latest: since,
        changes: [],
      });
      const first = (await ask('GET', '/v2/entries?limit=1')).json();
      expect(first).toMatchObject({ more: true, latest: since });
      const known = { 'if-none-match': String(nothing.headers.etag) };
      expect((await ask('GET', `/v2/entries?since=${since}`, { headers: known })).statusCode).toBe(
        304,
      );
      // Hits alone are no news.
      await ask('POST', '/v1/pf', { json: [{ IP: '198.51.100.212', source: 'x' }] });
      expect((await ask('GET', `/v2/entries?since=${since}`)).json().changes).toEqual([]);
      expect((await ask('GET', `/v2/entries?since=${since + 1}`)).statusCode).toBe(410);
      for (const bad of ['since=-1', 'since=x', 'limit=0', 'limit=10001', 'limit=1e3']) {
        expect((await ask('GET', `/v2/entries?${bad}`)).statusCode).toBe(400);
      }
    });

    it('recognizes numbers of another store by its identity', async () => {
      await ask('GET', '/v1/pf-init');
      const path = '/v2/entries?since=';
      expect(await status('gate1', 'GET', `${path}2&store=${await store.identity()}`)).toBe(200);
      expect(await status('gate1', 'GET', `${path}2&store=another`)).toBe(410);
      // A full copy is for everybody, and old clients do not know what a store is.
      expect(await status('gate1', 'GET', `${path}0&store=another`)).toBe(200);
      expect(await status('gate1', 'GET', `${path}2`)).toBe(200);
    });

    it('bounds the evidence of an activation; beyond that it keeps only counts', async () => {
      await report('gate1', ...said(0, 3));
      await report('gate1', ...said(3, MAX_EVIDENCE_ROWS), ...said(0, 3));
      await report('gate2', ...said(100, 5));
      const { hits, evidence } = (await ask('GET', '/v2/entries/192.0.2.0/24')).json<{
        hits: number;
        evidence: { by: string; log: string; address: string | null; count: number }[];
      }>();
      const rest = evidence.filter(({ address }) => address === null);
      expect(evidence.length - rest.length).toBe(MAX_EVIDENCE_ROWS);
      // The three that are known too: nobody looks among so many.
      expect(rest.map(({ by, log, count }) => [by, log, count])).toEqual([
        ['gate1', '', 12],
        ['gate2', '', 10],
      ]);
      expect(evidence.reduce((sum, { count }) => sum + count, 0)).toBe(hits);
      // A new activation is told of anew.
      await ask('DELETE', '/v1/pf', { json: [{ IP: '192.0.2.0/24' }] });
      now += 1;
      await report('gate1', ...said(200, 1));
      const later = (await ask('GET', '/v2/entries/192.0.2.0/24')).json<{
        evidence: { activation: number; log: string }[];
      }>();
      expect(later.evidence.filter(({ activation }) => activation === 2)).toMatchObject([
        { log: 'log 200' },
      ]);
    });

    it('reports an extension by hits only once it makes a day', async () => {
      const results: unknown[] = [];
      for (const days of [0, 1, 2, 3, 3, 4]) {
        now = NOW + days * DAY_SECONDS + results.length;
        const [result] = await report('gate1', offence('192.0.2.7', at(days)));
        results.push(result?.['outcome']);
      }
      expect(results).toEqual(['new', 'covered', 'covered', 'extended', 'covered', 'extended']);
    });

    it('blocks by hand within the limits of the user', async () => {
      const results = await report(
        'gate1',
        block({ until: '2026-08-26T20:26:40Z', note: 'form spam' }),
        block({ prefix: '198.51.100.0/24', until: '2026-08-26T20:26:41Z' }),
        block({ prefix: '198.51.100.0/24', until: null }),
        block({ prefix: '198.51.100.0/24', until: '2026-05-28T20:26:40Z' }),
        block({ prefix: '4.0.0.0/7' }),
        block({ prefix: '10.1.0.0/16' }),
      );
      expect(results.map(({ outcome }) => outcome)).toEqual([
        'new',
        'new',
        'covered',
        'refused',
        'refused',
        'spared',
      ]);
      // Longer than 90 days, which is cut.
      expect(results[1]).toMatchObject({ expiresAt: '2026-08-26T20:26:40Z' });
      const byAdmin = await report(
        'test',
        block({ prefix: '4.0.0.0/7', until: null }),
        block({ prefix: '9.9.0.0/16' }),
      );
      expect(byAdmin.map(({ outcome, expiresAt }) => [outcome, expiresAt])).toEqual([
        ['new', null],
        ['spared', undefined],
      ]);
    });

    it('lets a machine end only what it began, and cuts prefixes that are too wide', async () => {
      await report('test', block({ until: null }));
      await report('gate1', block({ prefix: '198.51.100.0/24' }));
      const [refused] = await report('gate1', expire('192.0.2.0/24'));
      expect(refused).toMatchObject({
        outcome: 'refused',
        reason: 'test blocked it; they or an administrator can end it',
      });
      expect(await outcomes('gate2', expire('198.51.100.0/24'))).toEqual(['refused']);
      expect(await outcomes('gate1', expire('198.51.100.0/24'))).toEqual(['expired']);
      expect(await outcomes('test', expire('192.0.2.0/24'))).toEqual(['expired']);

      // What an administrator prolonged is theirs.
      expect(await outcomes('gate1', offence('203.0.113.7'))).toEqual(['new']);
      const longer = block({ prefix: '203.0.113.0/24', until: null });
      expect(await outcomes('test', longer)).toEqual(['extended']);
      const ends = [expire('203.0.113.0/24'), { type: 'withdraw', prefix: '203.0.113.0/24' }];
      expect(await outcomes('gate1', ...ends)).toEqual(['refused', 'absent']);

      await store.putUser(await userOf('narrow', { widest4: 20 }));
      const [cut] = await report('narrow', offence('5.149.1.1', { prefix: '5.149.0.0/16' }));
      expect(cut).toMatchObject({ outcome: 'new', prefix: '5.149.1.0/24' });
    });

    describe('one user', () => {
      it('blocks next to nothing with 250 blocks of /8 for ten years', async () => {
        await machine('lone');
        const far = '2036-05-28T20:26:40Z';
        const numbers = Array.from({ length: 250 }, (_, index) => index + 1);
        const blocks = numbers.map((n) => block({ prefix: `${n}.0.0.0/8`, until: far }));
        for (const { outcome, reason, ...rest } of await report('lone', ...blocks)) {
          expect(rest).toEqual({});
          expect([outcome, reason]).toEqual(['refused', expect.stringContaining('wider than')]);
        }
        expect(await list()).toEqual([]);
        const reports = numbers.map((n) => offence(`${n}.9.8.7`, { prefix: `${n}.0.0.0/8` }));
        await report('lone', ...reports);
        const addresses = await activeAddresses();
        expect(addresses).toBeGreaterThan(0n);
        expect(addresses).toBeLessThanOrEqual(250n * 256n);
      });

      it('blocks for no more than a year, unless another one reports it too', async () => {
        await machine('lone');
        await machine('other');
        const [cut] = await report('lone', block({ until: '2036-05-28T20:26:40Z' }));
        expect(cut).toMatchObject({ outcome: 'new', expiresAt: YEAR_END });
        // The fifth penalty is 480 days.
        for (let activation = 1; activation < 5; activation++) {
          await report('lone', offence('198.51.100.9', at(0)));
          await report('lone', expire('198.51.100.0/24'));
        }
        const [fifth] = await report('lone', offence('198.51.100.9', at(0)));
        expect(fifth).toMatchObject({ outcome: 'reactivated', expiresAt: YEAR_END });
        expect(await entryOf('198.51.100.0/24')).toMatchObject({
          activatedBy: 'lone',
          shared: false,
        });
        const [again] = await report('lone', offence('198.51.100.10', at(0)));
        expect(again).toMatchObject({ outcome: 'covered', expiresAt: YEAR_END });
        const [full] = await report('other', offence('198.51.100.9', at(0)));
        const expiresAt = '2027-09-20T20:26:40Z';
        expect(full).toMatchObject({ outcome: 'extended', expiresAt });
        expect(await entryOf('198.51.100.0/24')).toMatchObject({
          activatedBy: 'lone',
          shared: true,
          expiresAt,
        });
      });

      it('does not prolong what is wider than its limit', async () => {
        await machine('lone');
        await report('test', block({ prefix: '5.0.0.0/8', until: '2026-06-28T20:26:40Z' }));
        now += 3 * DAY_SECONDS;
        const hits = [0, 1, 2, 3].map((days) => offence('5.1.2.3', at(days)));
        expect(await outcomes('lone', ...hits)).toEqual(Array(4).fill('covered'));
        expect(await outcomes('test', offence('5.1.2.3', at(3)))).toEqual(['extended']);
      });

      it('has no more active than its share, and the rest waits', async () => {
        await machine('lone');
        await machine('other');
        // 1,024 blocks of /20 are 1/1024 of all addresses.
        const twenty = (n: number) => block({ prefix: prefixOf(n), key: `key-of-${n}` });
        const numbers = Array.from({ length: 1030 }, (_, n) => n);
        const results = await outcomes('lone', ...numbers.map(twenty));
        expect(results.filter((outcome) => outcome === 'new')).toHaveLength(1024);
        expect(results.slice(1024)).toEqual(Array(6).fill('deferred'));
        expect(await activeAddresses()).toBe(2n ** 22n);
        // What it has is not a new charge; nobody else is charged with it.
        expect(await outcomes('lone', offence('20.0.0.9'))).toEqual(['covered']);
        expect(await outcomes('other', twenty(1024))).toEqual(['new']);
        const [deferred] = await report('lone', offence('192.0.2.7', { key: 'aaaaaaaa' }));
        expect(deferred).toEqual({
          outcome: 'deferred',
          reason: 'above what one user may block (limits.user-share)',
        });
        const { body } = await ask('GET', '/metrics', { user: null });
        expect(body.split('\n')).toContain(
          'mcblock_deferred_total{user="lone",limit="limits.user-share"} 7',
        );
        // Its key was not used up.
        await report('lone', expire(prefixOf(0)));
        now += 60;
        expect(await outcomes('lone', offence('192.0.2.7', { key: 'aaaaaaaa' }))).toEqual(['new']);
        now += 366 * DAY_SECONDS;
        expect(await outcomes('lone', twenty(2000))).toEqual(['new']);
      });

      describe('where two machines must report what is wider than the automatic length', () => {
        beforeEach(async () => {
          await server.close();
          const limits = { ...DEFAULT_POLICY.limits, quorum: 2 };
          const policy = { ...DEFAULT_POLICY, limits };
          server = await start({ rules: { policy, protections: [], maxEvidence: 9 } });
          for (const name of ['one', 'two', 'three']) await machine(name);
        });

        it('defers a block of one, and blocks once another one reports it', async () => {
          const [first] = await report('one', wide('203.0.112.0/22', { key: 'aaaaaaaa' }));
          expect(first).toEqual({
            outcome: 'deferred',
            reason: 'waits until other machines report it too (fleet.quorum)',
          });
          expect(await outcomes('one', wide('203.0.112.0/22'))).toEqual(['deferred']);
          expect(await list()).toEqual([]);
          const { body } = await ask('GET', '/metrics', { user: null });
          expect(body.split('\n')).toEqual(
            expect.arrayContaining([
              'mcblock_claimed_prefixes 1',
              'mcblock_deferred_total{user="one",limit="fleet.quorum"} 2',
            ]),
          );
          expect(await outcomes('two', wide('203.0.112.0/22'))).toEqual(['new']);
          expect(await entryOf('203.0.112.0/22')).toMatchObject({
            activatedBy: 'two',
            shared: true,
          });
          const { evidence } = (await ask('GET', '/v2/entries/203.0.112.0/22')).json();
          expect(evidence).toMatchObject([{ by: 'one', type: 'block' }]);
          expect(await outcomes('one', wide('203.0.112.0/22', { key: 'aaaaaaaa' }))).toEqual([
            'covered',
          ]);
          const after = await ask('GET', '/metrics', { user: null });
          expect(after.body).toContain('mcblock_claimed_prefixes 0');
        });

        it('takes a prefix that contains it for a report of it, and not one within it', async () => {
          expect(await outcomes('one', wide('203.0.112.0/21'))).toEqual(['deferred']);
          expect(await outcomes('two', wide('203.0.112.0/22'))).toEqual(['new']);
          expect(await outcomes('three', wide('203.0.120.0/22'))).toEqual(['deferred']);
          expect(await outcomes('two', wide('203.0.120.0/21'))).toEqual(['deferred']);
          expect(await outcomes('three', wide('203.0.120.0/22'))).toEqual(['new']);
          expect(await list()).toEqual([['203.0.112.0/22'], ['203.0.120.0/22']]);
        });

        it('blocks the automatic prefix around the offender meanwhile', async () => {
          const prefix = '203.0.112.0/22';
          const [first] = await report('one', offence('203.0.113.9', { prefix }));
          expect(first).toMatchObject({ outcome: 'new', prefix: '203.0.113.0/24', held: prefix });
          expect(await list()).toEqual([['203.0.113.0/24']]);
          const [second] = await report('two', offence('203.0.112.9', { prefix }));
          expect(second).toMatchObject({ outcome: 'new', prefix });
          expect(second?.['held']).toBeUndefined();
        });

        it('forgets what one would have blocked until a time that is over, or has ended', async () => {
          const until = new Date((now + 60) * 1000).toISOString().replace('.000', '');
          expect(await outcomes('one', wide('203.0.112.0/22', { until }))).toEqual(['deferred']);
          now += 60;
          expect(await outcomes('two', wide('203.0.112.0/22'))).toEqual(['deferred']);
          expect(await outcomes('two', expire('203.0.112.0/22'))).toEqual(['absent']);
          expect(await outcomes('three', wide('203.0.112.0/22'))).toEqual(['deferred']);
          expect(await outcomes('one', wide('203.0.112.0/22'))).toEqual(['new']);
        });

        it('asks nothing of administrators, nor of what is no wider', async () => {
          expect(await outcomes('test', wide('203.0.112.0/22'))).toEqual(['new']);
          expect(await outcomes('one', offence('192.0.2.9'))).toEqual(['new']);
          expect(await outcomes('one', wide('2001:db8:1::/48'))).toEqual(['deferred']);
          expect(await outcomes('one', wide('2001:db8:1::/64'))).toEqual(['new']);
          // What an administrator has active for a day, one machine cannot have for longer.
          const until = new Date((now + DAY_SECONDS) * 1000).toISOString().replace('.000', '');
          expect(await outcomes('test', wide('198.51.100.0/23', { until }))).toEqual(['new']);
          expect(await outcomes('one', wide('198.51.100.0/23'))).toEqual(['deferred']);
          expect(await outcomes('two', wide('198.51.100.0/23'))).toEqual(['extended']);
        });
      });

      it('is charged with the sum of its IPv6 prefixes, coalesced', async () => {
        await server.close();
        const { limits } = DEFAULT_POLICY;
        const few = { ...limits, user: { ...limits.user, prefixes6: 3 } };
        server = await start({
          rules: { policy: { ...DEFAULT_POLICY, limits: few }, protections: [], maxEvidence: 9 },
        });
        await machine('lone');
        expect(await reportSites(0, 1, 2)).toEqual(['new', 'new', 'new']);
        now += 60;
        // The first two are siblings, and make one.
        expect(await reportSites(4)).toEqual(['new']);
        expect(await reportSites(8)).toEqual(['deferred']);
      });
    });

    it('brings back what is wide only as far as its maker and the reporter may', async () => {
      const until = '2026-05-29T20:26:40Z';
      await store.putUser(await userOf('narrow', { widest4: 20 }));
      await report('test', block({ prefix: '5.149.0.0/16', until }));
      await report('test', block({ prefix: '6.0.0.0/8', until }));
      await report('gate1', block({ prefix: '7.149.104.0/22', until }));
      await report('test', block({ prefix: '8.149.104.0/22', until }));
      await report('test', block({ prefix: '9.149.104.0/22', until }));
      await report('test', { type: 'expire', prefix: '9.149.104.0/22' });
      now += 2 * DAY_SECONDS;
      const brought = async (user: string, address: string) => {
        const [result] = await report(user, offence(address, at(2)));
        return result?.['prefix'];
      };
      // Wider than this user may block; one report does not prove a /8.
      expect(await brought('narrow', '5.149.1.1')).toBe('5.149.1.0/24');
      expect(await brought('test', '5.149.2.1')).toBe('5.149.0.0/16');
      expect(await brought('test', '6.149.1.1')).toBe('6.149.1.0/24');
      // Only an administrator's decision is worth more than an automatic prefix.
      expect(await brought('test', '7.149.105.1')).toBe('7.149.105.0/24');
      expect(await brought('gate1', '8.149.105.1')).toBe('8.149.104.0/22');
      expect(await brought('test', '9.149.105.1')).toBe('9.149.105.0/24');
      const { changes } = (await ask('GET', '/v2/entries')).json();
      const found = changes.find((one: { prefix: string }) => one.prefix === '8.149.104.0/22');
      expect(found).toMatchObject({
        by: 'test',
        byAdmin: true,
        activatedBy: 'gate1',
        activatedByAdmin: false,
      });
      const history = (await ask('GET', '/v2/entries/8.149.104.0/22')).json().history;
      expect(history).toMatchObject([
        { by: 'test', byAdmin: true },
        { by: 'gate1', byAdmin: false },
      ]);
    });

    it('spares protected offenders, and records the whole prefix of the others', async () => {
      await ask('POST', '/v2/allow', { json: { prefix: '192.0.2.0/26' } });
      const results = await report(
        'gate1',
        offence('192.0.2.200'),
        offence('192.0.2.1'),
        offence('127.0.0.1'),
      );
      expect(results).toMatchObject([
        { outcome: 'new', prefix: '192.0.2.0/24' },
        { outcome: 'spared', reason: 'overlaps the allow-list: 192.0.2.0/26' },
        { outcome: 'spared' },
      ]);
    });

    it('refuses an invalid body, names the field and changes nothing', async () => {
      const good = offence('192.0.2.7');
      for (const [bad, error] of [
        [{ reports: [good, offence('x')] }, 'reports[1].address must be an address, not "x"'],
        [{ reports: [good, { ...good, at: undefined }] }, 'reports[1].at is missing'],
        [
          { reports: [good, { ...good, at: '2026-02-30T00:00:00Z' }] },
          'reports[1].at must be a time',
        ],
        [
          { reports: [good, { ...good, count: 0 }] },
          'reports[1].count must be a whole number from 1',
        ],
        [{ reports: [good, { ...good, key: 'short' }] }, 'reports[1].key'],
        [{ reports: [good, { ...good, service: 'a\u0000b' }] }, 'reports[1].service'],
        [{ reports: [good, { ...good, firstSeen: '2026-05-28T20:26:41Z' }] }, 'firstSeen'],
        [{ reports: [good, { ...good, prefix: '198.51.100.0/24' }] }, 'does not contain address'],
        [{ reports: [{ type: 'block', prefix: '192.0.2.1/24' }] }, 'host bits'],
        [{ reports: [{ type: 'block', prefix: '::/0' }] }, 'reports[0].prefix'],
        [{ reports: [{ type: 'shout' }] }, 'reports[0].type must be one of'],
        [{ reports: [null] }, 'reports[0].type is missing'],
        [{ reports: {} }, 'reports must be a list'],
        [{}, 'reports is missing'],
        [[], 'the body must be an object'],
        [{ reports: Array(10_001).fill(0) }, 'at most 10000 are allowed'],
      ] as const) {
        const { statusCode, body } = await ask('POST', '/v2/reports', { json: bad });
        expect([statusCode, JSON.parse(body).error]).toEqual([400, expect.stringContaining(error)]);
      }
      const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
      const headers = { 'content-type': 'application/json' };
      const answer = await ask('POST', '/v2/reports', { form: deep, headers });
      expect([answer.statusCode, answer.body]).toEqual([
        400,
        expect.stringContaining('the body must be an object'),
      ]);
      expect(await store.sequence()).toBe(0);
    });

    it('enforces scopes', async () => {
      for (const [user, read, told, allowed] of [
        ['test', 200, 200, 200],
        ['gate1', 200, 200, 403],
        ['reader', 200, 403, 403],
        ['gone', 401, 401, 401],
        [null, 401, 401, 401],
      ] as const) {
        expect(await status(user, 'GET', '/v2/entries')).toBe(read);
        expect(await status(user, 'GET', '/v2/allow')).toBe(read);
        expect(await status(user, 'GET', '/v2/entries/192.0.2.0/24')).toBe(
          read === 200 ? 404 : read,
        );
        expect(await status(user, 'POST', '/v2/reports', { reports: [] })).toBe(told);
        expect(await status(user, 'POST', '/v2/allow', { prefix: '192.0.2.1' })).toBe(allowed);
        expect(await status(user, 'DELETE', '/v2/allow', { prefix: '192.0.2.1' })).toBe(allowed);
      }
      expect(await status('gone', 'POST', '/v1/pf', [])).toBe(503);
      expect(await status('reader', 'POST', '/v1/pf', [])).toBe(403);
    });

    it('bounds the size of a body', async () => {
      const json = { reports: [offence('192.0.2.7', { log: 'x'.repeat(1024 ** 2) })] };
      expect((await ask('POST', '/v2/reports', { json })).statusCode).toBe(413);
    });

    describe('offences without a block', () => {
      beforeEach(async () => {
        for (const name of ['one', 'two', 'three', 'four']) await machine(name);
      });

      it('block once those of several machines are enough, in the name of the fleet', async () => {
        expect(await outcomes('one', pending(1))).toEqual(['pending']);
        expect(await outcomes('two', pending(2))).toEqual(['pending']);
        const [third] = await report(
          'three',
          pending(3, { address: '45.9.9.200', service: 'pam' }),
        );
        expect(third).toMatchObject({ outcome: 'new', prefix: '45.9.9.0/24' });
        expect(await entryOf('45.9.9.0/24')).toMatchObject({
          activatedBy: 'the fleet',
          activatedByAdmin: false,
          shared: true,
          hits: 3,
          note: 'pam.failed-login, sshd.failed-login at one, three, two',
        });
        const { evidence } = (await ask('GET', '/v2/entries/45.9.9.0/24')).json();
        expect(evidence).toMatchObject([
          { by: 'one', address: '45.9.9.9', service: 'sshd', count: 1 },
          { by: 'three', address: '45.9.9.200', service: 'pam', count: 1 },
          { by: 'two', address: '45.9.9.9', service: 'sshd', count: 1 },
        ]);
        // What is active is hit by more of them, and no machine can end it.
        expect(await outcomes('four', pending(4))).toEqual(['covered']);
        expect(await outcomes('one', expire('45.9.9.0/24'))).toEqual(['refused']);
        expect(await outcomes('test', expire('45.9.9.0/24'))).toEqual(['expired']);
        // What blocked it once does not do so again.
        now += 1;
        const later = { at: '2026-05-28T20:26:41Z' };
        expect(await outcomes('four', pending(5, later))).toEqual(['pending']);
        expect(await outcomes('one', pending(6, later))).toEqual(['pending']);
        expect(await outcomes('two', pending(7, later))).toEqual(['reactivated']);
      });

      it('count once for each event, whoever reports it, and in the same request', async () => {
        expect(await outcomes('one', pending(1), pending(1))).toEqual(['pending', 'repeated']);
        expect(await outcomes('two', pending(1))).toEqual(['repeated']);
        expect(await outcomes('three', pending(2), pending(1))).toEqual(['pending', 'repeated']);
        expect(await list()).toEqual([]);
      });

      it('give no more than a third of the points for each machine and network', async () => {
        const many = Array.from({ length: 100 }, (_, n) =>
          pending(100 + n, { address: `45.9.9.${n}`, points: 1_000_000 }),
        );
        expect(new Set(await outcomes('one', ...many))).toEqual(new Set(['pending']));
        expect(await outcomes('two', pending(1, { points: 9 }))).toEqual(['pending']);
        expect(await outcomes('three', pending(2))).toEqual(['pending']);
        expect(await outcomes('two', pending(3, { points: 1 }))).toEqual(['new']);
      });

      it('count within the window of offences only', async () => {
        expect(await outcomes('one', pending(1))).toEqual(['pending']);
        now += DAY_SECONDS;
        expect(await outcomes('two', pending(2), pending(3, at(1)))).toEqual([
          'pending',
          'pending',
        ]);
        expect(await outcomes('three', pending(4, at(1)))).toEqual(['pending']);
        expect(await list()).toEqual([]);
        // In the future is now.
        expect(await outcomes('four', pending(5, at(20)))).toEqual(['new']);
      });

      it('spare what is protected, and are within the budget of one user in sum', async () => {
        await server.close();
        const { limits } = DEFAULT_POLICY;
        const policy = {
          ...DEFAULT_POLICY,
          limits: { ...limits, user: { ...limits.user, addresses4: 512 } },
        };
        server = await start({
          rules: { policy, protections: privateSpace(), maxEvidence: 9 },
        });
        await ask('POST', '/v2/allow', { json: { prefix: '45.9.9.9' } });
        expect(await outcomes('one', pending(1), pending(2, { address: '10.1.2.3' }))).toEqual([
          'spared',
          'spared',
        ]);
        // Three machines that make up offences together.
        const numbers = [0, 1, 2, 3, 4];
        const made = (from: number) =>
          numbers.map((n) => pending(from + n, { address: `46.${n}.0.9` }));
        await report('one', ...made(10));
        await report('two', ...made(20));
        expect(await outcomes('three', ...made(30))).toEqual([
          'new',
          'new',
          'pending',
          'pending',
          'pending',
        ]);
        // Their own budgets are their own still.
        expect(await outcomes('one', offence('47.0.0.9'))).toEqual(['new']);
      });

      it('count no more once who reported them takes them back', async () => {
        expect(await outcomes('one', pending(1))).toEqual(['pending']);
        expect(await outcomes('two', pending(2))).toEqual(['pending']);
        expect(await outcomes('two', pending(5, { points: 0 }))).toEqual(['pending']);
        expect(await outcomes('three', pending(3))).toEqual(['pending']);
        expect(await outcomes('three', pending(5, { points: 0 }), pending(6))).toEqual([
          'pending',
          'pending',
        ]);
        expect(await outcomes('four', pending(4))).toEqual(['new']);
      });

      it('do not say more than they may', async () => {
        const faults = [
          { points: -1 },
          { key: undefined },
          { count: 1_000_001 },
          { address: '45.9.9.0/24' },
        ];
        for (const fault of faults) {
          const reports = [pending(1, fault)];
          expect(await status('one', 'POST', '/v2/reports', { reports })).toBe(400);
        }
      });
    });

    it('limits the rate of each user alone', async () => {
      await server.close();
      server = await start({ limits: { ...LIMITS, perSecond: 1 } });
      const json = Array.from({ length: 199 }, () => ({ IP: '192.0.2.1', source: 'x' }));
      expect((await ask('POST', '/v1/pf', { json, user: 'gate1' })).statusCode).toBe(204);
      const refused = await ask('POST', '/v1/pf', { json, user: 'gate1' });
      expect(refused.statusCode).toBe(429);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(100);
      expect((await ask('POST', '/v1/pf', { json, user: 'gate2' })).statusCode).toBe(204);
    });

    it('limits the reports of a machine in a minute, and neither its reads nor administrators', async () => {
      await server.close();
      server = await start({ limits: { ...LIMITS, reportsPerMinute: 600 } });
      const reports = Array.from({ length: 600 }, (_, n) => offence(`20.0.${n & 255}.${n >> 8}`));
      const sent = (user: string, count: number) =>
        status(user, 'POST', '/v2/reports', { reports: reports.slice(0, count) });
      expect(await sent('gate1', 600)).toBe(200);
      expect(await sent('gate1', 300)).toBe(429);
      expect(await status('gate1', 'GET', '/v2/entries')).toBe(200);
      expect(await sent('gate2', 1)).toBe(200);
      for (let times = 0; times < 3; times++) expect(await sent('test', 600)).toBe(200);
    });
  });

  describe('version 2, feeds', () => {
    it('gives the feeds to all members, who know by their digest whether one has changed', async () => {
      expect((await putFeed('drop', ['5.149.104.0/24', '2a0e:c41::/32'])).json()).toMatchObject({
        name: 'drop',
        count: 2,
      });
      const { feeds } = (await ask('GET', '/v2/feeds', { user: 'reader' })).json<{
        feeds: { digest: string }[];
      }>();
      expect(feeds).toMatchObject([{ name: 'drop', source: 'https://a/drop.txt', count: 2 }]);
      const first = (await ask('GET', '/v2/feeds/drop', { user: 'reader' })).json<object>();
      const { digest } = feeds[0] ?? {};
      const prefixes = ['5.149.104.0/24', '2a0e:c41::/32'];
      expect(first).toEqual({ name: 'drop', digest, prefixes });
      await putFeed('drop', []);
      const second = (await ask('GET', '/v2/feeds/drop', { user: 'reader' })).json<object>();
      expect(second).toMatchObject({ prefixes: [] });
      expect(second).not.toMatchObject({ digest });
    });

    it('answers that one which is removed meanwhile is not there, rather than that it is empty', async () => {
      await putFeed('drop', ['5.149.104.0/24']);
      const read = store.feeds.list.bind(store.feeds);
      store.feeds.list = async (name) => {
        await store.feeds.remove(name);
        return read(name);
      };
      expect(await status('reader', 'GET', '/v2/feeds/drop')).toBe(404);
    });

    it('takes them from administrators only, and nothing but a list of prefixes', async () => {
      for (const wrong of [['0.0.0.0/0'], ['x'], 'x', null, [7]]) {
        expect((await putFeed('drop', wrong)).statusCode).toBe(400);
      }
      for (const name of ['fleet:drop', '.x', '%00', 'a'.repeat(65)]) {
        expect((await putFeed(name, [])).statusCode).toBeGreaterThanOrEqual(400);
      }
      expect((await putFeed('drop', [], 'gate1')).statusCode).toBe(403);
      expect(await status(null, 'GET', '/v2/feeds')).toBe(401);
      expect(await status('reader', 'GET', '/v2/feeds/drop')).toBe(404);
      expect(await status('test', 'DELETE', '/v2/feeds/drop')).toBe(404);
    });
  });

  describe('version 2, keys', () => {
    const [one, other] = ['A'.repeat(43), 'B'.repeat(43)];
    it('gives the key of each user to all members, and tells of a change', async () => {
      expect(await userKeys()).toEqual([]);
      expect((await putKey('gate1', one)).json()).toEqual({
        name: 'gate1',
        key: one,
        replaced: null,
      });
      now += 60;
      expect((await putKey('gate1', one)).json()).toMatchObject({ replaced: one });
      const since = '2026-05-28T20:26:40Z';
      expect(await userKeys()).toEqual([{ name: 'gate1', key: one, since }]);
      const { headers } = await ask('GET', '/v2/keys', { user: 'reader' });
      const again = { user: 'reader', headers: { 'if-none-match': String(headers['etag']) } };
      expect((await ask('GET', '/v2/keys', again)).statusCode).toBe(304);
      await putKey('gate1', other);
      expect(await userKeys()).toEqual([
        { name: 'gate1', key: other, since: '2026-05-28T20:27:40Z' },
      ]);
      const told = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'key');
      expect(told).toMatchObject([
        { level: 'info', user: 'gate1', key: one, replaced: null, address: '127.0.0.1' },
        { level: 'warning', user: 'gate1', key: other, replaced: one },
      ]);
    });

    it('takes a key only from its own user, and nothing but a key', async () => {
      expect((await putKey('reader', one)).statusCode).toBe(403);
      expect((await putKey('gone', one)).statusCode).toBe(401);
      for (const wrong of ['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, 7, null]) {
        expect((await putKey('gate1', wrong)).statusCode).toBe(400);
      }
      expect(await status(null, 'GET', '/v2/keys')).toBe(401);
      expect(await userKeys()).toEqual([]);
    });
  });

  it('survives a failure of the store', async () => {
    const user = store.user.bind(store);
    const change = store.change.bind(store);
    const broken: FleetStore = Object.assign(Object.create(store) as FleetStore, {
      user,
      identity: store.identity.bind(store),
      change: () => Promise.reject(new Error('a fault of ours')),
    });
    await server.close();
    server = await start({ store: broken });
    const json = [{ IP: '192.0.2.1', source: 'x' }];
    const failed = await ask('POST', '/v1/pf', { json });
    expect([failed.statusCode, failed.json()]).toEqual([500, { error: 'Internal Server Error' }]);
    expect(lines.join('')).toContain('a fault of ours');
    broken.change = change;
    expect((await ask('POST', '/v1/pf', { json })).statusCode).toBe(204);
  });

  it('serves metrics and an OpenAPI document of every route', async () => {
    await ask('GET', '/v1/pf-init');
    await ask('GET', '/v1/pf', { password: 'wrong' });
    const metrics = await ask('GET', '/metrics', { user: null });
    expect(metrics.headers['content-type']).toContain('version=0.0.4');
    for (const line of [
      'mcblock_requests_total{method="GET",path="/v1/pf-init",status="204"} 1',
      'mcblock_failed_logins_total 1',
      'mcblock_blocked_prefixes 4',
      'mcblock_sequence 4',
    ]) {
      expect(metrics.body.split('\n')).toContain(line);
    }
    const far = await server.inject({ url: '/metrics', remoteAddress: '192.0.2.1' });
    expect(far.statusCode).toBe(401);
    const { openapi, paths } = (await ask('GET', '/openapi.json', { user: null })).json();
    expect(openapi).toBe('3.1.0');
    for (const [path, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations as object)) {
        const url = path.replace('{address}', '192.0.2.0').replace('{length}', '24');
        const { statusCode } = await ask(method.toUpperCase() as 'GET', url, { user: null });
        // Each route exists: it answers or asks for a login.
        expect([200, 401, 500, 503]).toContain(statusCode);
      }
    }
  });

  it('answers no request that its OpenAPI document suggests by an internal error', async () => {
    const document = (await ask('GET', '/openapi.json', { user: null })).json<OpenApi>();
    const authorization = `Basic ${Buffer.from(`test:${PASSWORD}`).toString('base64')}`;
    const seen = new Map<number, number>();
    for (const { name, requests } of arbitraryRequests(document)) {
      await fc.assert(
        fc.asyncProperty(requests, async ({ method, url, payload, headers }) => {
          const { statusCode } = await server.inject({
            method,
            url,
            headers: { ...headers, authorization },
            ...(payload !== undefined && { payload }),
          });
          seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1);
          // The health of an empty list is 500 by acacia's protocol.
          if (name !== 'get /v2/healthcheck') expect(statusCode).toBeLessThan(500);
        }),
        { numRuns: 30 },
      );
    }
    expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    // They reach beyond the validation.
    expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 204, 400]));
  });

  it('logs who failed to log in, and from where, in words that cannot pass for others', async () => {
    const name = `x","address=198.51.100.9\u202e\u009b\n${'y'.repeat(100)}`;
    const authorization = `Basic ${Buffer.from(`${name}:${PASSWORD}`).toString('base64')}`;
    await server.inject({ url: `/v2/${'z'.repeat(300)}`, headers: { authorization } });
    await ask('GET', '/v2/allow', { user: null, headers: { authorization } });
    await ask('GET', '/v2/allow', { user: null });
    const failed = lines.filter((line) => line.includes('"event":"failed-login"'));
    expect(failed).toHaveLength(1);
    expect(JSON.parse(failed[0] ?? '')).toMatchObject({
      level: 'warning',
      address: '127.0.0.1',
      user: name.slice(0, 64),
      path: '/v2/allow',
      status: 401,
    });
    expect(failed[0]).toMatch(/"address":"127\.0\.0\.1","user":"x\\",\\"address=/);
    expect(failed[0]).toMatch(/^[ -~]*\n$/);
    expect(lines.every((line) => line.length < 800)).toBe(true);
  });

  it('goes by what its proxies say of their peers, and nobody else', async () => {
    await server.close();
    server = await start({ proxies: [parsePrefix('127.0.0.1'), parsePrefix('2001:db8::/64')] });
    const wrong = { authorization: `Basic ${Buffer.from('gate1:wrong').toString('base64')}` };
    const addressOf = async (remoteAddress: string, forwarded: string) => {
      const headers = { ...wrong, 'x-forwarded-for': forwarded };
      await server.inject({ url: '/v2/allow', remoteAddress, headers });
      return (JSON.parse(lines.at(-1) ?? '') as { address: string }).address;
    };
    expect(await addressOf('127.0.0.1', '192.0.2.7')).toBe('192.0.2.7');
    expect(await addressOf('::ffff:127.0.0.1', '::ffff:192.0.2.7')).toBe('192.0.2.7');
    expect(await addressOf('2001:db8::1', '198.51.100.9, 192.0.2.7')).toBe('192.0.2.7');
    expect(await addressOf('192.0.2.7', '198.51.100.9')).toBe('192.0.2.7');
    expect(await addressOf('127.0.0.1', '198.51.100.9, x","y')).toBe('127.0.0.1');
    const metrics = (forwarded: string) =>
      server.inject({ url: '/metrics', headers: { 'x-forwarded-for': forwarded } });
    expect((await metrics('192.0.2.7')).statusCode).toBe(401);
    // Each source has a budget of its own.
    for (let guess = 0; guess < 30; guess++) await addressOf('127.0.0.1', '192.0.2.8');
    expect(lines.at(-1)).toContain('"status":429');
    await addressOf('127.0.0.1', '192.0.2.9');
    expect(lines.at(-1)).toContain('"status":401');
  });

  it('logs requests as JSON, without passwords', async () => {
    await ask('POST', '/v1/pf', { json: [{ IP: '192.0.2.1', source: 'x' }] });
    const last = JSON.parse(lines.at(-1) ?? '');
    expect(last).toMatchObject({
      level: 'info',
      event: 'request',
      method: 'POST',
      path: '/v1/pf',
      status: 204,
      user: 'test',
      address: '127.0.0.1',
    });
    expect(lines.join('')).not.toContain(PASSWORD);
    expect(lines.join('')).not.toContain(Buffer.from(`test:${PASSWORD}`).toString('base64'));
  });
}
