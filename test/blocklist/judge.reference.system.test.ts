import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/blocklist/entry.ts';
import { Judge } from '../../src/blocklist/judge.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { DAY_SECONDS } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { Family } from '../../src/net/address.ts';
import { comparePrefixes } from '../../src/net/prefix.ts';
import { evidenceCounts, latestPorts, SlowJudge } from '../reference/judge.ts';
import { kindOf } from '../reference/kinds.ts';
import {
  address,
  entries,
  FAMILIES,
  logins,
  POLICY,
  protections,
  time,
  user,
} from './arbitraries.ts';
import { MemoryMap } from './memory-map.ts';

/** Mostly forward, by hours, with steps back of hours and of days. */
function offences(family: Family): fc.Arbitrary<(Offence | 'settle')[]> {
  const step = fc.record({
    forwardHours: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: 12 }) },
      { weight: 2, arbitrary: fc.integer({ min: 13, max: 120 }) },
      { weight: 2, arbitrary: fc.integer({ min: -6, max: -1 }) },
      { weight: 1, arbitrary: fc.integer({ min: -400, max: -20 }) },
    ),
    address: address(family),
    points: fc.constantFrom(5, 10, 10, 15, 25),
    user,
    count: fc.integer({ min: 1, max: 3 }),
    port: fc.constantFrom(undefined, 4711, 65_535),
    kind: fc.constantFrom(
      kindOf('sshd', 'failed-login'),
      kindOf('sshd', 'no-such-user'),
      kindOf('postfix', 'failed-login'),
      kindOf('postfix', 'no-such-user'),
      kindOf('door', 'seen'),
    ),
    settles: fc.integer({ min: 0, max: 9 }),
  });
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: step }, probe(family)), {
    minLength: 1,
    maxLength: 60,
  });
  return fc.tuple(time, steps).map(([start, taken]) => {
    let at = start;
    return taken.flatMap(({ forwardHours, settles, ...rest }) => {
      at += forwardHours * 3600;
      const offence: Offence = { ...rest, at };
      return settles === 0 ? ['settle' as const, offence] : [offence];
    });
  });
}

/** A connection to one of twelve ports, or to one that is not known. */
function probe(family: Family) {
  return fc
    .record({
      forwardHours: fc.integer({ min: -1, max: 1 }),
      address: address(family),
      target: fc.integer({ min: 0, max: 13 }),
      user: fc.constant(undefined),
      count: fc.integer({ min: 1, max: 3 }),
      port: fc.constantFrom(4711, 65_535),
      settles: fc.integer({ min: 0, max: 9 }),
    })
    .map(({ target, ...rest }) => {
      const isKnown = target < 12;
      return {
        ...rest,
        kind: kindOf('probe', isKnown ? `tcp/${target}` : 'tcp'),
        points: isKnown ? (target < 3 ? 10 : 3) : 3 * rest.count,
      };
    });
}

describe.each(FAMILIES)('Judge, IPv%i', (family) => {
  it('gathers with the same result as one by one', () => {
    const kinds = new Set<string>();
    let losses = 0;
    fc.assert(
      fc.property(
        entries(family),
        logins(family),
        protections(family),
        offences(family),
        time.map((at) => at + 20 * DAY_SECONDS),
        (start, whoLoggedIn, guards, told, now) => {
          const repository = new MemoryMap(start, whoLoggedIn);
          const judge = new Judge(
            repository,
            new ProtectedSpace(guards),
            () => POLICY,
            () => now,
          );
          const slow = new SlowJudge(start, whoLoggedIn, guards, POLICY, now);
          for (const offence of told) {
            if (offence === 'settle') {
              judge.settle();
              slow.settle();
            } else {
              judge.offend(offence);
              slow.offend(offence);
            }
          }
          const summary = judge.finish();

          expect(sorted(repository.entries)).toEqual(sorted(slow.entries));
          expect(repository.losses).toEqual(slow.losses);
          losses += slow.losses.length;
          expect(countsByAddress(summary.spared)).toEqual(countsByAddress(slow.spared));
          const activations = (
            verdicts: readonly Pick<(typeof repository.verdicts)[0], 'decision' | 'request'>[],
          ) =>
            verdicts
              .filter(({ decision }) => decision.kind === 'new' || decision.kind === 'reactivated')
              .map(({ decision, request }) => ({ kind: decision.kind, request }));
          expect(activations(repository.verdicts)).toEqual(activations(slow.verdicts));

          const counts = new Map<string, number>();
          for (const { decision, evidence, folded = [] } of repository.verdicts) {
            if (decision.kind === 'refused') throw new Error('refused');
            if (folded.length > 0) kinds.add('folded');
            if ('inherits' in decision && decision.inherits) kinds.add('inherits');
            if (isNarrower(decision.entry)) kinds.add(`${decision.kind} narrower`);
            evidenceCounts(evidence, decision.entry, counts);
            kinds.add(
              decision.kind === 'covered' && decision.extended ? 'extended' : decision.kind,
            );
          }
          const slowCounts = new Map<string, number>();
          for (const { decision, evidence } of slow.verdicts) {
            evidenceCounts(evidence, decision.entry, slowCounts);
          }
          expect(counts).toEqual(slowCounts);
          const slowPorts = latestPorts(slow.verdicts);
          for (const [key, ports] of latestPorts(repository.verdicts)) {
            expect(slowPorts.get(key)).toEqual(expect.arrayContaining(ports.slice(-1)));
          }
        },
      ),
      // With half as many, one seed of fifty folds nothing in IPv6.
      { numRuns: 4000 },
    );
    expect(losses).toBeGreaterThan(5);
    // An IPv6 network is one host: only within NAT64 is a new entry narrower, which is rare here.
    if (family === 6) kinds.delete('new narrower');
    expect([...kinds].toSorted()).toEqual([
      'covered',
      'covered narrower',
      'evidence',
      'evidence narrower',
      'extended',
      'folded',
      'inherits',
      'new',
      ...(family === 4 ? ['new narrower'] : []),
      'reactivated',
      'reactivated narrower',
    ]);
  });
});

function isNarrower({ prefix }: Entry): boolean {
  return prefix.length > (prefix.family === 4 ? POLICY.auto.length4 : POLICY.auto.length6);
}

function countsByAddress(
  spared: readonly Pick<Offence, 'address' | 'count'>[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { address: who, count } of spared) {
    const key = JSON.stringify(who);
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return counts;
}

function sorted<T extends { readonly prefix: Parameters<typeof comparePrefixes>[0] }>(
  list: readonly T[],
): T[] {
  return list.toSorted((p, q) => comparePrefixes(p.prefix, q.prefix));
}
