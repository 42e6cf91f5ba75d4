import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { banJson, type PageData } from '../../../src/fleet/bell/page-data.ts';
import { spaceMap } from '../../../src/fleet/bell/space-map.ts';
import { BellStatus } from '../../../src/fleet/bell/status.ts';
import { StatusServer } from '../../../src/fleet/bell/status-server.ts';
import { statusJson } from '../../../src/fleet/bell/status-text.ts';
import { PrefixList } from '../../../src/net/prefix-list.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { BROWSER_MISSING, Browser } from './browser.ts';
import { until } from './until.ts';

const AT = 1_790_000_000;
const EVIL = '<script>document.title = "evil"</script><img src="/x" onerror="document.title = 1">';
const BLOCKED = ['5.149.104.0/22', '45.0.0.0/12', '185.220.0.0/16'].map(parsePrefix);

describe.skipIf(BROWSER_MISSING)(`the page in a browser (${BROWSER_MISSING ?? 'Chromium'})`, () => {
  const status = new BellStatus(['block', EVIL], AT, () => ({ blocks: 0, commands: 0 }));
  const data: PageData = {
    active: 3,
    byOrigin: new Map([
      ['grok', 2],
      ['fleet', 1],
    ]),
    map: spaceMap(PrefixList.from(BLOCKED)),
    bans: BLOCKED.map((prefix) => ({
      at: AT,
      prefix,
      from: EVIL,
      why: EVIL,
      outcome: 'new',
      expiresAt: AT + 86_400,
    })),
  };
  const server = new StatusServer({ status, version: '1', page: async () => data });
  let browser: Browser;
  beforeAll(async () => {
    status.connected(AT);
    const place = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    browser = await Browser.open(`http://${place}/`);
    await until(async () => (await rows()) === 3);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const rows = () => browser.value<number>("document.getElementById('last').rows.length");
  const text = (id: string) =>
    browser.value<string>(`document.getElementById('${id}').textContent`);

  it('shows the state, whom is blocked by whom, and what others said as text', async () => {
    expect(await text('state')).toBe('state: connected');
    expect(await text('active')).toBe('3 entries are active.');
    expect(await text('origins')).toBe('grok2fleet1');
    expect(await text('last')).toContain(`5.149.104.0/22${EVIL}${EVIL}new`);
    expect(await text('counts')).toContain(EVIL);
    expect(await browser.value('document.title')).toBe('mcblock: connected');
    expect(await browser.value('document.images.length')).toBe(0);
    expect(browser.complaints).toEqual([]);
  });

  it('draws the map, and says in words what it shows', async () => {
    expect(await text('covered')).toBe(
      'Of 65,536 /16s 18 hold what is blocked, 17 are blocked whole.',
    );
    const inked = `(() => {
      const map = document.getElementById('map');
      const { data } = map.getContext('2d').getImageData(0, 0, map.width, map.height);
      return data.filter((value, index) => index % 4 === 3 && value > 200).length;
    })()`;
    expect(await browser.value(inked)).toBeGreaterThanOrEqual(17 * 4);
    expect(await browser.value("document.getElementById('map').ariaLabel")).toContain('18 hold');
  });

  it('shows what happens as it happens', async () => {
    const ban = {
      ...data.bans[0]!,
      prefix: parsePrefix('2001:db8::/64'),
      expiresAt: 'forever' as const,
    };
    server.events.send('ban', banJson(ban));
    await until(async () => (await rows()) === 4);
    expect(await text('last')).toMatch(/^2026-09-21 14:13:202001:db8::\/64/);
    expect(await text('last')).toContain('for ever');
    status.disconnected('gone');
    server.events.send('state', statusJson(status));
    await until(async () => (await text('state')) === 'state: disconnected');
  });

  it('fits on a telephone, and on a dark screen has light ink', async () => {
    await browser.resize(360, 740);
    await browser.dark();
    const width = 'document.documentElement.scrollWidth <= window.innerWidth';
    await until(() => browser.value<boolean>(width));
    const ink = 'getComputedStyle(document.body).color';
    await until(async () => (await browser.value(ink)) === 'rgb(236, 236, 236)');
  });
});
