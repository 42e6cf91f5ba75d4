import { describe, expect, it } from 'vitest';
import { decide } from '../../src/blocklist/decide.ts';
import type { Entry } from '../../src/blocklist/entry.ts';
import { neverActive } from '../../src/blocklist/entry.ts';
import { Judge } from '../../src/blocklist/judge.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { currentPenalty } from '../../src/blocklist/penalty.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import type {
  Hours,
  PolicyRule,
  RuleConditions,
  RuleEffects,
} from '../../src/blocklist/policy-rule.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { RuleContext } from '../../src/blocklist/rule-conditions.ts';
import { ruledPolicies } from '../../src/engine/ruled-policies.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { kindOf } from '../reference/kinds.ts';
import { offenceOf } from '../support/offence.ts';
import { PLAIN_CONTEXT } from '../support/rule-context.ts';
import { MemoryMap } from './memory-map.ts';

const DAY0 = 1_700_006_400;
const HOUR = 3600;
const NOW = DAY0 + 1000 * DAY_SECONDS;
const OFFICE = parsePrefix('5.149.0.0/16');

function rule(name: string, conditions: RuleConditions, effects: RuleEffects): PolicyRule {
  return { name, conditions, effects };
}

/** An attempt of 10 points. */
function attempt(at: number, address = '5.149.105.9', more: Partial<Offence> = {}): Offence {
  const kind = kindOf('sshd', 'failed-login');
  return offenceOf({ at, address: parsePrefix(address), points: 10, kind, ...more });
}

/** Ended before the offences. */
function expired(prefix: string, activations: number): Entry {
  const activatedAt = DAY0 - 100 * DAY_SECONDS;
  const times = { firstSeen: activatedAt, lastSeen: activatedAt, activatedAt };
  const expiresAt = activatedAt + DAY_SECONDS;
  return {
    ...neverActive(parsePrefix(prefix), 'grok', ''),
    ...times,
    activations,
    hits: 3,
    expiresAt,
  };
}

function judged(
  rules: readonly PolicyRule[],
  offences: readonly Offence[],
  entries: readonly Entry[] = [],
  more: Partial<RuleContext> = {},
) {
  const policies = ruledPolicies(DEFAULT_POLICY, rules, { ...PLAIN_CONTEXT, ...more }, undefined);
  const repository = new MemoryMap(entries);
  const judge = new Judge(repository, new ProtectedSpace([]), policies.policyFor, () => NOW);
  judge.offendAll(offences);
  const summary = judge.finish();
  const made = repository.verdicts.flatMap(({ decision, evidence }) =>
    decision.kind === 'new' || decision.kind === 'reactivated'
      ? [
          {
            prefix: formatPrefix(decision.entry.prefix),
            days:
              decision.entry.expiresAt === 'forever'
                ? 'forever'
                : (decision.entry.expiresAt - (decision.entry.activatedAt ?? 0)) / DAY_SECONDS,
            rule: decision.entry.rule,
            evidence: evidence.map((row) => row.rule),
          },
        ]
      : [],
  );
  return { made, pending: summary.pending, offences: summary.offences };
}

const points = (rules: readonly PolicyRule[], offence: Offence, more?: Partial<RuleContext>) =>
  judged(rules, [offence], [], more).pending.map((one) => one.points);

/** The points at this hour, which are double within these hours. */
function pointsAt(hour: number, hours: Hours): number | undefined {
  const double = rule('hours', { hours }, { points: { times: 2 } });
  return points([double], attempt(DAY0 + hour * HOUR))[0];
}

/** As many attempts of one point, each with another user. */
function tries(count: number): Offence[] {
  return Array.from({ length: count }, (_, user) =>
    attempt(DAY0 + user, undefined, { user: user + 1, points: 1 }),
  );
}

/** The entry that a request by hand makes. */
function byHand(one: PolicyRule, until: number | undefined, text = '5.149.105.0/24') {
  const { policyFor } = ruledPolicies(DEFAULT_POLICY, [one], PLAIN_CONTEXT, undefined);
  const prefix = parsePrefix(text);
  const request = {
    kind: 'manual',
    origin: 'manual',
    prefix,
    at: NOW,
    until,
    exact: false,
    force: false,
    note: '',
  } as const;
  const policy = policyFor(prefix);
  const decision = decide([], new ProtectedSpace([]), request, policy, NOW);
  if (decision.kind === 'refused') throw new Error('refused');
  return { ...decision.entry, penalty: currentPenalty(decision.entry, policy) };
}

describe('the points of an event', () => {
  it('are multiplied or set by the first rule that fits, whose name is evidence', () => {
    const twice = rule('root', { users: 0 }, { points: { times: 2 } });
    const five = rule('five', { prefixes: [OFFICE] }, { points: { set: 5 } });
    const root = { kind: { ...kindOf('sshd', 'failed-login'), users: 1 } };
    expect(points([twice, five], attempt(DAY0, '5.149.105.9', root))).toEqual([20]);
    expect(points([twice, five], attempt(DAY0))).toEqual([5]);
    expect(points([five, twice], attempt(DAY0, '5.149.105.9', { ...root, count: 3 }))).toEqual([
      15,
    ]);
    const [made] = judged(
      [twice],
      [attempt(DAY0, undefined, root), attempt(DAY0 + 1, undefined, root)],
    ).made;
    expect(made).toMatchObject({ prefix: '5.149.105.0/24', evidence: ['root'] });
  });

  it('are left as they were read where the rule is about the message alone', () => {
    const message = rule('m', { events: new Set(['sshd.failed-login']) }, { points: { set: 20 } });
    const office = rule('office', { prefixes: [OFFICE] }, { points: { times: 3 } });
    expect(points([message, office], attempt(DAY0))).toEqual([10]);
    expect(points([office, message], attempt(DAY0))).toEqual([]);
    expect(judged([office, message], [attempt(DAY0)]).made).toMatchObject([
      { evidence: ['office'] },
    ]);
  });

  it('are those of a rule about a message from some addresses', () => {
    const conditions = { prefixes: [OFFICE], events: new Set(['sshd.failed-login']) };
    expect(points([rule('set', conditions, { points: { set: 25 } })], attempt(DAY0))).toEqual([25]);
    const twice = rule('twice', conditions, { points: { times: 2 } });
    expect(points([twice], attempt(DAY0))).toEqual([20]);
    expect(points([twice], attempt(DAY0, '9.149.105.9'))).toEqual([10]);
  });

  it('count once for a message that counts once', () => {
    const five = rule('five', { prefixes: [OFFICE] }, { points: { set: 5 } });
    const once = { countOnce: new Set(['sshd.failed-login']) };
    expect(points([five], attempt(DAY0, undefined, { count: 3 }), once)).toEqual([5]);
  });

  it('are none for a message that counts nothing unless its rule fits', () => {
    const nothing = { countNothing: new Set(['sshd.failed-login']) };
    const five = rule('five', { prefixes: [OFFICE] }, { points: { set: 5 } });
    expect(points([five], attempt(DAY0), nothing)).toEqual([5]);
    expect(points([five], attempt(DAY0, '5.150.1.1'), nothing)).toEqual([]);
    expect(
      points(
        [five, rule('w', { hits: 1 }, { windowSeconds: 1 })],
        attempt(DAY0, '5.150.1.1'),
        nothing,
      ),
    ).toEqual([]);
    expect(
      points([rule('u', { users: 0 }, { points: { set: 5 } })], attempt(DAY0), nothing),
    ).toEqual([]);
  });

  it('are none for such a message where a rule multiplies them, or sets the message to none', () => {
    const nothing = { countNothing: new Set(['sshd.failed-login']) };
    const five = rule('five', { prefixes: [OFFICE] }, { points: { set: 5 } });
    const twice = rule('twice', { hosts: ['*'] }, { points: { times: 2 } });
    const none = rule('none', { events: nothing.countNothing }, { points: { set: 0 } });
    for (const last of [twice, none]) {
      expect(points([five, last], attempt(DAY0), nothing)).toEqual([5]);
      expect(points([five, last], attempt(DAY0, '5.150.1.1'), nothing)).toEqual([]);
    }
  });

  it('are none where a rule ignores the event, unless an earlier one does not', () => {
    const ignore = rule('monitor', { prefixes: [parsePrefix('5.149.105.9/32')] }, { ignore: true });
    expect(judged([ignore], [attempt(DAY0)])).toMatchObject({ offences: 0, pending: [] });
    expect(points([ignore], attempt(DAY0, '5.149.105.10'))).toEqual([10]);
    const keep = rule('but root', { users: 0 }, { ignore: false });
    const root = { kind: { ...kindOf('sshd', 'failed-login'), users: 1 } };
    expect(points([keep, ignore], attempt(DAY0, undefined, root))).toEqual([10]);
  });

  it('depend on the hour, across midnight too', () => {
    const night = { from: 22 * 60, to: 6 * 60 };
    expect([21, 22, 23, 5, 6].map((hour) => pointsAt(hour, night))).toEqual([10, 20, 20, 20, 10]);
    const day = { from: 9 * 60, to: 17 * 60 };
    expect([8, 9, 16, 17].map((hour) => pointsAt(hour, day))).toEqual([10, 20, 20, 10]);
  });

  it('depend on the host that saw it, which is this one if the line names none', () => {
    const gates = [rule('gates', { hosts: ['gate*'] }, { points: { times: 2 } })];
    const on = (host: string) => {
      const kind = kindOf('sshd', 'x', 'a', host);
      return points(gates, attempt(DAY0, undefined, { kind }))[0];
    };
    expect(['gate2', 'mail', ''].map(on)).toEqual([20, 10, 20]);
  });

  it('depend on what became of the network before', () => {
    const again = [rule('again', { activations: 2 }, { points: { set: 25 } })];
    const busy = [rule('busy', { hits: 4 }, { points: { set: 25 } })];
    const offences = [attempt(DAY0), attempt(DAY0 + 1)];
    const made = (rules: readonly PolicyRule[], activations: number) =>
      judged(rules, offences, [expired('5.149.105.0/24', activations)]).made.map(
        (one) => one.evidence,
      );
    expect(made(again, 1)).toEqual([['']]);
    expect(made(again, 2)).toEqual([['again']]);
    expect(made(busy, 2)).toEqual([['']]);
  });

  it('block at once whoever tries ten user names', () => {
    const names = [rule('names', { distinctUsers: 10 }, { points: { set: 30 } })];
    expect(judged(names, tries(9)).made).toEqual([]);
    expect(judged(names, tries(10)).made).toMatchObject([{ prefix: '5.149.105.0/24' }]);
    const same = tries(10).map((one) => ({ ...one, user: 1 }));
    expect(judged(names, same).made).toEqual([]);
  });

  it('do not see user names of which the window is over', () => {
    const names = [rule('names', { distinctUsers: 3 }, { points: { set: 30 } })];
    const later = attempt(DAY0 + 2 * DAY_SECONDS, undefined, { user: 3, points: 1 });
    expect(judged(names, [...tries(2), later]).made).toEqual([]);
    const soon = { ...later, at: DAY0 + DAY_SECONDS - 1 };
    expect(judged(names, [...tries(2), soon]).made).toHaveLength(1);
  });

  it('depend on the origin', () => {
    const fromPf = [rule('pf', { origins: ['pf'] }, { points: { times: 2 } })];
    expect(points(fromPf, attempt(DAY0))).toEqual([10]);
    const fromLogs = [rule('logs', { origins: ['grok'] }, { points: { times: 2 } })];
    expect(points(fromLogs, attempt(DAY0))).toEqual([20]);
  });
});

describe('the window of an event', () => {
  const slow = rule('slow', { users: 0 }, { windowSeconds: 7 * DAY_SECONDS });
  const root = { kind: { ...kindOf('sshd', 'failed-login'), users: 1 } };

  it('lets it count longer than others', () => {
    const days = [0, 2, 4].map((day) => attempt(DAY0 + day * DAY_SECONDS, undefined, root));
    expect(judged([slow], days).made).toHaveLength(1);
    const others = [0, 2, 4].map((day) => attempt(DAY0 + day * DAY_SECONDS));
    expect(judged([slow], others).made).toEqual([]);
    const mixed = [
      attempt(DAY0, undefined, root),
      attempt(DAY0 + 1),
      attempt(DAY0 + 2 * DAY_SECONDS),
    ];
    expect(judged([slow], mixed).pending).toHaveLength(2);
  });

  it('is known of offences that were judged before', () => {
    const kind = { ...kindOf('sshd', 'failed-login'), rule: 'slow' };
    const pending = [0, 2].map((day) =>
      attempt(DAY0 + day * DAY_SECONDS, undefined, { kind, isJudged: true }),
    );
    expect(judged([slow], [...pending, attempt(DAY0 + 4 * DAY_SECONDS)]).made).toHaveLength(1);
  });
});

describe('a decision', () => {
  const three = [0, 1, 2].map((second) => attempt(DAY0 + second));

  it('lasts as long as the first rule that fits says, doubled each time', () => {
    const year = rule('year', { distinctServices: 3 }, { penalty: { set: 365 * DAY_SECONDS } });
    const services = ['sshd', 'postfix', 'dovecot'].map((service, second) =>
      attempt(DAY0 + second, undefined, { kind: kindOf(service, 'failed-login') }),
    );
    expect(judged([year], services).made).toMatchObject([{ days: 365, rule: 'year' }]);
    expect(judged([year], three).made).toMatchObject([{ days: 30, rule: undefined }]);
    const before = [expired('5.149.105.0/24', 1)];
    const full = services.map((one) => ({ ...one, points: 3 }));
    expect(judged([year], [...full, ...services], before).made.at(-1)?.days).toBe(730);
  });

  it('takes the penalty times a factor, no longer than the longest', () => {
    const twice = rule('twice', { origins: ['grok'] }, { penalty: { times: 2 } });
    expect(judged([twice], three).made).toMatchObject([{ days: 60, rule: 'twice' }]);
    const much = rule('much', { prefixes: [OFFICE] }, { penalty: { times: 900 } });
    expect(judged([much], three).made).toMatchObject([{ days: 3650, rule: 'much' }]);
  });

  it('lasts for ever', () => {
    const ever = rule('ever', { activations: 1 }, { forever: true });
    expect(judged([ever], three).made).toMatchObject([{ days: 30 }]);
    const before = [expired('5.149.105.0/24', 1)];
    expect(judged([ever], three, before).made).toMatchObject([{ days: 'forever', rule: 'ever' }]);
  });

  it('is about a wider prefix for those who come back', () => {
    const wide = rule('wide', { activations: 1 }, { length4: 20 });
    expect(judged([wide], three).made).toMatchObject([{ prefix: '5.149.105.0/24' }]);
    const others = [0, 1, 2].map((second) => attempt(DAY0 + HOUR + second, '5.149.106.9'));
    const { made, offences } = judged(
      [wide],
      [...three, ...others],
      [expired('5.149.105.0/24', 1)],
    );
    // One failed login brings back what was blocked before.
    expect(made).toMatchObject([{ prefix: '5.149.96.0/20', days: 60, rule: 'wide' }]);
    expect(offences).toBe(6);
  });

  it('is about a narrower prefix, and goes on counting for others', () => {
    const host = rule('host', { events: new Set(['sshd.failed-login']) }, { length4: 32 });
    const others = [3, 4, 5].map((second) => attempt(DAY0 + second, '5.149.105.10'));
    expect(judged([host], [...three, ...others]).made).toMatchObject([
      { prefix: '5.149.105.9/32', rule: 'host' },
      { prefix: '5.149.105.10/32', rule: 'host' },
    ]);
  });

  it('counts together in the prefix of a rule about the address alone', () => {
    const wide = rule('wide', { prefixes: [OFFICE] }, { length4: 22 });
    const spread = ['5.149.104.1', '5.149.105.1', '5.149.106.1'].map((address, second) =>
      attempt(DAY0 + second, address),
    );
    expect(judged([wide], spread).made).toMatchObject([{ prefix: '5.149.104.0/22', rule: 'wide' }]);
  });

  it('prolongs what it made by the penalty that it had', () => {
    const week = rule('week', { origins: ['grok'] }, { penalty: { set: 7 * DAY_SECONDS } });
    const hits = [1, 2, 3].map((day) => attempt(DAY0 + day * DAY_SECONDS));
    const policies = ruledPolicies(DEFAULT_POLICY, [week], PLAIN_CONTEXT, undefined);
    const repository = new MemoryMap();
    const judge = new Judge(repository, new ProtectedSpace([]), policies.policyFor, () => NOW);
    judge.offendAll([...three, ...hits]);
    judge.finish();
    expect(repository.entries[0]?.expiresAt).toBe(DAY0 + 10 * DAY_SECONDS);
  });

  it('by hand has the penalty of a rule, unless it has an end', () => {
    const week = rule('week', { origins: ['manual'] }, { penalty: { set: 7 * DAY_SECONDS } });
    expect(byHand(week, undefined)).toMatchObject({
      expiresAt: NOW + 7 * DAY_SECONDS,
      rule: 'week',
    });
    expect(byHand(week, NOW + 5)).toMatchObject({ expiresAt: NOW + 5, rule: undefined });
  });

  it('by hand names no rule that did nothing to it', () => {
    const nothing = { ignore: true, length4: 20, length6: 48 };
    expect(byHand(rule('n', { origins: ['manual'] }, nothing), undefined).rule).toBeUndefined();
    const told = { notify: true, penalty: { set: 7 * DAY_SECONDS } };
    const entry = byHand(rule('told', { origins: ['manual'] }, told), NOW + 5);
    expect(entry).toMatchObject({ rule: 'told (notify)', penalty: 30 * DAY_SECONDS });
    expect(byHand(rule('told', { prefixes: [OFFICE] }, told), NOW + 5).rule).toBe('told (notify)');
  });

  it('by hand is about a prefix that lies in those of a rule', () => {
    const narrow = rule('narrow', { prefixes: [parsePrefix('5.149.105.0/28')] }, { forever: true });
    expect(byHand(narrow, undefined).expiresAt).not.toBe('forever');
    expect(byHand(narrow, undefined, '5.149.105.0/28').expiresAt).toBe('forever');
    const wide = rule('wide', { prefixes: [parsePrefix('5.149.96.0/22')] }, { forever: true });
    expect(byHand(wide, undefined, '5.149.96.0/20').expiresAt).not.toBe('forever');
    expect(byHand(wide, undefined, '5.149.96.0/22').expiresAt).toBe('forever');
  });

  it('names no rule whose length or penalty it does not have', () => {
    const other = rule('six', { origins: ['grok'] }, { length6: 48 });
    expect(judged([other], three).made).toMatchObject([{ rule: undefined }]);
    const ever = rule('ever', { activations: 1 }, { forever: true });
    const month = rule('month', { origins: ['grok'] }, { penalty: { times: 2 } });
    const before = [expired('5.149.105.0/24', 1)];
    expect(judged([month, ever], three, before).made).toMatchObject([
      { days: 'forever', rule: 'ever' },
    ]);
  });

  it('asks what became of entries around the offender, though they cannot come back', () => {
    const again = rule('again', { activations: 2 }, { penalty: { times: 2 } });
    // Too wide to come back, as no person made it.
    const wide = expired('5.149.104.0/22', 2);
    expect(judged([again], three, [wide]).made).toMatchObject([{ days: 60, rule: 'again' }]);
    const neighbour = expired('5.149.105.10/32', 2);
    expect(judged([again], three, [neighbour]).made).toMatchObject([{ rule: undefined }]);
  });

  it('asks for all hits so far', () => {
    const busy = rule('busy', { hits: 6 }, { points: { times: 9 } });
    const later = [5, 6, 7, 8].map((second) => attempt(DAY0 + second));
    const { evidence = [] } = judged([busy], [...three, ...later]).made[0] ?? {};
    expect(evidence).toEqual(['']);
    const policies = ruledPolicies(DEFAULT_POLICY, [busy], PLAIN_CONTEXT, undefined);
    const repository = new MemoryMap();
    const judge = new Judge(repository, new ProtectedSpace([]), policies.policyFor, () => NOW);
    judge.offendAll([...three, ...later]);
    judge.finish();
    const rows = repository.verdicts.flatMap((one) => one.evidence);
    expect(rows.map(({ rule: by, count }) => [by, count])).toEqual([
      ['', 3],
      ['', 3],
      ['busy', 1],
    ]);
  });

  it('is refused where a rule ignores the address', () => {
    const { policyFor } = ruledPolicies(
      DEFAULT_POLICY,
      [rule('monitor', { prefixes: [OFFICE] }, { ignore: true })],
      PLAIN_CONTEXT,
      undefined,
    );
    const offender = parsePrefix('5.149.105.9');
    const request = {
      kind: 'automatic',
      origin: 'pf',
      offender,
      at: NOW,
      hits: 1,
      points: 30,
      external: false,
    } as const;
    expect(decide([], new ProtectedSpace([]), request, policyFor(offender), NOW)).toMatchObject({
      kind: 'refused',
      protection: { reason: 'ignored' },
    });
  });
});
