import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/blocklist/entry.ts';
import { NO_DETAILS } from '../../src/blocklist/evidence.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import type {
  FleetActivation,
  FleetChange,
  FleetEntry,
  FleetEvidence,
  FleetOffence,
  FleetStore,
  SnapshotQuery,
} from '../../src/fleet/fleet-store.ts';
import type { Report, Reporter } from '../../src/fleet/report.ts';
import type { User } from '../../src/fleet/user.ts';
import { Writer } from '../../src/fleet/writer.ts';
import type { Address } from '../../src/net/address.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import type { Prefix } from '../../src/net/prefix.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { sumEvidence } from '../../src/validation/evidence.ts';
import { anyPrefixes } from '../reference/arbitraries.ts';
import { MemoryFleetStore } from '../reference/memory-fleet-store.ts';
import { mergeableEvidence } from '../support/any-evidence.ts';
import { plainEvidence } from '../support/offence.ts';

const NOW = 1_780_000_000;

export const RULES = { policy: DEFAULT_POLICY, protections: [], maxEvidence: 1000 };

const ASKED: SnapshotQuery = {
  prefixes: [],
  keys: [],
  activeAt: undefined,
  users: [],
  counted: [],
  claimed: [],
  offenders: [],
  now: NOW,
};
export const ADMIN: Reporter = {
  name: 'anna',
  isAdmin: true,
  widest4: 1,
  widest6: 1,
  longestSeconds: 'forever',
};

/** With so wide prefixes that the budget is soon spent. */
const GATE1: Reporter = {
  name: 'gate1',
  isAdmin: false,
  widest4: 8,
  widest6: 16,
  longestSeconds: 365 * DAY_SECONDS,
};
const GATE2: Reporter = { ...GATE1, name: 'gate2' };

/** Where a store is kept, which may be opened several times at once. */
export interface Backend {
  readonly open: () => Promise<FleetStore>;
  readonly remove: () => Promise<void>;
}

function entryOf(text: string, over: Partial<Entry> = {}): Entry {
  return {
    prefix: parsePrefix(text),
    origin: 'fleet',
    by: 'alice',
    byAdmin: true,
    note: '',
    activations: 1,
    hits: 1,
    firstSeen: NOW,
    lastSeen: NOW,
    activatedAt: NOW,
    expiresAt: NOW + DAY_SECONDS,
    endedAt: undefined,
    hitDays: [],
    ...over,
  };
}

function heldOf(text: string, sequence: number, over: Partial<Entry> = {}): FleetEntry {
  const entry = entryOf(text, over);
  const activation = activationOf(entry);
  const states = { latestEvidence: [], isShared: false, isWithdrawn: false };
  return { entry, sequence, activatedSequence: sequence, activation, ...states };
}

function activationOf({
  prefix,
  activations,
  activatedAt,
  expiresAt,
  endedAt,
}: Entry): FleetActivation {
  return {
    prefix,
    number: activations,
    at: activatedAt ?? 0,
    until: expiresAt,
    endedAt,
    origin: 'grok',
    note: 'brute',
    by: 'gate1',
    byAdmin: false,
  };
}

const heldBy = (text: string, sequence: number, name: string, over: Partial<Entry> = {}) => {
  const held = heldOf(text, sequence, over);
  return { ...held, activation: { ...held.activation, by: name } };
};

const NOTHING: Omit<FleetChange, 'sequence'> = {
  at: NOW,
  entries: [],
  allowed: [],
  past: [],
  evidence: [],
  keys: [],
  usage: new Map(),
  claims: [],
  offences: [],
  takenBack: [],
  forgetsTo: 0,
};

function put(store: FleetStore, change: Partial<FleetChange> & { readonly sequence: number }) {
  return store.change(ASKED, () => ({
    ...NOTHING,
    ...change,
  }));
}

async function entriesIn(store: FleetStore): Promise<FleetEntry[]> {
  const changes = await store.changesSince(0, 1_000_000);
  return changes.flatMap((change) => (change.kind === 'entry' ? [change.value] : []));
}

const allowed = (text: string, sequence: number, removed: boolean) => ({
  prefix: parsePrefix(text),
  sequence,
  removed,
  note: 'office',
  by: 'anna',
  at: NOW,
});

const listed = (text: string) =>
  ({ kind: 'list', prefix: parsePrefix(text), source: 's' }) as const;

const offenceAt = (address: string, event: string, by: string, at: number) => ({
  network: parsePrefix(address.includes(':') ? '2001:db8::/64' : '45.9.9.0/24'),
  address: addressOfText(address),
  event,
  by,
  at,
  service: 'sshd',
  message: 'failed-login',
  points: 10,
  count: 2,
});

export function describeFleetStore(makeBackend: () => Backend): void {
  let backend: Backend;
  let store: FleetStore;
  const opened: FleetStore[] = [];
  const open = async () => {
    const one = await backend.open();
    opened.push(one);
    return one;
  };
  beforeEach(async () => {
    backend = makeBackend();
    store = await open();
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await backend.remove();
  });

  describe('entries', () => {
    it('do not exist at first', async () => {
      expect(await store.sequence()).toBe(0);
      expect(await store.changesSince(0, 10)).toEqual([]);
      expect(await store.allowed()).toEqual([]);
      expect(await store.history(parsePrefix('192.0.2.0/24'))).toBeUndefined();
    });

    it('are read as they were written, at every edge', async () => {
      const entries = [
        heldOf('0.0.0.0/1', 1, { expiresAt: 'forever' }),
        heldOf('255.255.255.255/32', 2, { hitDays: [20_370, 20_371, 20_372], hits: 2 ** 40 }),
        heldOf('::/1', 3, { note: 'it\'s "quoted", ünïcode 🐟 \\ {1,2}' }),
        heldOf('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128', 4, { firstSeen: 0, origin: 'pf' }),
        heldOf('2001:db8::/32', 5, { activations: 40, expiresAt: 8_000_000_000_000 }),
      ];
      const latestEvidence = [
        plainEvidence({ address: parseAddress('::1'), service: 'a"\\\'{,}ü' }),
      ];
      entries.push({ ...heldOf('::1', 6), latestEvidence });
      await put(store, { sequence: 6, entries });
      expect(await entriesIn(store)).toEqual(entries);
      expect(await store.sequence()).toBe(6);
      expect(await entriesIn(await open())).toEqual(entries);
    });

    it('are in the snapshot if they contain a prefix of the query', async () => {
      const entries = ['10.0.0.0/8', '10.0.0.0/16', '10.0.0.1/32', '10.0.0.0/32', '2001:db8::/32'];
      const held = entries.map((text, index) => heldOf(text, index + 1));
      await put(store, { sequence: 5, entries: held });
      const seen: string[][] = [];
      for (const prefixes of [
        ['10.0.0.1/32'],
        ['10.0.0.0/16', '10.0.0.0/15'],
        ['::/0', '11.0.0.0/8'],
      ]) {
        const need = { ...ASKED, prefixes: prefixes.map(parsePrefix) };
        await store.change(need, (past) => {
          seen.push(past.entries.map(({ entry }) => formatPrefix(entry.prefix)).toSorted());
          return { ...NOTHING, sequence: past.sequence };
        });
      }
      expect(seen).toEqual([
        ['10.0.0.0/16', '10.0.0.0/8', '10.0.0.1/32'],
        ['10.0.0.0/16', '10.0.0.0/8'],
        [],
      ]);
    });

    it('are in the snapshot if they are active, if the query asks for that', async () => {
      const entries = [
        heldOf('192.0.2.1/32', 1, { expiresAt: 'forever' }),
        heldOf('192.0.2.2/32', 2, { expiresAt: NOW }),
        heldOf('192.0.2.3/32', 3, { expiresAt: NOW + 1 }),
      ];
      await put(store, { sequence: 3, entries });
      let active: number[] = [];
      await store.change({ ...ASKED, activeAt: NOW }, (past) => {
        active = past.entries.map(({ sequence }) => sequence);
        return { ...NOTHING, sequence: past.sequence };
      });
      expect(active.toSorted((p, q) => p - q)).toEqual([1, 3]);
    });

    it('are withdrawn or not, and reported by one user or several', async () => {
      const entries = [
        { ...heldOf('192.0.2.1/32', 1), isWithdrawn: true },
        { ...heldOf('192.0.2.2/32', 2), isShared: true },
      ];
      await put(store, { sequence: 2, entries });
      expect(await entriesIn(store)).toEqual(entries);
    });

    it('are counted for the user who activated them last, while they are active', async () => {
      const usage = { addresses4: 2 ** 31, prefixes6: 70_000 };
      await put(store, {
        sequence: 5,
        entries: [
          heldBy('192.0.2.1/32', 1, 'gate1', { expiresAt: 'forever' }),
          heldBy('192.0.2.2/32', 2, 'gate1', { expiresAt: NOW }),
          heldBy('2001:db8::/64', 3, 'gate1', { expiresAt: NOW + 1 }),
          heldBy('192.0.2.4/32', 4, 'gate1', { activatedAt: NOW + 1 }),
          heldBy('192.0.2.5/32', 5, 'gate2'),
        ],
        usage: new Map([['gate1', usage]]),
      });
      const users = ['gate1', 'gate2'];
      let seen: unknown;
      await store.change({ ...ASKED, users, counted: ['gate1', 'gate3'] }, (past) => {
        const lists = Array.from(past.activeOf, ([user, list]) => [
          user,
          [...list].map(formatPrefix),
        ]);
        seen = [Object.fromEntries(past.usage), Object.fromEntries(lists)];
        return { ...NOTHING, sequence: past.sequence };
      });
      expect(seen).toEqual([
        { gate1: usage },
        { gate1: ['192.0.2.1/32', '2001:db8::/64'], gate3: [] },
      ]);
    });

    it('are claimed by users, of each only the latest thousand', async () => {
      const claims = ['203.0.112.0/20', '203.0.112.0/22', '2001:db8::/48'].map((text) => ({
        prefix: parsePrefix(text),
        by: 'gate1',
        until: text.includes('/22') ? ('forever' as const) : NOW + 5,
      }));
      await put(store, { sequence: 0, claims });
      const again = { ...claims[0]!, by: 'gate2', until: NOW + 9 };
      await put(store, { sequence: 0, claims: [again] });
      const claimsTo = async (...texts: string[]) => {
        let found: readonly string[] = [];
        await store.change({ ...ASKED, claimed: texts.map(parsePrefix) }, (past) => {
          found = past.claims.map(
            ({ prefix, by, until }) => `${formatPrefix(prefix)} ${by} ${until}`,
          );
          return { ...NOTHING, sequence: past.sequence };
        });
        return found.toSorted();
      };
      expect(await claimsTo('203.0.112.0/21')).toEqual([
        `203.0.112.0/20 gate1 ${NOW + 5}`,
        `203.0.112.0/20 gate2 ${NOW + 9}`,
      ]);
      expect(await claimsTo('203.0.112.0/23', '2001:db8::/48')).toHaveLength(4);
      expect(await store.countClaimed(NOW)).toBe(3);
      expect(await store.countClaimed(NOW + 9)).toBe(1);
      const more = Array.from({ length: 1200 }, (_, n) => ({
        prefix: parsePrefix(`${n >> 8}.${n & 255}.0.0/20`),
        by: 'gate1',
        until: NOW + 5,
      }));
      await put(store, { sequence: 0, at: NOW + 1, claims: more });
      expect(await store.countClaimed(NOW)).toBe(1001);
    });

    it('are not needed for offences, which are kept by network, of each user the latest', async () => {
      const all = [
        offenceAt('45.9.9.9', 'a', 'gate1', NOW),
        offenceAt('45.9.9.10', 'b', 'gate2', NOW + 1),
        offenceAt('2001:db8::1', 'c', 'gate1', NOW + 5),
      ];
      await put(store, { sequence: 0, offences: all });
      const offencesFrom = async (...texts: string[]) => {
        let found: FleetOffence[] = [];
        await store.change({ ...ASKED, offenders: texts.map(parsePrefix) }, (past) => {
          found = past.offences.toSorted((p, q) => (p.event < q.event ? -1 : 1));
          return { ...NOTHING, sequence: past.sequence };
        });
        return found;
      };
      expect(await offencesFrom('45.9.9.0/24')).toEqual(all.slice(0, 2));
      expect(await offencesFrom('45.9.9.0/24', '2001:db8::/64')).toEqual(all);
      expect(await offencesFrom('45.9.8.0/24', '45.9.0.0/16')).toEqual([]);
      const next = offenceAt('45.9.9.9', 'd', 'gate1', NOW + 2);
      await put(store, { sequence: 0, offences: [next], forgetsTo: NOW + 1 });
      expect(await offencesFrom('45.9.9.0/24', '2001:db8::/64')).toEqual([all[1], all[2], next]);
      const back = { network: next.network, address: next.address };
      await put(store, { sequence: 0, takenBack: [{ ...back, by: 'gate2' }] });
      expect(await offencesFrom('45.9.9.0/24')).toEqual([all[1], next]);
      const again = { ...next, event: 'e' };
      await put(store, { sequence: 0, takenBack: [{ ...back, by: 'gate1' }], offences: [again] });
      expect(await offencesFrom('45.9.9.0/24')).toEqual([all[1], again]);
      // Most come in one second.
      const many = Array.from({ length: 65_600 }, (_, n) =>
        offenceAt('45.9.9.9', `m${n}`, 'gate1', NOW + 100 + Math.min(n, 32)),
      );
      await put(store, { sequence: 0, offences: many });
      const kept = await offencesFrom('45.9.9.0/24', '2001:db8::/64');
      expect(kept).toHaveLength(65_536 + 1);
      expect(Math.min(...kept.filter(({ by }) => by === 'gate1').map(({ at }) => at))).toBe(
        NOW + 100 + 32,
      );
    });

    it('stay as they were if the decision throws', async () => {
      const fault = new Error('no');
      const need = ASKED;
      await expect(
        store.change(need, () => {
          throw fault;
        }),
      ).rejects.toBe(fault);
      await expect(
        // Two entries cannot have the same number.
        put(store, {
          sequence: 9,
          entries: [heldOf('192.0.2.1/32', 1), heldOf('192.0.2.2/32', 1)],
        }),
      ).rejects.toMatchObject({ code: 'store' });
      expect(await store.sequence()).toBe(0);
      expect(await entriesIn(store)).toEqual([]);
      await put(store, { sequence: 1, entries: [heldOf('192.0.2.1/32', 1)] });
      expect(await store.sequence()).toBe(1);
    });

    it('have a history with merged evidence', async () => {
      const held = heldOf('192.0.2.0/24', 1, { activations: 2 });
      const { prefix } = held.entry;
      const ended = { ...held.activation, number: 1, at: 5, until: 'forever', endedAt: 9 } as const;
      const reported: FleetEvidence = {
        ...plainEvidence({}),
        prefix,
        activation: 1,
        by: 'gate1',
        kind: 'offence',
        address: parsePrefix('192.0.2.7'),
        service: 'sshd',
        message: 'failed-login',
        log: 'auth.log',
        host: 'gw',
        count: 3,
        firstSeen: NOW - 5,
        lastSeen: NOW,
      };
      const own = { ...reported, address: undefined };
      await put(store, { sequence: 1, entries: [held], past: [ended], evidence: [reported, own] });
      await put(store, {
        sequence: 1,
        evidence: [
          { ...reported, count: 4, firstSeen: NOW - 9, lastSeen: NOW + 3 },
          { ...reported, by: 'gate2' },
        ],
      });
      const history = await store.history(prefix);
      expect(history?.entry).toEqual(held.entry);
      expect(history?.activations).toEqual([ended, held.activation]);
      expect(
        history?.evidence.map(({ by, count, firstSeen, lastSeen }) => [
          by,
          count,
          firstSeen,
          lastSeen,
        ]),
      ).toEqual([
        ['gate1', 7, NOW - 9, NOW + 3],
        ['gate1', 3, NOW - 5, NOW],
        ['gate2', 3, NOW - 5, NOW],
      ]);
      expect(history?.evidence[0]?.address).toMatchObject({ family: 4, a: 0xc0000207 });
      expect(history?.evidence[1]?.address).toBeUndefined();
    });

    it('merge evidence with the same key, field by field', async () => {
      const held = heldOf('192.0.2.0/24', 1);
      const { prefix } = held.entry;
      await put(store, { sequence: 1, entries: [held] });
      let activation = 0;
      await fc.assert(
        fc.asyncProperty(mergeableEvidence(), async (rows) => {
          const about = { prefix, activation: ++activation, by: 'gate1', kind: 'offence' } as const;
          for (const row of rows) {
            await put(store, { sequence: 1, evidence: [{ ...row, ...about }] });
          }
          const history = await store.history(prefix);
          const own = history?.evidence.filter((row) => row.activation === about.activation) ?? [];
          expect(sumEvidence(own)).toEqual(sumEvidence(rows).map((row) => ({ ...row, ...about })));
        }),
        { numRuns: 20 },
      );
    });
  });

  it('returns changes by number, allow-list included, in pages', async () => {
    await put(store, {
      sequence: 5,
      entries: [heldOf('192.0.2.1/32', 1), heldOf('192.0.2.2/32', 4), heldOf('192.0.2.3/32', 5)],
      allowed: [allowed('198.51.100.0/24', 2, false), allowed('203.0.113.0/24', 3, true)],
    });
    const numbers = async (since: number, limit: number) =>
      (await store.changesSince(since, limit)).map(
        ({ kind, value }) => `${kind} ${value.sequence}`,
      );
    expect(await numbers(0, 10)).toEqual([
      'entry 1',
      'allowed 2',
      'allowed 3',
      'entry 4',
      'entry 5',
    ]);
    expect(await numbers(0, 2)).toEqual(['entry 1', 'allowed 2']);
    expect(await numbers(2, 2)).toEqual(['allowed 3', 'entry 4']);
    expect(await numbers(5, 2)).toEqual([]);
    await put(store, { sequence: 6, allowed: [allowed('198.51.100.0/24', 6, true)] });
    expect(await store.allowed()).toEqual([
      allowed('203.0.113.0/24', 3, true),
      allowed('198.51.100.0/24', 6, true),
    ]);
  });

  it('has a unique identity until that is renewed', async () => {
    const identity = await store.identity();
    expect(identity).toMatch(/^[0-9a-f-]{32,36}$/);
    expect(await (await open()).identity()).toBe(identity);
    await put(store, { sequence: 3 });
    expect(await store.identity()).toBe(identity);
    await store.renewIdentity();
    expect(await store.identity()).not.toBe(identity);
    expect(await store.sequence()).toBe(3);
  });

  it('counts the evidence of the latest activation in the snapshot', async () => {
    const held = heldOf('192.0.2.0/24', 1, { activations: 2 });
    const { prefix } = held.entry;
    const reported = (activation: number, log: string): FleetEvidence => ({
      ...plainEvidence({}),
      prefix,
      activation,
      by: 'gate1',
      kind: 'offence',
      address: parsePrefix('192.0.2.7'),
      service: 'sshd',
      message: 'failed-login',
      log,
      host: '',
      count: 5,
      firstSeen: NOW,
      lastSeen: NOW,
    });
    const evidence = [reported(1, 'a'), reported(2, 'b'), reported(2, 'c')];
    await put(store, { sequence: 2, entries: [held, heldOf('192.0.2.7/32', 2)], evidence });
    let counts: unknown;
    const need = { ...ASKED, prefixes: [parsePrefix('192.0.2.7/32')], activeAt: NOW };
    await store.change(need, (past) => {
      counts = Object.fromEntries(
        past.evidenceCounts.map((one) => [formatPrefix(one.prefix), one.count]),
      );
      return { ...NOTHING, sequence: past.sequence };
    });
    expect(counts).toEqual({ '192.0.2.0/24': 2, '192.0.2.7/32': 0 });
  });

  it('keeps keys by sender until they are forgotten', async () => {
    const keys = [
      { by: 'gate1', key: 'aaaaaaaa' },
      { by: 'gate2', key: 'bbbbbbbb' },
    ];
    const asked = [...keys, { by: 'gate1', key: 'bbbbbbbb' }];
    const known = async () => {
      let found: unknown;
      await store.change({ ...ASKED, keys: asked }, (past) => {
        found = past.keys;
        return { ...NOTHING, sequence: past.sequence };
      });
      return found;
    };
    expect(await known()).toEqual([]);
    await put(store, { sequence: 0, keys });
    expect(await known()).toEqual(expect.arrayContaining(keys));
    expect(await known()).toHaveLength(2);
    expect(await store.forgetKeys(NOW)).toBe(0);
    expect(await store.forgetKeys(NOW + 1)).toBe(2);
    expect(await known()).toEqual([]);
  });

  it('stores users', async () => {
    const user: User = {
      name: 'gate1',
      password: 'scrypt$1$2$3$a$b',
      scopes: ['report', 'read'],
      widest4: 8,
      widest6: 19,
      longest: 'forever',
      disabled: false,
      createdAt: NOW,
    };
    const other: User = { ...user, name: 'Anna', scopes: ['admin'], longest: 3600 };
    await store.putUser(user);
    await store.putUser(other);
    await store.putUser({ ...user, disabled: true });
    expect(await store.users()).toEqual([other, { ...user, disabled: true }]);
    expect(await store.user('gate1')).toEqual({ ...user, disabled: true });
    expect(await store.user('nobody')).toBeUndefined();
    const change = { password: 'scrypt$1$2$3$a$c' };
    expect(await store.changeUser('gate1', change)).toBe(true);
    expect(await store.user('gate1')).toEqual({ ...user, ...change, disabled: true });
    expect(await store.changeUser('gate1', { disabled: false })).toBe(true);
    expect(await store.user('gate1')).toEqual({ ...user, ...change });
    expect(await store.changeUser('nobody', change)).toBe(false);
    expect(await store.removeUser('gate1')).toBe(true);
    expect(await store.removeUser('gate1')).toBe(false);
  });

  it('keeps the keys of users through other changes of them, and no key of a removed one', async () => {
    const user: User = {
      name: 'gate1',
      password: 'scrypt$1$2$3$a$b',
      scopes: ['report', 'read'],
      widest4: 8,
      widest6: 19,
      longest: 'forever',
      disabled: false,
      createdAt: NOW,
    };
    await store.putUser(user);
    expect(await store.keys()).toEqual([]);
    expect(await store.setKey('nobody', 'a', NOW)).toBe('');
    expect(await store.setKey('gate1', 'a', NOW)).toBe('');
    expect(await store.setKey('gate1', 'a', NOW + 1)).toBe('a');
    await store.putUser({ ...user, password: 'scrypt$1$2$3$a$c' });
    expect(await store.keys()).toEqual([{ name: 'gate1', key: 'a', since: NOW }]);
    expect(await store.setKey('gate1', 'b', NOW + 2)).toBe('a');
    expect(await store.keys()).toEqual([{ name: 'gate1', key: 'b', since: NOW + 2 }]);
    await store.putUser({ ...user, disabled: true });
    expect(await store.keys()).toEqual([]);
    await store.removeUser('gate1');
    await store.putUser(user);
    expect(await store.keys()).toEqual([]);
  });

  it('keeps feeds with their lists', async () => {
    const feed = { name: 'drop', source: 'https://a/drop.txt', at: NOW, count: 1, digest: 'a' };
    expect([await store.feeds.all(), await store.feeds.list('drop')]).toEqual([[], undefined]);
    await store.feeds.put({ ...feed, name: 'other' }, '[]');
    await store.feeds.put(feed, '["192.0.2.0/24"]');
    const changed = { ...feed, at: NOW + 1, count: 0, digest: 'b' };
    await store.feeds.put(changed, '[]');
    expect(await store.feeds.all()).toEqual([changed, { ...feed, name: 'other' }]);
    expect(await store.feeds.list('drop')).toBe('[]');
    expect([await store.feeds.remove('drop'), await store.feeds.remove('drop')]).toEqual([
      true,
      false,
    ]);
    expect(await store.feeds.all()).toHaveLength(1);
  });

  it('loses nothing that two servers write at the same time', async () => {
    const writers = [store, await open()].map((one) => new Writer(one, RULES, () => NOW));
    await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        writers[index % 2]!.submit({
          by: ADMIN,
          reset: false,
          reports: [listed('192.0.2.7/32'), listed(`198.51.100.${index % 20}/32`)],
        }),
      ),
    );
    const entries = await entriesIn(store);
    expect(
      entries.find(({ entry }) => entry.prefix.length === 32 && entry.prefix.a === 0xc0000207)
        ?.entry.hits,
    ).toBe(60);
    expect(entries).toHaveLength(21);
    expect(entries.reduce((sum, { entry }) => sum + entry.hits, 0)).toBe(120);
    expect(new Set(entries.map(({ sequence }) => sequence)).size).toBe(21);
    expect(await store.sequence()).toBe(21);
  });

  it.each([1, 2])(
    'agrees with its slow reference on random reports with quorum %s',
    async (quorum) => {
      const limits = { ...DEFAULT_POLICY.limits, quorum };
      const rules = { ...RULES, policy: { ...DEFAULT_POLICY, limits } };
      const reference = new MemoryFleetStore();
      let now = NOW;
      const [writer, referenceWriter] = [store, reference].map(
        (one) => new Writer(one, rules, () => now),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom(ADMIN, GATE1, GATE2), anyReports), { maxLength: 4 }),
          fc.nat({ max: 90 }),
          async (lists, days) => {
            now += days * DAY_SECONDS;
            for (const [by, reports] of lists) {
              const submission = { by, reports, reset: false };
              expect(await writer?.submit(submission)).toEqual(
                await referenceWriter?.submit(submission),
              );
            }
            expect(await store.changesSince(0, 1_000_000)).toEqual(
              await reference.changesSince(0, 1_000_000),
            );
          },
        ),
        { numRuns: 25 },
      );
    },
  );
}

function addressOfText(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error('not an address');
  return address;
}

const anyReports: fc.Arbitrary<Report[]> = anyPrefixes.chain((prefixes) =>
  fc.tuple(...prefixes.filter(({ length }) => length > 0).map(anyReport)),
);

function anyReport(prefix: Prefix): fc.Arbitrary<Report> {
  const { length: _, ...address } = prefix;
  const key = fc.option(fc.constantFrom('aaaaaaaa', 'bbbbbbbb', 'cccccccc'), { nil: undefined });
  const about = { ...NO_DETAILS, service: 'sshd', message: 'failed-login', log: 'auth.log' };
  return fc.oneof(
    fc.record({
      kind: fc.constant('list' as const),
      prefix: fc.constant(prefix),
      source: fc.constantFrom('brutessh', 'bruteweb'),
    }),
    fc.record({
      kind: fc.constant('offence' as const),
      key,
      address: fc.constant(address),
      prefix: fc.constantFrom(undefined, prefix),
      at: fc.constantFrom(NOW, NOW - 40 * DAY_SECONDS, NOW + 1),
      firstSeen: fc.constant(NOW - 50 * DAY_SECONDS),
      origin: fc.constantFrom('grok' as const, 'pf' as const),
      details: fc.integer({ min: 1, max: 3 }).map((count) => ({ ...about, count })),
    }),
    fc.record({
      kind: fc.constant('block' as const),
      key,
      prefix: fc.constant(prefix),
      until: fc.constantFrom(undefined, 'forever' as const, NOW + 9000 * DAY_SECONDS),
      exact: fc.boolean(),
      note: fc.constantFrom('', 'form spam'),
    }),
    fc.record({
      kind: fc.constant('pending' as const),
      event: fc.constantFrom('event--1', 'event--2', 'event--3', 'event--4'),
      address: fc.constant(address),
      at: fc.constantFrom(NOW, NOW + 40 * DAY_SECONDS, NOW + 90 * DAY_SECONDS),
      service: fc.constant('sshd'),
      message: fc.constant('failed-login'),
      points: fc.constantFrom(2, 10, 30),
      count: fc.constantFrom(1, 2),
    }),
    fc.record({ kind: fc.constant('expire' as const), key, prefix: fc.constant(prefix) }),
    fc.record({
      kind: fc.constantFrom('allow' as const, 'disallow' as const),
      prefix: fc.constant(prefix),
      note: fc.constant(''),
    }),
  );
}
