import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { banJson, type PageData } from '../../../src/fleet/pubsub/page-data.ts';
import { SubscriberStatus } from '../../../src/fleet/pubsub/status.ts';
import { StatusServer } from '../../../src/fleet/pubsub/status-server.ts';
import { statusJson } from '../../../src/fleet/pubsub/status-text.ts';
import { cellOf } from '../../../src/net/hilbert.ts';
import { PrefixList } from '../../../src/net/prefix-list.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { SIDE, spaceMap } from '../../../src/net/space-map.ts';
import { until } from '../../support/until.ts';
import { BROWSER_MISSING, Browser } from './browser.ts';

const AT = 1_790_000_000;
const EVIL = '<script>document.title = "evil"</script><img src="/x" onerror="document.title = 1">';
const NOTHING: PageData = {
  active: 0,
  active6: 0,
  byOrigin: new Map(),
  map: new Uint8Array(256 * 256),
  bans: [],
};
const BLOCKED = ['5.149.104.0/22', '45.0.0.0/12', '185.220.0.0/16'].map(parsePrefix);

describe.skipIf(BROWSER_MISSING)(`the page in a browser (${BROWSER_MISSING ?? 'Chromium'})`, () => {
  const status = new SubscriberStatus(['block', EVIL], AT, () => ({ blocks: 0, commands: 0 }));
  const data: PageData = {
    active: 3,
    active6: 0,
    byOrigin: new Map([
      ['grok', 2],
      ['fleet', 1],
    ]),
    map: spaceMap(PrefixList.from(BLOCKED)).levels,
    bans: BLOCKED.map((prefix) => ({
      at: AT,
      prefix,
      from: EVIL,
      why: EVIL,
      outcome: 'new',
      expiresAt: AT + 86_400,
    })),
  };
  let server = new StatusServer({ status, version: '1', page: async () => data });
  let browser: Browser;
  let address: string;
  beforeAll(async () => {
    status.connected(AT);
    for (const at of [AT, AT + 1]) status.blockedBy(EVIL, at);
    address = await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 });
    browser = await Browser.open(`http://${address}/`);
    await until(async () => (await rows()) === 3);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const rows = () => browser.value<number>("document.getElementById('last').rows.length");
  const text = (id: string) =>
    browser.value<string>(`document.getElementById('${id}').textContent`);

  it('shows the state, the bans and their senders, and foreign text as text', async () => {
    expect(await text('state')).toBe('state: connected');
    expect(await text('active')).toBe('3 entries are active.');
    expect(await text('origins')).toBe('local logs2fleet1');
    expect(await text('families')).toContain('3 IPv4, 0 IPv6');
    expect(await text('last')).toContain(`5.149.104.0/22${EVIL}${EVIL}new`);
    expect(await text('counts')).toContain(EVIL);
    expect(await text('senders')).toMatch(/^<script>.*2\d+ \w+ ago$/);
    expect(await browser.value('document.title')).toBe('mcblock: connected');
    expect(await browser.value('document.images.length')).toBe(0);
    expect(browser.complaints).toEqual([]);
  });

  it('says in plain words what it shows', async () => {
    const headings =
      "Array.from(document.querySelectorAll('h2'), (head) => head.textContent).join()";
    expect(await browser.value(headings)).toBe(
      'Blocked,Last bans,The IPv4 space,Pub/sub,Sources,Channels',
    );
    status.caughtUp = { lastNumber: 42, behind: 0 };
    status.caughtUpAt = AT;
    status.dropped('block', 'forged');
    server.events.send('state', statusJson(status));
    await until(async () => (await text('facts')).includes('forged 1'));
    expect(await text('facts')).toMatch(
      /APIup to date, asked .* ago.*Last change42Refusedforged 1/,
    );
  });

  it('shows the state that the server knows before any script asks for it', async () => {
    const document = await (await fetch(`http://${address}/`)).text();
    expect(document).toContain('<title>mcblock: connected</title>');
    expect(document).toContain('<p id="state" class="" role="status">state: connected</p>');
    expect(document).not.toContain(EVIL);
  });

  it('draws a map that is nearly empty small', async () => {
    const width = "document.getElementById('map').getBoundingClientRect().width";
    expect(await browser.value(width)).toBeLessThan(240);
  });

  it('draws the map and describes it in words', async () => {
    expect(await text('covered')).toBe(
      '18 of 65,536 /16s have blocked addresses, 17 are blocked entirely.',
    );
    const inked = `(() => {
      const map = document.getElementById('map');
      const { data } = map.getContext('2d').getImageData(0, 0, map.width, map.height);
      const all = [0x3a, 0x0d, 0x12].join();
      const scale = map.width / 256;
      let found = 0;
      for (let at = 0; at < data.length; at += 4) if (data.slice(at, at + 3).join() === all) found++;
      return found / scale ** 2;
    })()`;
    expect(await browser.value(inked)).toBe(17);
    expect(await text('most')).toBe('Most are in 45/8 (16), 5/8 (1), 185/8 (1).');
  });

  it('shows bans and the state as they change', async () => {
    const ban = {
      ...data.bans[0]!,
      prefix: parsePrefix('2001:db8::/64'),
      expiresAt: 'forever' as const,
    };
    server.events.send('ban', banJson(ban));
    await until(async () => (await rows()) === 4);
    expect(await text('last')).toMatch(/^2026-09-21 14:13:202001:db8::\/64/);
    expect(await text('last')).toContain('forever');
    status.disconnected('gone');
    server.events.send('state', statusJson(status));
    await until(async () => (await text('state')) === 'state: disconnected');
  });

  it('describes the /16 under the pointer and the arrow keys', async () => {
    const press = (key: string, shiftKey = false) =>
      browser.value(
        `document.getElementById('map').dispatchEvent(new KeyboardEvent('keydown', ${JSON.stringify({ key, shiftKey })}))`,
      );
    await browser.value(`(() => {
      const map = document.getElementById('map');
      const { left, top, width } = map.getBoundingClientRect();
      const at = ${cellOf((5 << 8) | 149, SIDE)};
      const [clientX, clientY] = [left + ((at % 256) + 0.5) * width / 256, top + (Math.floor(at / 256) + 0.5) * width / 256];
      map.dispatchEvent(new PointerEvent('pointerdown', { clientX, clientY }));
    })()`);
    expect(await text('pointed')).toBe(
      '5.149.0.0/16: a /22 or more is blocked. In 5.0.0.0/8: 1 of 256 /16s.',
    );
    await press('ArrowUp');
    expect(await text('pointed')).toMatch(/\. In 4\.0\.0\.0\/8: nothing\.$/);
    for (let step = 0; step < 300; step++) await press('ArrowLeft', true);
    expect(await text('pointed')).toMatch(/nothing is blocked/);
    expect(await browser.value("document.getElementById('map').tabIndex")).toBe(0);
  });

  it('fits a telephone and follows the dark colour scheme', async () => {
    await browser.resize(390, 844);
    await browser.media({ 'prefers-color-scheme': 'dark' });
    const width = 'document.documentElement.scrollWidth <= 390 && window.innerWidth === 390';
    await until(() => browser.value<boolean>(width));
    // Two lines for each ban, above the map.
    const rowHeights =
      "Array.from(document.querySelectorAll('#last tr'), (row) => row.clientHeight)";
    await until(() => browser.value<boolean>(`Math.max(...${rowHeights}) < 70`));
    const tops = `['bans-card', 'space-card'].map((id) => document.getElementById(id).offsetTop)`;
    const [bans = 0, map = 0] = await browser.value<number[]>(tops);
    expect(bans).toBeLessThan(map);
    const ink = 'getComputedStyle(document.body).color';
    await until(async () => (await browser.value(ink)) === 'rgb(236, 236, 236)');
  });

  it('distinguishes the levels of the map by lightness alone', async () => {
    for (const scheme of ['light', 'dark']) {
      await browser.media({ 'prefers-color-scheme': scheme });
      const inks = await browser.value<string[]>(`(() => {
        const style = getComputedStyle(document.documentElement);
        return ['void', ...Array.from({ length: 9 }, (_, index) => 'l' + (index + 1))].map((name) =>
          style.getPropertyValue('--' + name).trim());
      })()`);
      const steps = inks.map(luminance);
      const rising = scheme === 'dark' ? steps : steps.toReversed();
      expect(rising).toEqual(rising.toSorted((p, q) => p - q));
      // Even the first step stands out from nothing.
      const [nothing = 0, first = 0] = steps;
      const [high, low] = [Math.max(nothing, first), Math.min(nothing, first)];
      expect((high + 0.05) / (low + 0.05)).toBeGreaterThan(1.6);
    }
  });

  it('shows that the connection is lost, and reconnects', async () => {
    const hidden = "document.getElementById('lost').hidden";
    expect(await browser.value(hidden)).toBe(true);
    const port = Number(address.split(':')[1]);
    await server.close();
    await until(async () => (await browser.value(hidden)) === false);
    expect(await text('lost')).toMatch(/^Connection to mcblock lost; reconnecting\. .* at 20\d\d-/);
    expect(await text('state')).toBe('state: unknown');
    server = new StatusServer({ status, version: '1', page: async () => NOTHING });
    await server.listen({ kind: 'tcp', host: '127.0.0.1', port });
    await until(async () => (await browser.value(hidden)) === true);
    await until(async () => (await text('state')) === 'state: disconnected');
  });

  it('shows that nothing is blocked yet', async () => {
    await until(async () => (await text('active')) === 'Nothing is blocked yet.');
    expect(await text('covered')).toBe('No IPv4 address is blocked.');
    expect(await browser.value("document.getElementById('no-bans').hidden")).toBe(false);
    expect(await rows()).toBe(0);
  });
});

/** Relative luminance (WCAG 2.2) of #aabbcc. */
function luminance(ink: string): number {
  const each = ink.match(/[\da-f]{2}/g) ?? [];
  const [red = 0, green = 0, blue = 0] = each.map((two) => {
    const part = Number.parseInt(two, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
