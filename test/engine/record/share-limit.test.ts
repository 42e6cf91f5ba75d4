import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, neverActive } from '../../../src/blocklist/entry.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/blocklist/policy.ts';
import { storeFeed } from '../../../src/engine/feed/update.ts';
import { applyRules } from '../../../src/engine/firewall/apply-rules.ts';
import { storeBans } from '../../../src/engine/listen/store-bans.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { ManualBlocker } from '../../../src/engine/record/manual-blocker.ts';
import { ShareLimit } from '../../../src/engine/record/share-limit.ts';
import { catchUp } from '../../../src/engine/sync/catch-up.ts';
import { recordPfTables } from '../../../src/engine/sync/pf-tables.ts';
import { fileFirewall } from '../../../src/firewall/file.ts';
import type { FleetClient } from '../../../src/fleet/client/client.ts';
import { PrefixList } from '../../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { DEFAULT_FEED_LIMITS } from '../../../src/store/feeds.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;

/** 42,949,672 IPv4 addresses. */
const ONE_PERCENT: Policy = { ...DEFAULT_POLICY, limits: { ...DEFAULT_POLICY.limits, share: 1 } };
const WIDE = ['45.0.0.0/8', '46.0.0.0/8'] as const;

let line: CommandLine;
let store: Store;
beforeEach(() => {
  line = new CommandLine();
  store = openStore(line.db, { mode: 'write' });
});
afterEach(() => {
  store.close();
  line.remove();
});

function active(text: string, over: Partial<Entry> = {}): Entry {
  const times = { firstSeen: NOW, lastSeen: NOW, activatedAt: NOW, expiresAt: NOW + 1000 };
  return { ...neverActive(parsePrefix(text), 'grok', ''), activations: 1, ...times, ...over };
}

function record(...texts: string[]): void {
  for (const text of texts) {
    const entry = active(text);
    store.record({ entry, activations: [entry] });
  }
}

function isActiveNow(text: string): boolean {
  return [...store.activePrefixes(NOW)].some((prefix) => formatPrefix(prefix) === text);
}

function block(text: string, force: boolean) {
  const options = { origin: 'manual', now: NOW, force } as const;
  return store.transaction(() =>
    new ManualBlocker(store, onePolicy(ONE_PERCENT), options).block(parsePrefix(text)),
  );
}

/** Fills the share but for 40 addresses. */
function fill(): void {
  record('45.0.0.0/8', '46.0.0.0/8', '47.0.0.0/9', '48.0.0.0/13', '49.0.0.0/14', '50.0.0.0/15');
  record('51.0.0.0/16', '52.0.0.0/18', '53.0.0.0/20', '54.0.0.0/21', '55.0.0.0/22');
}

describe('ShareLimit', () => {
  it('admits entries up to the share, and counts what it refuses', () => {
    store.transaction(() => {
      const limit = new ShareLimit(store, 1, NOW);
      expect(WIDE.map((text) => limit.admits(active(text)))).toEqual([true, true]);
      expect(limit.admits(active('47.0.0.0/9'))).toBe(true);
      expect(limit.admits(active('48.0.0.0/8'))).toBe(false);
      expect(limit.admits(active('2001:db8::/32'))).toBe(true);
      limit.recordRefusals();
    });
    expect(store.coverage.refusals()).toEqual({ count: 1, lastAt: NOW });
  });

  it('counts what is inside of other entries once', () => {
    record(...WIDE, '47.0.0.0/9');
    store.transaction(() => {
      const limit = new ShareLimit(store, 1, NOW);
      expect(limit.admits(active('45.1.2.0/24'))).toBe(true);
      expect(limit.admits(active('47.0.0.0/8'))).toBe(false);
    });
  });

  it('asks nothing of an entry that has expired by now', () => {
    record(...WIDE, '47.0.0.0/9');
    const limit = new ShareLimit(store, 1, NOW);
    expect(limit.admits(active('100.0.0.0/8', { expiresAt: NOW }))).toBe(true);
  });

  it('refuses to prolong an entry while too much is active', () => {
    record(...WIDE, '47.0.0.0/8');
    expect(new ShareLimit(store, 1, NOW).admits(active('45.0.0.0/8'))).toBe(false);
  });
});

describe('Store.coverage', () => {
  it('is never less than what is active, and exact after a count', () => {
    record('45.0.0.0/8');
    expect(store.coverage.most(4)).toBeUndefined();
    store.transaction(() => new ShareLimit(store, 25, NOW).admits(active('46.0.0.0/8')));
    expect(store.coverage.most(4)).toBe(2 ** 24);
    record('45.1.0.0/16', '2001:db8::/32');
    expect(store.coverage.most(4)).toBe(2 ** 24 + 2 ** 16);
    expect(store.coverage.most(6)).toBe(2 ** 96);
    expect(() =>
      store.transaction(() => {
        record('47.0.0.0/8');
        throw new Error('rolled back');
      }),
    ).toThrow('rolled back');
    expect(store.coverage.most(4)).toBe(2 ** 24 + 2 ** 16);
    store.importRows([...store.exportRows()]);
    expect(store.coverage.most(4)).toBeUndefined();
  });
});

describe('the share of the address space', () => {
  it('bounds blocks by hand, unless they are forced', () => {
    fill();
    expect(() => block('60.0.0.0/8', false)).toThrow(/above 1 % of the IPv4 addresses/);
    expect(isActiveNow('60.0.0.0/8')).toBe(false);
    expect(block('60.0.0.0/8', true).kind).toBe('new');
  });

  it('bounds bans of other machines', () => {
    fill();
    const plain = { channel: 'block', message: undefined, isSigned: false, isDuplicate: false };
    const [first, second] = ['60.0.0.0/10', '45.1.2.3/32'].map((text) => ({
      ...plain,
      prefix: parsePrefix(text),
      address: undefined,
    }));
    if (first === undefined || second === undefined) throw new Error('no request');
    const results = storeBans(store, [first, second], onePolicy(ONE_PERCENT), NOW, 300);
    expect(results.map(({ outcome }) => outcome)).toEqual(['too much', 'covered']);
    expect(isActiveNow('60.0.0.0/10')).toBe(false);
    expect(store.coverage.refusals()?.count).toBe(1);
  });

  it('bounds what is fetched from the fleet', async () => {
    fill();
    const entry = { ...active('60.0.0.0/10'), endedAt: undefined, note: '' };
    const page = {
      changes: [{ type: 'entry', sequence: 1, entry, activatedBy: { by: 'anna', byAdmin: true } }],
      next: 1,
      latest: 1,
      more: false,
      store: 's',
    };
    const client = {
      url: 'https://a',
      changes: async () => page,
      feeds: async () => [],
    } as unknown as FleetClient;
    const result = await catchUp(store, client, {
      policies: onePolicy(ONE_PERCENT),
      longestSeconds: 86_400,
      maxChanges: 10,
      now: () => NOW,
    });
    expect(result).toMatchObject({ blocked: 0, refused: 1 });
    expect(isActiveNow('60.0.0.0/10')).toBe(false);
  });

  it("bounds what is taken from pf's tables", () => {
    fill();
    const policy = { ...ONE_PERCENT, auto: { length4: 10, length6: 64, nat64: [], proxies: [] } };
    const tables = [{ name: 'brute', hosts: [parsePrefix('60.1.2.3')] }];
    expect(recordPfTables(store, tables, onePolicy(policy), NOW)).toEqual({ fresh: 1, spared: 1 });
    expect(isActiveNow('60.0.0.0/10')).toBe(false);
  });

  it('bounds feeds, which stay as they were', () => {
    fill();
    const limits = DEFAULT_FEED_LIMITS;
    const feed = { name: 'drop', source: '-', fetchedAt: NOW, prefixes: 1, limits };
    const put = (text: string) => {
      const prefixes = PrefixList.from([parsePrefix(text)]);
      const update = { feed: { ...feed, etag: undefined, lastModified: undefined }, prefixes };
      storeFeed(store, update, 1, NOW);
    };
    put('45.7.0.0/16');
    expect(() => put('60.0.0.0/10')).toThrow(/feed drop would bring what is active above 1 %/);
    expect([...store.feeds.prefixesOf('drop')]).toEqual([parsePrefix('45.7.0.0/16')]);
  });
});

describe('applyRules', () => {
  it('fills an empty firewall with the narrowest entries, and leaves another as it is', async () => {
    record('100.0.0.0/6', '45.0.0.0/8', '5.149.104.0/24');
    const firewall = fileFirewall(line.path('table'), []);
    const apply = (force = false) =>
      applyRules(firewall, store, ONE_PERCENT, () => NOW, {
        force,
      });
    const held = async () => [...((await firewall.read()) ?? [])].map(formatPrefix);
    await expect(apply()).rejects.toThrow(/was empty and has the narrowest 2/);
    expect(await held()).toEqual(['5.149.104.0/24', '45.0.0.0/8']);
    record('5.149.105.0/24');
    await expect(apply()).rejects.toThrow(/keeps what it holds/);
    expect(await held()).toEqual(['5.149.104.0/24', '45.0.0.0/8']);
    await apply(true);
    expect(await held()).toContain('100.0.0.0/6');
  });
});
