import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bogonEntries, privateSpace } from '../../../src/blocklist/bogons.ts';
import { type Entry, isActive, neverActive, outlasts } from '../../../src/blocklist/entry.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../../src/blocklist/protect.ts';
import type { Protection } from '../../../src/blocklist/request.ts';
import {
  type LocalState,
  type Merge,
  mergeEntry,
  type PeerReport,
} from '../../../src/fleet/client/merge.ts';
import { containsPrefix } from '../../../src/net/prefix.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

const NOW = 1_780_000_000;
const RULES = { policy: DEFAULT_POLICY, longestSeconds: 365 * DAY_SECONDS };

function entryOf(prefix: string, over: Partial<Entry> = {}): Entry {
  const at = NOW - DAY_SECONDS;
  return {
    ...neverActive(parsePrefix(prefix), 'grok', ''),
    activations: 1,
    hits: 3,
    firstSeen: at,
    lastSeen: at,
    activatedAt: at,
    expiresAt: at + 30 * DAY_SECONDS,
    ...over,
  };
}

function localState(supernets: readonly Entry[] = [], more: Partial<LocalState> = {}): LocalState {
  return {
    supernets,
    space: new ProtectedSpace([...privateSpace(), allowed('198.51.100.7')]),
    ...more,
  };
}

function allowed(prefix: string): Protection {
  return { prefix: parsePrefix(prefix), reason: 'allowed' };
}

/** As an administrator reports it. */
function merge(entry: Entry, ...supernets: Entry[]): Merge {
  return mergeAs({}, entry, ...supernets);
}

function mergeAs(over: Partial<PeerReport>, entry: Entry, ...supernets: Entry[]): Merge {
  const report = { entry, activatedBy: { by: 'anna', byAdmin: true }, isShared: false, ...over };
  return mergeEntry(report, localState(supernets), RULES, NOW);
}

describe('a remote entry', () => {
  it('becomes an entry of the fleet', () => {
    expect(merge(entryOf('5.149.104.0/24', { note: 'ssh', activations: 2 }))).toEqual({
      kind: 'blocked',
      entry: entryOf('5.149.104.0/24', { note: 'ssh', activations: 2, origin: 'fleet' }),
    });
  });

  it.each([
    ['0.0.0.0/0', 'too wide'],
    ['::/0', 'too wide'],
    ['4.0.0.0/7', 'too wide'],
    ['2001::/18', 'too wide'],
    ['198.51.100.7/32', 'protected'],
    ['10.1.2.3/32', 'protected'],
    ['::1/128', 'protected'],
    ['fe80::/64', 'protected'],
  ])('is refused for %s, which is %s', (prefix, reason) => {
    expect(merge(entryOf(prefix))).toEqual({ kind: 'refused', reason });
  });

  it.each(['198.51.100.0/24', '192.0.0.0/8'])(
    'is taken over whole for %s, of which a part is protected',
    (prefix) => {
      expect(merge(entryOf(prefix))).toMatchObject({ kind: 'blocked' });
    },
  );

  it.each(['5.0.0.0/8', '255.255.255.255/32', '2001::/19', 'ffff:ffff:ffff:ffff::ffff/128'])(
    'is accepted for %s',
    (prefix) => expect(merge(entryOf(prefix)).kind).toBe('blocked'),
  );

  it('lasts no longer than the limit for peers', () => {
    const merged = merge(entryOf('5.6.7.8', { expiresAt: 'forever' }));
    expect(merged).toMatchObject({
      entry: { expiresAt: NOW - DAY_SECONDS + RULES.longestSeconds },
    });
  });

  it('is limited in width if a machine made it', () => {
    const activatedBy = { by: 'gate1', byAdmin: false };
    for (const [prefix, kind] of [
      ['5.6.0.0/19', 'refused'],
      ['5.6.0.0/20', 'blocked'],
      ['2001:db8::/47', 'refused'],
      ['2001:db8::/48', 'blocked'],
    ] as const) {
      expect([prefix, mergeAs({ activatedBy }, entryOf(prefix)).kind]).toEqual([prefix, kind]);
    }
    // An administrator's entry that comes back, and an earlier server.
    const made = entryOf('5.6.0.0/16', { by: 'anna', byAdmin: true });
    expect(mergeAs({ activatedBy }, made).kind).toBe('blocked');
    const unknown = { activatedBy: { by: '', byAdmin: false } };
    expect(mergeAs(unknown, entryOf('5.6.0.0/16')).kind).toBe('blocked');
  });

  it('lasts no longer than a year if one machine made it', () => {
    const rules = { ...RULES, longestSeconds: 3650 * DAY_SECONDS };
    const entry = entryOf('5.6.7.0/24', { expiresAt: NOW + 500 * DAY_SECONDS });
    const expiry = (over: Partial<PeerReport>) => {
      const activatedBy = { by: 'gate1', byAdmin: false };
      const merged = mergeEntry(
        { entry, activatedBy, isShared: false, ...over },
        localState(),
        rules,
        NOW,
      );
      return 'entry' in merged && merged.entry.expiresAt;
    };
    expect(expiry({})).toBe(NOW + 364 * DAY_SECONDS);
    expect(expiry({ isShared: true })).toBe(entry.expiresAt);
    expect(expiry({ activatedBy: { by: 'anna', byAdmin: true } })).toBe(entry.expiresAt);
    expect(expiry({ entry: { ...entry, byAdmin: true } })).toBe(entry.expiresAt);
  });

  it('has no time in the future', () => {
    const later = NOW + 1000;
    const told = entryOf('5.6.7.8', { firstSeen: later, lastSeen: later, activatedAt: later });
    expect(merge(told)).toMatchObject({
      entry: { firstSeen: NOW, lastSeen: NOW, activatedAt: NOW },
    });
  });

  it('changes nothing if it is known or contained in an entry that lasts as long', () => {
    const told = entryOf('5.6.7.0/24');
    expect(merge(told, told)).toEqual({ kind: 'unchanged' });
    expect(merge(told, entryOf('5.6.0.0/16'))).toEqual({ kind: 'unchanged' });
    expect(merge(told, entryOf('5.6.0.0/16', { expiresAt: NOW + 1 })).kind).toBe('blocked');
  });

  it('extends an active entry, never shortens it', () => {
    const own = entryOf('5.6.7.0/24');
    const longer = NOW + 60 * DAY_SECONDS;
    expect(merge(entryOf('5.6.7.0/24', { expiresAt: longer, activations: 3 }), own)).toMatchObject({
      kind: 'blocked',
      entry: { expiresAt: longer, activations: 3, origin: 'grok' },
    });
    expect(merge(entryOf('5.6.7.0/24', { expiresAt: NOW + 1 }), own).kind).toBe('unchanged');
    expect(merge(entryOf('5.6.7.0/24', { expiresAt: NOW + 1, activations: 3 }), own)).toMatchObject(
      {
        kind: 'remembered',
        entry: { expiresAt: own.expiresAt, activations: 3 },
      },
    );
  });

  it('reactivates an expired entry', () => {
    const own = entryOf('5.6.7.0/24', { activatedAt: 1000, expiresAt: 2000 });
    expect(merge(entryOf('5.6.7.0/24'), own)).toMatchObject({
      kind: 'blocked',
      entry: { activations: 2, activatedAt: NOW - DAY_SECONDS, firstSeen: own.firstSeen },
    });
  });

  it('does not reactivate an entry that was expired by hand here since', () => {
    const own = entryOf('5.6.7.0/24', { expiresAt: NOW - 5, endedAt: NOW - 5 });
    const told = entryOf('5.6.7.0/24');
    expect(merge(told, own)).toEqual({ kind: 'unchanged' });
    const anew = { ...told, activatedAt: NOW - 1, activations: 2 };
    expect(merge(anew, own)).toMatchObject({ kind: 'blocked' });
  });

  it('expires an entry that the fleet ended, unless it was activated here later', () => {
    const told = { ...entryOf('5.6.7.0/24', { expiresAt: NOW - 10 }), endedAt: NOW - 10 };
    expect(merge(told, entryOf('5.6.7.0/24'))).toMatchObject({
      kind: 'expired',
      entry: { expiresAt: NOW },
    });
    expect(merge(told, entryOf('5.6.7.0/24', { activatedAt: NOW - 5 })).kind).toBe('unchanged');
    const over = { ...told, endedAt: undefined };
    expect(merge(over, entryOf('5.6.7.0/24')).kind).toBe('unchanged');
  });

  it('converges if it is ended and activated again in the same second', () => {
    const activated = entryOf('5.6.7.0/24', { activatedAt: NOW - 9, activations: 2 });
    const ended = entryOf('5.6.7.0/24', { expiresAt: NOW - 9, endedAt: NOW - 9 });
    // It was ended here, and offended elsewhere; or the reverse.
    expect(merge(activated, ended).kind).toBe('blocked');
    expect(merge(ended, activated).kind).toBe('unchanged');
    // It was activated and ended in one second.
    const brief = { ...ended, activatedAt: NOW - 9 };
    expect(merge({ ...activated, activations: 1 }, brief).kind).toBe('unchanged');
    expect(merge(brief, { ...activated, activations: 1 }).kind).toBe('expired');
  });

  it('is remembered if it has expired', () => {
    const told = entryOf('5.6.7.0/24', { expiresAt: NOW - 10, activations: 4, note: 'x' });
    expect(merge(told)).toEqual({ kind: 'remembered', entry: { ...told, origin: 'fleet' } });
    const own = entryOf('5.6.7.0/24', { activatedAt: 1000, expiresAt: 2000 });
    expect(merge(told, own)).toMatchObject({
      kind: 'remembered',
      entry: { activations: 4, activatedAt: told.activatedAt, expiresAt: NOW - 10 },
    });
    expect(merge(own, told).kind).toBe('unchanged');
  });

  it('is ignored if it was never active', () => {
    expect(merge(neverActive(parsePrefix('5.6.7.0/24'), 'bogon', ''))).toEqual({
      kind: 'unchanged',
    });
  });
});

/** Whatever is told, in whatever order. */
const tellings = fc.array(
  fc.record({
    prefix: fc.constantFrom(
      '5.6.7.0/24',
      '5.6.0.0/16',
      '5.6.7.8/32',
      '198.51.100.0/24',
      '10.0.0.0/8',
    ),
    activatedAt: fc.integer({ min: NOW - 100, max: NOW + 100 }),
    length: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant('forever' as const)),
    activations: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 12 },
);

describe('any sequence of remote entries', () => {
  it('is idempotent and blocks nothing protected', () => {
    const space = new ProtectedSpace([...privateSpace(), allowed('198.51.100.7')]);
    fc.assert(
      fc.property(tellings, (all) => {
        const store = new Map(bogonEntries().map((entry) => [JSON.stringify(entry.prefix), entry]));
        for (const { prefix, activatedAt, length, activations } of all) {
          const expiresAt = length === 'forever' ? length : activatedAt + length;
          const told = entryOf(prefix, { activatedAt, expiresAt, activations });
          const tell = (): Merge => {
            const around = [...store.values()].filter((one) =>
              containsPrefix(one.prefix, told.prefix),
            );
            return merge(told, ...around);
          };
          const merged = tell();
          if ('entry' in merged) store.set(JSON.stringify(merged.entry.prefix), merged.entry);
          if (merged.kind === 'refused') continue;
          expect(tell().kind).toBe('unchanged');
          const isBlocked = [...store.values()].some((entry) => isActive(entry, NOW));
          if (outlasts(expiresAt, NOW)) expect(isBlocked).toBe(true);
        }
        for (const entry of store.values()) {
          if (!isActive(entry, NOW)) continue;
          expect(space.containing(entry.prefix)).toBeUndefined();
          expect(outlasts(entry.expiresAt, NOW + RULES.longestSeconds + 1)).toBe(false);
        }
      }),
    );
  });

  it('waits for a second machine if it is wider than the automatic length and two must report it', () => {
    const policy = { ...DEFAULT_POLICY, limits: { ...DEFAULT_POLICY.limits, quorum: 2 } };
    const gate1 = { by: 'gate1', byAdmin: false };
    const kindOf = (text: string, over: Partial<PeerReport>) => {
      const report = { entry: entryOf(text), activatedBy: gate1, isShared: false, ...over };
      return mergeEntry(report, localState(), { ...RULES, policy }, NOW).kind;
    };
    expect(kindOf('203.0.112.0/22', {})).toBe('held');
    expect(kindOf('203.0.112.0/22', { isShared: true })).toBe('blocked');
    expect(kindOf('203.0.112.0/22', { activatedBy: { by: 'anna', byAdmin: true } })).toBe(
      'blocked',
    );
    expect(kindOf('203.0.113.0/24', {})).toBe('blocked');
    expect(kindOf('2001:db8:1::/48', {})).toBe('held');
  });
});
