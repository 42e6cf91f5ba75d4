import { describe, expect, it } from 'vitest';
import { type Entry, neverActive } from '../../src/blocklist/entry.ts';
import { Judge } from '../../src/blocklist/judge.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { Protection } from '../../src/blocklist/request.ts';
import type { Login } from '../../src/blocklist/trust.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { kindOf } from '../reference/kinds.ts';
import { loginOf } from '../support/login.ts';
import { offenceOf } from '../support/offence.ts';
import { MemoryMap } from './memory-map.ts';

const DAY0 = 19_700 * DAY_SECONDS;
const HOUR = 3600;
const NOW = DAY0 + 5000 * DAY_SECONDS;

function offence(address: string, at: number, more: Partial<Offence> = {}): Offence {
  const kind = kindOf('sshd', 'failed-login');
  return offenceOf({ at, address: parsePrefix(address), points: 10, kind, ...more });
}

/** One wider than the automatic length was made by hand. */
function expired(prefix: string, activations = 1): Entry {
  const { length, family } = parsePrefix(prefix);
  const origin = length < (family === 4 ? 24 : 64) ? 'manual' : 'grok';
  const activatedAt = DAY0 - 100 * DAY_SECONDS;
  return {
    ...neverActive(parsePrefix(prefix), origin, ''),
    activations,
    hits: 3,
    firstSeen: activatedAt,
    lastSeen: activatedAt,
    activatedAt,
    expiresAt: activatedAt + 30 * DAY_SECONDS,
  };
}

function judged(
  offences: Iterable<Offence>,
  entries: readonly Entry[] = [],
  protections: readonly Protection[] = [],
  logins: readonly Login[] = [],
) {
  const repository = new MemoryMap(entries, logins);
  const judge = new Judge(
    repository,
    new ProtectedSpace(protections),
    () => DEFAULT_POLICY,
    () => NOW,
  );
  for (const one of offences) judge.offend(one);
  const summary = judge.finish();
  return { repository, summary, kinds: repository.verdicts.map(({ decision }) => decision.kind) };
}

/** The lengths of the entries that these offences bring back. */
function reactivatedLengths(offences: readonly Offence[], entries: readonly Entry[]): number[] {
  return judged(offences, entries).repository.verdicts.flatMap(({ decision }) =>
    decision.kind === 'reactivated' ? [decision.entry.prefix.length] : [],
  );
}

describe('Judge', () => {
  it('blocks a prefix when its points are full, whichever addresses they came from', () => {
    const { repository, kinds, summary } = judged([
      offence('5.149.105.9', DAY0),
      offence('5.149.105.10', DAY0 + HOUR),
      offence('5.149.106.1', DAY0 + HOUR),
      offence('5.149.105.9', DAY0 + 2 * HOUR, { count: 2 }),
    ]);
    expect(kinds).toEqual(['new']);
    const [verdict] = repository.verdicts;
    expect(verdict).toMatchObject({
      request: { hits: 4, at: DAY0 + 2 * HOUR, offender: parsePrefix('5.149.105.9') },
      decision: { entry: { prefix: parsePrefix('5.149.105.0/24'), hits: 4 } },
    });
    expect(verdict?.evidence).toEqual([
      {
        address: parsePrefix('5.149.105.9'),
        service: 'sshd',
        message: 'failed-login',
        count: 3,
        firstSeen: DAY0,
        lastSeen: DAY0 + 2 * HOUR,
        log: 'auth.log',
        host: 'gate',
        proxy: '',
        rule: '',
      },
      {
        address: parsePrefix('5.149.105.10'),
        service: 'sshd',
        message: 'failed-login',
        count: 1,
        firstSeen: DAY0 + HOUR,
        lastSeen: DAY0 + HOUR,
        log: 'auth.log',
        host: 'gate',
        proxy: '',
        rule: '',
      },
    ]);
    expect(summary).toMatchObject({ offences: 5, spared: [] });
  });

  it('does not add up what is a window apart, to the second', () => {
    const three = (last: number) => [
      offence('5.149.105.9', DAY0),
      offence('5.149.105.9', DAY0 + HOUR),
      offence('5.149.105.9', last),
    ];
    expect(judged(three(DAY0 + DAY_SECONDS - 1)).kinds).toEqual(['new']);
    expect(judged(three(DAY0 + DAY_SECONDS)).kinds).toEqual([]);
  });

  it('needs one offence where the prefix was blocked before, and many for a bogon that was not', () => {
    const one = [offence('5.149.105.9', DAY0)];
    const { repository, kinds } = judged(one, [expired('5.149.104.0/22')]);
    expect(kinds).toEqual(['reactivated']);
    expect(repository.verdicts[0]?.decision).toMatchObject({
      wider: true,
      entry: { activations: 2, expiresAt: DAY0 + 60 * DAY_SECONDS },
    });
    const bogon = neverActive(parsePrefix('198.51.100.0/24'), 'bogon', 'TEST-NET-2');
    const few = [offence('198.51.100.1', DAY0), offence('198.51.100.1', DAY0)];
    expect(judged(few, [bogon]).kinds).toEqual([]);
    expect(judged([...few, ...few], [bogon]).kinds).toEqual(['reactivated', 'covered']);
  });

  it('needs all points of a block for an entry wider than /16, and one offence for the /16', () => {
    const entries = [expired('5.0.0.0/8'), expired('5.149.0.0/16')];
    const many = [0, 1, 2].map((n) => offence('5.149.105.9', DAY0 + n));
    expect(reactivatedLengths(many.slice(0, 2), entries.slice(0, 1))).toEqual([]);
    expect(reactivatedLengths(many, entries.slice(0, 1))).toEqual([8]);
    expect(reactivatedLengths(many.slice(0, 1), entries)).toEqual([16]);
    const all = [offence('5.149.105.9', DAY0, { points: 30 })];
    expect(reactivatedLengths(all, entries)).toEqual([8]);
  });

  it('hits, extends and brings back an entry narrower than the automatic prefix', () => {
    const active: Entry = { ...expired('5.149.105.9/32'), activatedAt: DAY0, expiresAt: 'forever' };
    const hit = judged([offence('5.149.105.9', DAY0), offence('5.149.105.8', DAY0)], [active]);
    expect(hit.kinds).toEqual(['covered']);
    expect(hit.repository.entries).toMatchObject([{ hits: 4, hitDays: [19_700] }]);
    const { repository, summary } = judged(
      [offence('5.149.105.8', DAY0), offence('5.149.105.9', DAY0 + 1)],
      [expired('5.149.105.9/32')],
    );
    expect(repository.verdicts).toMatchObject([
      {
        request: { hits: 1, at: DAY0 + 1 },
        decision: { kind: 'reactivated', wider: false, entry: { activations: 2, hits: 4 } },
        evidence: [{ address: parsePrefix('5.149.105.9'), count: 1 }],
      },
    ]);
    // Both go on counting for the /24.
    expect(summary.pending).toHaveLength(2);
  });

  it('blocks the prefix with one activation more than an entry within it had', () => {
    const three = [0, 1, 2].map((n) => offence('5.149.105.9', DAY0 + n));
    const { repository } = judged(three, [expired('5.149.105.9/32')]);
    const [address, network] = [parsePrefix('5.149.105.9'), parsePrefix('5.149.105.0/24')];
    expect(repository.entries).toEqual([
      // Its reactivation by the first of them is folded into that of the /24.
      expect.objectContaining({ ...expired('5.149.105.9/32'), hits: 6, lastSeen: DAY0 + 2 }),
      expect.objectContaining({
        prefix: network,
        activations: 2,
        hits: 3,
        expiresAt: DAY0 + 2 + 60 * DAY_SECONDS,
      }),
    ]);
    expect(repository.verdicts.at(-1)).toMatchObject({
      decision: { kind: 'new', inherits: address },
      evidence: [{ address, count: 3 }],
    });
  });

  it('blocks the prefix although a narrower entry is active, which stays', () => {
    const active: Entry = { ...expired('5.149.105.9/32'), expiresAt: 'forever' };
    const offences = ['9', '8', '9', '7'].map((n, at) => offence(`5.149.105.${n}`, DAY0 + at));
    const { repository, kinds } = judged(offences, [active]);
    expect(kinds.toSorted()).toEqual(['covered', 'covered', 'new']);
    expect(repository.entries).toMatchObject([
      { hits: 5, expiresAt: 'forever' },
      { hits: 4, activations: 2 },
    ]);
  });

  it('counts for the prefix what is evidence for a narrower entry', () => {
    const later = expired('5.149.105.9/32');
    const before = (later.activatedAt ?? 0) - 9;
    const three = [0, 1, 2].map((n) => offence('5.149.105.9', before + n));
    const { kinds, repository } = judged(three, [later]);
    expect(kinds).toEqual(['evidence', 'new']);
    expect(repository.entries).toMatchObject([{ activations: 1, hits: 6 }, { activations: 1 }]);
  });

  it('judges an offence that was pending for its prefix alone', () => {
    const active: Entry = { ...expired('5.149.105.9/32'), expiresAt: 'forever' };
    const known = [0, 1].map((n) => offence('5.149.105.9', DAY0 + n, { isJudged: true }));
    expect(judged(known, [active]).kinds).toEqual([]);
    expect(judged([...known, offence('5.149.105.9', DAY0 + 2)], [active]).kinds).toEqual([
      'covered',
      'new',
    ]);
  });

  it('brings back what was blocked before, whatever logins it contains', () => {
    const login = loginOf(parsePrefix('5.149.107.1'), DAY0 - DAY_SECONDS);
    const one = [offence('5.149.105.9', DAY0)];
    expect(judged(one, [expired('5.149.104.0/22')], [], [login]).kinds).toEqual(['reactivated']);
  });

  it('gathers hits until it settles, and counts their days', () => {
    const offences = [0, 1, 2, 3, 4, 5, 24, 25].map((hours) =>
      offence('5.149.105.9', DAY0 + hours * HOUR, { count: 2 }),
    );
    const { repository, kinds } = judged(offences, [expired('5.149.104.0/22')]);
    expect(kinds).toEqual(['reactivated', 'covered']);
    expect(repository.verdicts.map(({ request }) => [request.hits, request.at - DAY0])).toEqual([
      [2, 0],
      [14, 25 * HOUR],
    ]);
    expect(repository.entries[0]).toMatchObject({ hits: 19, hitDays: [19_700, 19_701] });
  });

  it('keeps those out who go on for months', () => {
    const offences = Array.from({ length: 200 }, (_, days) =>
      offence('5.149.105.9', DAY0 + days * DAY_SECONDS),
    );
    const { repository } = judged(offences, [expired('5.149.105.0/24')]);
    expect(repository.entries[0]).toMatchObject({
      activations: 2,
      expiresAt: DAY0 + 259 * DAY_SECONDS,
    });
  });

  it('spares who is protected, and says why', () => {
    const login = loginOf(parsePrefix('5.149.105.9'), DAY0 + HOUR);
    const { summary, kinds } = judged(
      [
        ...Array.from({ length: 5 }, () => offence('5.149.105.9', DAY0, { count: 3 })),
        ...Array.from({ length: 4 }, () => offence('192.168.1.7', DAY0)),
      ],
      [],
      [{ prefix: parsePrefix('192.168.0.0/16'), reason: 'private' }],
      [login],
    );
    expect(kinds).toEqual([]);
    expect(summary).toMatchObject({
      offences: 19,
      pending: [{ address: parsePrefix('5.149.105.9'), points: 50, count: 15 }],
      spared: [
        { address: parsePrefix('5.149.105.9'), reason: 'login', count: 15 },
        { address: parsePrefix('192.168.1.7'), reason: 'private', count: 4 },
      ],
    });
  });

  it('blocks the whole prefix around a protected neighbour, who is spared', () => {
    const guards = [{ prefix: parsePrefix('5.149.105.200'), reason: 'own' as const }];
    const offences = ['9', '200', '255', '9'].map((n) => offence(`5.149.105.${n}`, DAY0));
    const { repository, summary } = judged(offences, [], guards);
    expect(repository.entries).toMatchObject([{ prefix: parsePrefix('5.149.105.0/24'), hits: 3 }]);
    expect(summary.spared).toMatchObject([{ reason: 'own', count: 1 }]);
  });

  it('counts an offence in the future as now', () => {
    let now = DAY0;
    const repository = new MemoryMap();
    const judge = new Judge(
      repository,
      new ProtectedSpace([]),
      () => DEFAULT_POLICY,
      () => now,
    );
    judge.offend(offence('5.149.105.9', DAY0 + HOUR, { points: 30 }));
    now = DAY0 + 2 * HOUR;
    judge.offend(offence('5.149.106.9', DAY0 + HOUR, { points: 30 }));
    expect(repository.verdicts.map(({ request }) => request.at)).toEqual([DAY0, DAY0 + HOUR]);
  });

  it('remembers what is older than the latest activation, the earliest time of it', () => {
    const before = DAY0 - 100 * DAY_SECONDS;
    const { repository, kinds } = judged(
      [
        offence('5.149.105.9', before - 5),
        offence('5.149.104.9', before - 9, { count: 4 }),
        offence('5.149.105.9', before - 7),
      ],
      [expired('5.149.104.0/22')],
    );
    expect(kinds).toEqual(['evidence']);
    expect(repository.entries).toEqual([
      { ...expired('5.149.104.0/22'), hits: 9, firstSeen: before - 9 },
    ]);
    expect(repository.verdicts[0]?.evidence).toHaveLength(2);
  });

  it('names 256 addresses of one activation, and the others together', () => {
    const offences = (day: number) =>
      Array.from({ length: 600 }, (_, n) =>
        offence(`2a00::${(n + day * 100).toString(16)}`, DAY0 + day * DAY_SECONDS + n),
      );
    const { repository } = judged([...offences(0), ...offences(1)], [expired('2a00::/64')]);
    const rows = repository.verdicts.flatMap(({ evidence }) => evidence);
    const named = rows.flatMap(({ address }) => (address === undefined ? [] : [address.d]));
    expect(new Set(named)).toEqual(new Set(Array.from({ length: 256 }, (_, n) => n)));
    const nameless = rows.filter(({ address }) => address === undefined);
    expect(nameless).toMatchObject([
      {
        count: 600 - 256 + (600 - 156),
        firstSeen: DAY0 + 256,
        lastSeen: DAY0 + DAY_SECONDS + 599,
      },
    ]);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(1200);
  });

  it('says what is pending: what made no block and is within the window', () => {
    const told = [
      offence('5.149.104.9', DAY0, { points: 10 }),
      offence('5.149.105.9', DAY0 + 23 * HOUR, { points: 20 }),
      offence('5.149.106.9', DAY0 + 24 * HOUR, { points: 30 }),
      offence('5.149.105.9', DAY0 + 25 * HOUR),
    ];
    // The first is a window before the last; the third made a block.
    const { pending } = judged(told.slice(0, 3)).summary;
    expect(pending).toMatchObject([told[1]]);
  });

  it('sees what others changed after it settled, and adds up across', () => {
    const repository = new MemoryMap();
    const judge = new Judge(
      repository,
      new ProtectedSpace([]),
      () => DEFAULT_POLICY,
      () => NOW,
    );
    judge.offend(offence('5.149.105.9', DAY0));
    judge.offend(offence('5.149.106.9', DAY0, { points: 20 }));
    judge.settle();
    repository.entries = [expired('5.149.104.0/23')];
    judge.offend(offence('5.149.105.9', DAY0 + 1));
    judge.offend(offence('5.149.106.9', DAY0 + 1));
    judge.settle();
    expect(
      repository.verdicts.map(({ decision, request }) => [decision.kind, request.hits]),
    ).toEqual([
      ['reactivated', 2],
      ['new', 2],
    ]);
  });

  it('counts an address again that is protected no longer', () => {
    const login = loginOf(parsePrefix('5.149.105.9'), DAY0);
    const repository = new MemoryMap([], [login]);
    const judge = new Judge(
      repository,
      new ProtectedSpace([]),
      () => DEFAULT_POLICY,
      () => NOW,
    );
    judge.offend(offence('5.149.105.9', DAY0, { points: 30 }));
    judge.settle();
    repository.logins = [];
    judge.offend(offence('5.149.105.9', DAY0 + 1, { points: 30 }));
    expect(repository.entries).toMatchObject([{ prefix: parsePrefix('5.149.105.0/24'), hits: 1 }]);
  });

  it('takes a log that begins a year before the last one ended', () => {
    const { kinds } = judged([
      offence('5.149.105.9', DAY0, { points: 20 }),
      offence('5.149.105.9', DAY0 - 365 * DAY_SECONDS),
      offence('5.149.105.9', DAY0 - 365 * DAY_SECONDS + 2),
      offence('5.149.105.9', DAY0 - 365 * DAY_SECONDS + 1),
    ]);
    expect(kinds).toEqual(['new']);
  });
});

describe('A witness', () => {
  it('brings an entry back with what was pending, which then counts no more', () => {
    const repository = new MemoryMap([expired('192.0.2.0/24')]);
    const judge = new Judge(
      repository,
      new ProtectedSpace([]),
      () => DEFAULT_POLICY,
      () => NOW,
    );
    judge.offend(offence('192.0.2.7', DAY0, { points: 2 }));
    judge.offend(offence('192.0.2.8', DAY0 + HOUR, { kind: kindOf('door', 'seen') }));
    const { pending } = judge.finish();
    expect(pending).toEqual([]);
    const [verdict] = repository.verdicts;
    expect(verdict).toMatchObject({ request: { hits: 2 }, decision: { kind: 'reactivated' } });
    expect(verdict?.evidence.map(({ service }) => service)).toEqual(['sshd', 'door']);
  });
});
