import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privateSpace } from '../../src/blocklist/bogons.ts';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { CommandLine } from '../support/command-line.ts';
import { until } from '../support/until.ts';
import { LiveServer, PASSWORD } from './client/live-server.ts';
import { BROWSER_MISSING, Browser } from './pubsub/browser.ts';

const EVIL = '<script>document.title = "evil"</script><img src="/x" onerror="document.title = 1">';
const { limits } = DEFAULT_POLICY;
const user = { ...limits.user, addresses4: 512 };
const rules = {
  policy: { ...DEFAULT_POLICY, limits: { ...limits, user } },
  protections: privateSpace(),
  maxEvidence: 100,
};
const folder = new CommandLine();
const server = new LiveServer(folder.path('fleet.db'), { rules });

beforeAll(async () => {
  server.now = Math.floor(Date.now() / 1000);
  await server.start();
  await server.addUser('anna', { scopes: ['admin'] });
  await server.addUser('gate1', { widest4: 20, widest6: 48 });
  await server.addUser('gate2', { widest4: 20, widest6: 48 });
  await server.addUser('old', { disabled: true });
  await report('gate1', offence('5.149.104.9'), { type: 'block', prefix: '45.0.0.0/12' });
  await ask('gate1', '/v2/entries?since=0');
  await ask('gate2', '/v2/entries?since=0');
  for (const network of [1, 2, 3]) await report('gate2', offence(`6.6.${network}.6`));
  await report('gate2', { type: 'block', prefix: '2001:db8::/64', note: EVIL });
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

function loginOf(name: string): Record<string, string> {
  return { authorization: `Basic ${btoa(`${name}:${PASSWORD}`)}` };
}

function ask(
  name: string,
  path: string,
  init: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Response> {
  const headers = { ...loginOf(name), 'user-agent': `mcblock/1.2.3${EVIL}`, ...init.headers };
  return fetch(`${server.url}${path}`, { ...init, headers });
}

function report(name: string, ...reports: readonly object[]): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return ask(name, '/v2/reports', { method: 'POST', headers, body: JSON.stringify({ reports }) });
}

function offence(address: string): object {
  const at = new Date(server.now * 1000).toISOString().replace(/\.\d+/, '');
  return { type: 'offence', address, at, service: 'sshd', message: 'failed-login', count: 7 };
}

/** The status that a form gets. */
async function post(headers: Readonly<Record<string, string>>): Promise<number> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = 'ip=192.0.2.99&source=form';
  const init = { method: 'POST', headers: { ...type, ...headers }, body };
  return (await ask('anna', '/v1/pf', init)).status;
}

describe("the administrators' page", () => {
  it.each(['/admin', '/admin/overview.json', '/admin/map'])(
    'asks for an administrator at %s',
    async (path) => {
      const stranger = await fetch(`${server.url}${path}`);
      expect(stranger.status).toBe(401);
      expect(stranger.headers.get('www-authenticate')).toMatch(/^Basic /);
      expect((await ask('gate1', path)).status).toBe(403);
      const { status, headers } = await ask('anna', path);
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|https?:|\*/);
    },
  );

  it('has foreign text only as data', async () => {
    const body = await (await ask('anna', '/admin')).text();
    expect(body).not.toContain('<img');
    expect(body.match(/<script/g)).toHaveLength(2);
  });

  it('says of each user what they have, lack, reported and were refused', async () => {
    const { users, latest } = (await (await ask('anna', '/admin/overview.json')).json()) as {
      users: { name: string; lastAt: string | null }[];
      latest: number;
    };
    expect(latest).toBe(4);
    expect(users.map(({ name }) => name)).toEqual(['anna', 'gate1', 'gate2', 'old']);
    expect(users).toMatchObject([
      { widest: null, budget: null, lag: null },
      {
        agent: `mcblock/1.2.3${EVIL}`.slice(0, 64),
        active: 1,
        why: 'sshd: failed-login 7',
        lag: 3,
        reports: 2,
        refused: 1,
        deferred: 0,
        reason: expect.stringContaining('wider than your limit'),
        widest: '/20, /48',
        budget: 0.5,
      },
      {
        active: 3,
        deferred: 1,
        refused: 0,
        budget: 1,
        reason: expect.stringContaining('limits.user-share'),
      },
      { disabled: true, lastAt: null, lag: null, active: 0 },
    ]);
  });
});

describe('what a page from elsewhere sends', () => {
  it('is refused, though the browser adds the login', async () => {
    expect(await post({ origin: 'https://evil.example.com' })).toBe(403);
    expect(await post({ origin: 'null' })).toBe(403);
    expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await post({ 'sec-fetch-site': 'same-site' })).toBe(403);
  });

  it('is no reason to refuse others', async () => {
    expect(await post({})).not.toBe(403);
    expect(await post({ origin: server.url, 'sec-fetch-site': 'same-origin' })).not.toBe(403);
    const read = await ask('anna', '/admin', { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(read.status).toBe(200);
  });
});

describe.skipIf(BROWSER_MISSING)(`it in a browser (${BROWSER_MISSING ?? 'Chromium'})`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await Browser.open(`${server.url}/admin`, loginOf('anna'));
    await until(async () => (await text('covered')).includes('/16s have'));
  });
  afterAll(() => browser.close());

  const text = (id: string) =>
    browser.value<string>(`document.getElementById('${id}')?.textContent ?? ''`);

  it('shows machines, refusals, users, bans and the map, and foreign text as text', async () => {
    expect(await text('state')).toBe('2 machines');
    const machines = await text('machine-rows');
    expect(machines).toMatch(/gate1.* ago3 behind1\.2\.3<script>/);
    expect(machines).toMatch(/gate2.* ago\d behind/);
    expect(await text('trouble-rows')).toMatch(/^gate11050 %.*wider than your limit.*gate201100 %/);
    expect(await text('refused-since')).toMatch(/^\d{4}-.* UTC$/);
    expect(await text('user-rows')).toContain('olddisabled');
    expect(await text('last')).toContain(EVIL);
    expect(await text('last')).toContain('6.6.2.0/24gate2sshd: failed-login 7');
    expect(await text('covered')).toContain('2 of 65,536 /16s have blocked addresses');
    expect(await browser.value('document.title')).toBe('mcblock: the fleet');
    expect(await browser.value('document.images.length')).toBe(0);
    expect(browser.complaints).toEqual([]);
  });

  it('shows what changes, without being loaded again', async () => {
    await report('anna', { type: 'block', prefix: '185.220.101.0/24', note: 'by hand' });
    await until(async () => (await text('last')).includes('185.220.101.0/24annaby hand'));
    server.now += 3601;
    await until(async () => (await text('state')) === '2 of 2 silent');
    expect(await browser.value("document.getElementById('state').className")).toBe('bad');
  });

  it('fits a telephone, and bans are above the map', async () => {
    await browser.resize(390, 844);
    await until(() =>
      browser.value<boolean>('document.documentElement.scrollWidth <= 390 && innerWidth === 390'),
    );
    const tops = `['bans-card', 'space-card'].map((id) => document.getElementById(id).offsetTop)`;
    const [bans = 0, map = 0] = await browser.value<number[]>(tops);
    expect(bans).toBeLessThan(map);
  });

  it('says that the server does not answer', async () => {
    await server.stop();
    await until(async () => (await text('lost')).includes('does not answer'));
    await server.start();
    await until(() => browser.value<boolean>("document.getElementById('lost').hidden"));
  });
});
