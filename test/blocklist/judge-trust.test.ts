import { describe, expect, it } from 'vitest';
import { Judge } from '../../src/blocklist/judge.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { Login } from '../../src/blocklist/trust.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { kindOf } from '../reference/kinds.ts';
import { loginOf } from '../support/login.ts';
import { offenceOf } from '../support/offence.ts';
import { MemoryMap } from './memory-map.ts';

const DAY0 = 19_700 * DAY_SECONDS;
const NOW = DAY0 + 300 * DAY_SECONDS;
const OFFICE = parsePrefix('203.0.113.9');
const [BOB, ROOT] = [1, 2];

function failure(user: number | undefined, at: number, address = OFFICE): Offence {
  const kind = kindOf('dovecot', 'failed-login');
  return offenceOf({ at, address, points: 10, kind, user });
}

function failures(count: number, user: number | undefined, first: number): Offence[] {
  return Array.from({ length: count }, (_, n) => failure(user, first + n));
}

function judged(offences: readonly Offence[], logins: readonly Login[]) {
  const repository = new MemoryMap([], logins);
  const judge = new Judge(
    repository,
    new ProtectedSpace([]),
    () => DEFAULT_POLICY,
    () => NOW,
  );
  judge.offendAll(offences);
  const summary = judge.finish();
  const kinds = repository.verdicts.map(({ decision }) => decision.kind);
  return { repository, summary, kinds };
}

describe('Judge, of a trusted address', () => {
  const login = loginOf(OFFICE, DAY0, { user: BOB });

  it('spares one old password behind NAT, however often it fails for the days of trust', () => {
    const { kinds, summary } = judged(
      Array.from({ length: 8640 }, (_, n) => failure(BOB, DAY0 + n * 300)),
      [login],
    );
    expect(kinds).toEqual([]);
    expect(summary.spared).toEqual([{ address: OFFICE, reason: 'login', count: 8640 }]);
    expect(summary.pending).toEqual([]);
  });

  it('spares a few failures of other users, of nobody, and before the first login', () => {
    for (const [user, at] of [
      [ROOT, DAY0],
      [undefined, DAY0],
      [BOB, DAY0 - 3600],
    ] as const) {
      const { kinds, summary } = judged(failures(29, user, at), [login]);
      expect(kinds).toEqual([]);
      expect(summary.spared).toMatchObject([{ reason: 'login', count: 29 }]);
      expect(summary.pending).toHaveLength(29);
    }
  });

  it('blocks it from 300 points of others in the window, and takes away its trust', () => {
    const told = [...failures(35, ROOT, DAY0 + 10), failure(BOB, DAY0 + 50)];
    const { repository, kinds, summary } = judged(told, [login]);
    expect(kinds).toEqual(['new', 'covered']);
    expect(repository.losses).toEqual([{ address: OFFICE, at: DAY0 + 39 }]);
    expect(repository.verdicts[0]).toMatchObject({
      request: { hits: 30, at: DAY0 + 39, offender: OFFICE },
      decision: { entry: { activations: 1, activatedAt: DAY0 + 39 } },
    });
    // Without trust, nothing is excused.
    expect(repository.entries).toMatchObject([{ hits: 36 }]);
    expect(summary.pending).toEqual([]);
    expect(summary.spared).toEqual([]);
  });

  it('counts as spared only what the block does not count', () => {
    const known = failures(10, ROOT, DAY0 + 10).map((one) => ({ ...one, isJudged: true as const }));
    const told = [...known, failure(BOB, DAY0 + 25), ...failures(20, ROOT, DAY0 + 30)];
    const { kinds, summary } = judged(told, [login]);
    expect(kinds).toEqual(['new']);
    expect(summary.spared).toEqual([{ address: OFFICE, reason: 'login', count: 1 }]);
  });

  it('blocks who guesses root through a stolen mailbox called root', () => {
    const mailbox = loginOf(OFFICE, DAY0, { service: 'dovecot', user: ROOT + 100 });
    expect(judged(failures(30, ROOT, DAY0 + 1), [mailbox]).kinds).toEqual(['new']);
  });

  it('does not set free a guesser who succeeds after 5,000 tries', () => {
    const guessed = loginOf(OFFICE, DAY0 + 5000, { user: ROOT });
    const { repository, kinds } = judged(
      [...failures(5000, ROOT, DAY0), ...failures(10, ROOT, DAY0 + 6000)],
      [guessed],
    );
    expect(kinds).toEqual(['new', 'covered']);
    expect(repository.entries).toMatchObject([{ hits: 5010 }]);
    expect(repository.losses).toEqual([{ address: OFFICE, at: DAY0 + 29 }]);
  });

  it('adds up over logs what is pending, and tells of it only once', () => {
    const first = judged(failures(20, ROOT, DAY0 + 10), [login]);
    const known = first.summary.pending.map((one) => ({ ...one, isJudged: true as const }));
    const second = judged([...known, ...failures(5, ROOT, DAY0 + 100)], [login]);
    expect(second.summary.spared).toMatchObject([{ count: 5 }]);
    const all = second.summary.pending.map((one) => ({ ...one, isJudged: true as const }));
    const third = judged([...all, ...failures(5, ROOT, DAY0 + 200)], [login]);
    expect(third.kinds).toEqual(['new']);
    expect(third.repository.entries).toMatchObject([{ hits: 30 }]);
  });

  it('does not count its failures for its neighbours', () => {
    const neighbour = parsePrefix('203.0.113.77');
    const told = [
      ...failures(20, ROOT, DAY0),
      failure(undefined, DAY0 + 30, neighbour),
      failure(undefined, DAY0 + 31, neighbour),
    ];
    expect(judged(told, [login]).kinds).toEqual([]);
    expect(judged([...told, failure(undefined, DAY0 + 32, neighbour)], [login]).kinds).toEqual([
      'new',
    ]);
  });

  it('hits the entry that is active already once it has lost its trust', () => {
    const neighbour = parsePrefix('203.0.113.77');
    const told = [
      ...Array.from({ length: 3 }, (_, n) => failure(undefined, DAY0 + n, neighbour)),
      ...failures(32, ROOT, DAY0 + 100),
    ];
    const { repository } = judged(told, [login]);
    expect(repository.losses).toEqual([{ address: OFFICE, at: DAY0 + 129 }]);
    expect(repository.entries).toMatchObject([{ activations: 1, hits: 35 }]);
  });
});
