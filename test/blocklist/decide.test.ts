import { describe, expect, it } from 'vitest';
import { bogonEntries } from '../../src/blocklist/bogons.ts';
import { decide } from '../../src/blocklist/decide.ts';
import { type Entry, neverActive } from '../../src/blocklist/entry.ts';
import { expireEntry } from '../../src/blocklist/expire.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type {
  AutomaticRequest,
  Decision,
  ManualRequest,
  Protection,
  ProtectionReason,
} from '../../src/blocklist/request.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';

/** The beginning of a day. */
const DAY0 = 19_700 * DAY_SECONDS;
const LATE = DAY0 + 5000 * DAY_SECONDS;

function day(days: number): number {
  return DAY0 + days * DAY_SECONDS;
}

/** Active from day 0, for so many days. One wider than the automatic length was made by hand. */
function entry(prefix: string, days: number | 'forever', more: Partial<Entry> = {}): Entry {
  const { length, family } = parsePrefix(prefix);
  const origin = length < (family === 4 ? 24 : 64) ? 'manual' : 'grok';
  return {
    ...neverActive(parsePrefix(prefix), origin, ''),
    activations: 1,
    hits: 3,
    firstSeen: DAY0,
    lastSeen: DAY0,
    activatedAt: DAY0,
    expiresAt: days === 'forever' ? days : day(days),
    ...more,
  };
}

function protection(prefix: string, reason: ProtectionReason): Protection {
  return { prefix: parsePrefix(prefix), reason };
}

function offence(offender: string, at: number, more: Partial<AutomaticRequest> = {}) {
  const said = { offender: parsePrefix(offender), at, hits: 3, points: 30, external: false };
  return { kind: 'automatic', origin: 'grok', ...said, ...more } as const;
}

function byHand(prefix: string, at: number, more: Partial<ManualRequest> = {}) {
  const request = { prefix: parsePrefix(prefix), at, until: undefined, exact: false, force: false };
  return { kind: 'manual', origin: 'manual', ...request, note: '', ...more } as const;
}

function outcome(
  entries: readonly Entry[],
  request: AutomaticRequest | ManualRequest,
  protections: readonly Protection[] = [],
  now = LATE,
): Decision {
  return decide(entries, new ProtectedSpace(protections), request, DEFAULT_POLICY, now);
}

/** What becomes of an offence in an expired entry. */
function back(
  more: Partial<Entry>,
  prefix = '5.149.104.0/22',
  request: Partial<AutomaticRequest> = {},
): Decision['kind'] {
  const expired = entry(prefix, 30, more);
  return outcome([expired], offence('5.149.105.9', day(100), request)).kind;
}

describe('an automatic request', () => {
  it('blocks the /24 around an IPv4 offender and the /64 around an IPv6 one', () => {
    const four = outcome([], offence('5.149.105.9', day(0)));
    expect(four).toEqual({
      kind: 'new',
      entry: entry('5.149.105.0/24', 30),
    });
    const six = outcome([], offence('2a00:1:2:3:4:5:6:7', day(0)));
    expect(six).toMatchObject({ kind: 'new', entry: { prefix: parsePrefix('2a00:1:2:3::/64') } });
  });

  it('brings back an expired /22 for twice its last penalty', () => {
    const expired = entry('5.149.104.0/22', 60, { activations: 2 });
    const at = day(100) + 5;
    expect(outcome([expired], offence('5.149.105.9', at))).toEqual({
      kind: 'reactivated',
      wider: true,
      entry: {
        ...expired,
        activations: 3,
        hits: 6,
        lastSeen: at,
        activatedAt: at,
        expiresAt: at + 120 * DAY_SECONDS,
      },
    });
  });

  it('brings back the widest, and none wider than the policy says', () => {
    const entries = ['5.149.105.0/24', '5.149.104.0/22', '5.0.0.0/8', '4.0.0.0/7'].map((prefix) =>
      entry(prefix, 30),
    );
    expect(outcome(entries, offence('5.149.105.9', day(100)))).toMatchObject({
      kind: 'reactivated',
      entry: { prefix: parsePrefix('5.0.0.0/8') },
    });
    const six = ['2a00:1:2:3::/64', '2a00::/19', '2a00::/18'].map((prefix) => entry(prefix, 30));
    expect(outcome(six, offence('2a00:1:2:3::1', day(100)))).toMatchObject({
      kind: 'reactivated',
      entry: { prefix: parsePrefix('2a00::/19') },
    });
  });

  it('is refused if the offender is protected, and not for other addresses', () => {
    const entries = [entry('5.149.104.0/22', 30), entry('5.149.105.0/24', 30)];
    for (const beside of ['5.149.107.1', '5.149.105.200', '5.149.105.8']) {
      const guards = [protection(beside, 'login')];
      expect(outcome(entries, offence('5.149.105.9', day(100)), guards)).toMatchObject({
        kind: 'reactivated',
        entry: { prefix: parsePrefix('5.149.104.0/22') },
      });
      expect(outcome([], offence('5.149.105.9', day(100)), guards)).toMatchObject({
        kind: 'new',
        entry: { prefix: parsePrefix('5.149.105.0/24') },
      });
    }
    const itself = [protection('5.149.105.8/30', 'allowed')];
    expect(outcome(entries, offence('5.149.105.9', day(100)), itself)).toEqual({
      kind: 'refused',
      protection: itself[0],
    });
  });

  it('is a hit on what is active, at the first second and not at the last', () => {
    const active = entry('5.149.104.0/22', 30);
    const first = outcome([active], offence('5.149.105.9', day(0)));
    expect(first).toEqual({
      kind: 'covered',
      extended: false,
      entry: { ...active, hits: 6, hitDays: [19_700] },
    });
    expect(outcome([active], offence('5.149.105.9', day(30) - 1)).kind).toBe('covered');
    expect(outcome([active], offence('5.149.105.9', day(30))).kind).toBe('reactivated');
  });

  it('extends a block that is hit on three days, by its present penalty', () => {
    let active = entry('5.149.104.0/22', 60, { activations: 2 });
    const hits = [1, 1.5, 2, 2.1, 3, 3.5, 59].map((when) => {
      const decision = outcome([active], offence('5.149.105.9', day(when)));
      if (decision.kind !== 'covered') throw new Error(decision.kind);
      active = decision.entry;
      return [decision.extended, active.expiresAt] as const;
    });
    expect(hits).toEqual([
      [false, day(60)],
      [false, day(60)],
      [false, day(60)],
      [false, day(60)],
      [true, day(63)],
      [true, day(63.5)],
      [true, day(119)],
    ]);
    expect(active).toMatchObject({ activations: 2, hits: 24, hitDays: [19_702, 19_703, 19_759] });
  });

  it('leaves forever as it is', () => {
    const active = entry('5.149.104.0/22', 'forever', { hitDays: [1, 2, 3] });
    expect(outcome([active], offence('5.149.105.9', day(9000)))).toMatchObject({
      kind: 'covered',
      extended: false,
      entry: { expiresAt: 'forever' },
    });
  });

  it('hits the entry that lasts longest, of equals the longest match', () => {
    const ends = [
      { days22: 30, days24: 31 },
      { days22: 31, days24: 30 },
      { days22: 30, days24: 30 },
    ];
    const hit = ends.map(({ days22, days24 }) => {
      const entries = [entry('5.149.104.0/22', days22), entry('5.149.105.0/24', days24)];
      const decision = outcome(entries, offence('5.149.105.9', day(1)));
      return decision.kind === 'covered' && decision.entry.prefix.length;
    });
    expect(hit).toEqual([24, 22, 24]);
  });

  it('is evidence where the entry was activated later', () => {
    const later = entry('5.149.104.0/22', 30);
    expect(outcome([later], offence('5.149.105.9', day(-1)))).toEqual({
      kind: 'evidence',
      entry: { ...later, hits: 6, firstSeen: day(-1) },
    });
  });

  it('gives its prefix a history of its own beside a later entry that may not come back', () => {
    const later = entry('4.0.0.0/7', 30);
    expect(outcome([later], offence('5.149.105.9', day(-1)))).toMatchObject({
      kind: 'new',
      entry: { prefix: parsePrefix('5.149.105.0/24'), activatedAt: day(-1) },
    });
  });

  it('does not bring back a wider entry that was expired by hand', () => {
    const ended = expireEntry(entry('5.149.104.0/22', 30), day(2));
    expect(outcome([ended], offence('5.149.105.9', day(100)))).toMatchObject({
      kind: 'new',
      entry: { prefix: parsePrefix('5.149.105.0/24') },
    });
    expect(outcome([ended], byHand('5.149.105.0/24', day(100))).kind).toBe('new');
    const own = expireEntry(entry('5.149.105.0/24', 30), day(2));
    expect(outcome([own], offence('5.149.105.9', day(100)))).toMatchObject({
      kind: 'reactivated',
      entry: { activations: 2, endedAt: undefined },
    });
  });

  it('does not extend what was expired by hand, for an older offence', () => {
    const ended = {
      ...expireEntry(entry('5.149.105.0/24', 30), day(9)),
      hitDays: [19_701, 19_702],
    };
    expect(outcome([ended], offence('5.149.105.9', day(5)))).toMatchObject({
      kind: 'covered',
      extended: false,
      entry: { expiresAt: day(9) },
    });
  });

  it('brings back what is wider than the automatic length only if a person made it', () => {
    expect(back({ origin: 'manual' })).toBe('reactivated');
    expect(back({ origin: 'import' })).toBe('reactivated');
    expect(back({ origin: 'grok' })).toBe('new');
    expect(back({ origin: 'fleet' })).toBe('new');
    expect(back({ origin: 'manual', by: 'gate1' })).toBe('new');
    expect(back({ origin: 'fleet', by: 'alice', byAdmin: true })).toBe('reactivated');
    expect(back({ origin: 'fleet', by: 'gate1' }, '5.149.105.0/24')).toBe('reactivated');
  });

  it('brings back nothing wider than /16 for one report of another machine', () => {
    expect(back({}, '5.0.0.0/8')).toBe('reactivated');
    expect(back({}, '5.0.0.0/8', { isReported: true })).toBe('new');
    expect(back({}, '5.149.0.0/16', { isReported: true })).toBe('reactivated');
  });

  it('goes on from the most activations of narrower entries, if its points block the prefix', () => {
    const hosts = [
      entry('5.149.105.9/32', 30, { activations: 2 }),
      entry('5.149.105.8/31', 30, { activations: 4 }),
    ];
    expect(outcome(hosts, offence('5.149.105.9', day(100)))).toMatchObject({
      kind: 'new',
      inherits: parsePrefix('5.149.105.8/31'),
      entry: { activations: 5, expiresAt: day(100 + 480) },
    });
    const own = entry('5.149.105.0/24', 30, { activations: 3 });
    expect(outcome([...hosts, own], offence('5.149.105.200', day(100)))).toMatchObject({
      kind: 'reactivated',
      entry: { prefix: own.prefix, activations: 5 },
    });
    expect(outcome([...hosts, own], offence('5.149.105.9', day(100), { points: 10 }))).toEqual(
      outcome([own], offence('5.149.105.9', day(100), { points: 10 })),
    );
    const few = offence('5.149.105.9', day(100), { points: 10 });
    expect(outcome(hosts, few)).toMatchObject({ entry: { prefix: hosts[1]?.prefix } });
  });

  it('is a hit on a narrower active entry, until its points block the prefix', () => {
    const host = entry('5.149.105.9/32', 30);
    const few = offence('5.149.105.9', day(1), { points: 20 });
    expect(outcome([host], few)).toMatchObject({ kind: 'covered', entry: { hits: 6 } });
    expect(outcome([host], offence('5.149.105.9', day(1)))).toMatchObject({
      kind: 'new',
      entry: { activations: 2, hits: 3 },
    });
  });

  it('takes a time in the future for now', () => {
    const decision = outcome([], offence('5.149.105.9', day(9)), [], day(2));
    expect(decision).toMatchObject({
      kind: 'new',
      entry: { activatedAt: day(2), firstSeen: day(2) },
    });
  });

  it('brings back a wider bogon only for what came from outside', () => {
    const bogons = bogonEntries();
    expect(outcome(bogons, offence('10.1.2.3', day(0)))).toMatchObject({
      kind: 'new',
      entry: { prefix: parsePrefix('10.1.2.0/24'), origin: 'grok' },
    });
    expect(outcome(bogons, offence('10.1.2.3', day(0), { external: true }))).toMatchObject({
      kind: 'reactivated',
      wider: true,
      entry: {
        prefix: parsePrefix('10.0.0.0/8'),
        origin: 'bogon',
        activations: 1,
        firstSeen: day(0),
      },
    });
    expect(outcome(bogons, offence('198.51.100.3', day(0)))).toMatchObject({
      kind: 'reactivated',
      wider: false,
    });
  });
});

describe('a request by hand', () => {
  it('has the length that was given, down to the last address there is', () => {
    for (const text of ['255.255.255.255/32', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128']) {
      expect(outcome([], byHand(text, day(0), { note: 'why' }))).toEqual({
        kind: 'new',
        entry: entry(text, 30, { hits: 0, origin: 'manual', note: 'why' }),
      });
    }
  });

  it('brings back the widest too, or with --exact the prefix itself', () => {
    const entries = [entry('5.149.104.0/22', 30), entry('5.149.105.0/24', 30)];
    const widest = outcome(entries, byHand('5.149.105.0/24', day(100)));
    expect(widest).toMatchObject({
      kind: 'reactivated',
      wider: true,
      entry: { hits: 3, activations: 2, expiresAt: day(160) },
    });
    const exact = outcome(entries, byHand('5.149.105.0/24', day(100), { exact: true }));
    expect(exact).toMatchObject({ kind: 'reactivated', wider: false });
    const fresh = outcome(entries, byHand('5.149.105.9/32', day(100), { exact: true }));
    expect(fresh).toMatchObject({ kind: 'new', entry: { prefix: parsePrefix('5.149.105.9') } });
  });

  it('goes on from the activations of narrower entries, and with --exact does not', () => {
    const host = entry('5.149.105.9/32', 30, { activations: 2 });
    expect(outcome([host], byHand('5.149.105.0/24', day(100)))).toMatchObject({
      kind: 'new',
      inherits: host.prefix,
      entry: { activations: 3, expiresAt: day(220) },
    });
    expect(outcome([host], byHand('5.149.105.0/24', day(100), { exact: true }))).toMatchObject({
      kind: 'new',
      entry: { activations: 1, expiresAt: day(130) },
    });
  });

  it('brings back the prefix itself however wide it is', () => {
    const wide = entry('4.0.0.0/7', 30);
    expect(outcome([wide], byHand('4.0.0.0/7', day(100)))).toMatchObject({
      kind: 'reactivated',
      entry: { activations: 2 },
    });
  });

  it('ends when it is told to', () => {
    const until = (end: number | 'forever') =>
      outcome([entry('5.149.104.0/22', 30)], byHand('5.149.105.0/24', day(100), { until: end }));
    expect(until(day(101))).toMatchObject({ kind: 'reactivated', entry: { expiresAt: day(101) } });
    expect(until('forever')).toMatchObject({ entry: { expiresAt: 'forever' } });
    expect(() => until(day(100))).toThrow(/would end before it begins/);
  });

  it('is covered by what outlasts it, and else goes its own way', () => {
    const wider = entry('5.149.104.0/22', 40);
    const asked = (until: number) =>
      outcome([wider], byHand('5.149.105.0/24', day(1), { until, note: 'mine' }));
    expect(asked(day(40))).toEqual({
      kind: 'covered',
      extended: false,
      entry: { ...wider, lastSeen: day(1), note: 'mine' },
    });
    expect(asked(day(41))).toMatchObject({
      kind: 'new',
      entry: { prefix: parsePrefix('5.149.105.0/24'), expiresAt: day(41) },
    });
  });

  it('asked for again has the later expiry, and is no activation', () => {
    const active = entry('5.149.105.0/24', 60, { activations: 2, note: 'old' });
    expect(outcome([active], byHand('5.149.105.0/24', day(1)))).toEqual({
      kind: 'covered',
      extended: true,
      entry: { ...active, lastSeen: day(1), expiresAt: day(61) },
    });
    expect(outcome([active], byHand('5.149.105.0/24', day(1), { until: day(2) }))).toEqual({
      kind: 'covered',
      extended: false,
      entry: { ...active, lastSeen: day(1) },
    });
  });

  it('is held back by the allow-list and this host, and by --force not even by them', () => {
    const guards = [protection('5.149.105.9', 'allowed'), protection('5.149.106.1', 'own')];
    expect(outcome([], byHand('5.149.105.0/24', day(0)), guards)).toEqual({
      kind: 'refused',
      protection: guards[0],
    });
    expect(outcome([], byHand('5.149.106.1/32', day(0)), guards)).toEqual({
      kind: 'refused',
      protection: guards[1],
    });
    const forced = outcome([], byHand('5.149.105.0/24', day(0), { force: true }), guards);
    expect(forced.kind).toBe('new');
  });

  it('is not refused for logins and private space', () => {
    const guards = [protection('10.0.0.0/8', 'private'), protection('5.149.104.1', 'login')];
    expect(outcome([], byHand('10.1.2.0/24', day(0)), guards).kind).toBe('new');
    expect(outcome([], byHand('5.149.104.0/24', day(0)), guards).kind).toBe('new');
    expect(
      outcome([entry('5.149.104.0/22', 30)], byHand('5.149.105.0/24', day(100)), guards),
    ).toMatchObject({ kind: 'reactivated', entry: { prefix: parsePrefix('5.149.104.0/22') } });
  });

  it('does not bring back a wider bogon', () => {
    expect(outcome(bogonEntries(), byHand('10.1.2.0/24', day(0))).kind).toBe('new');
    expect(outcome(bogonEntries(), byHand('10.0.0.0/8', day(0)))).toMatchObject({
      kind: 'reactivated',
      entry: { origin: 'bogon', hits: 0, firstSeen: day(0), lastSeen: day(0) },
    });
  });
});

describe('expireEntry', () => {
  it('ends a block now and keeps the history', () => {
    const active = entry('5.149.104.0/22', 'forever');
    expect(expireEntry(active, day(3))).toEqual({
      ...active,
      expiresAt: day(3),
      endedAt: day(3),
    });
  });

  it('leaves what is not active as it is', () => {
    const expired = entry('5.149.104.0/22', 30);
    expect(expireEntry(expired, day(30))).toBe(expired);
    const [bogon] = bogonEntries();
    expect(expireEntry(bogon!, day(30))).toBe(bogon);
  });
});
