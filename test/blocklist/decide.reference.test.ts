import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '../../src/blocklist/decide.ts';
import type { Entry } from '../../src/blocklist/entry.ts';
import { DAY_SECONDS } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { Decision, ManualRequest, Request } from '../../src/blocklist/request.ts';
import type { Family } from '../../src/net/address.ts';
import { comparePrefixes } from '../../src/net/prefix.ts';
import { slowDecide } from '../reference/decide.ts';
import { address, entries, FAMILIES, POLICY, prefix, protections, time } from './arbitraries.ts';

function request(family: Family): fc.Arbitrary<Request> {
  const automatic = fc.record({
    kind: fc.constant('automatic' as const),
    origin: fc.constant('grok' as const),
    offender: address(family),
    at: time,
    hits: fc.integer({ min: 1, max: 5 }),
    points: fc.constantFrom(5, 10, 30, 40),
    external: fc.boolean(),
    maker: fc.constant({ by: 'gate', byAdmin: true }),
  });
  const manual = fc
    .record({
      kind: fc.constant('manual' as const),
      origin: fc.constant('manual' as const),
      prefix: prefix(family),
      at: time,
      lasts: fc.option(fc.oneof(fc.constant('forever' as const), fc.integer({ min: 1, max: 60 }))),
      exact: fc.boolean(),
      force: fc.boolean(),
      note: fc.constantFrom('', 'why'),
    })
    .map((asked): ManualRequest => {
      const { kind, origin, prefix: wanted, at, lasts, exact, force, note } = asked;
      const until =
        typeof lasts === 'number' ? at + (lasts * DAY_SECONDS) / 4 : (lasts ?? undefined);
      return { kind, origin, prefix: wanted, at, until, exact, force, note };
    });
  return fc.oneof({ weight: 3, arbitrary: automatic }, { weight: 1, arbitrary: manual });
}

describe.each(FAMILIES)('decide, IPv%i', (family) => {
  it('agrees with the sentences of the rules through random histories', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        entries(family),
        protections(family),
        fc.array(fc.record({ request: request(family), ahead: fc.integer({ min: -1, max: 4 }) }), {
          minLength: 1,
          maxLength: 20,
        }),
        (start, guards, steps) => {
          const space = new ProtectedSpace(guards);
          let stored: readonly Entry[] = start;
          for (const { request: asked, ahead } of steps) {
            const now = asked.at + (ahead * DAY_SECONDS) / 4;
            const at = Math.min(asked.at, now);
            const decision = decide(stored, space, asked, POLICY, now);
            const expected = slowDecide(stored, guards, asked, POLICY, now);
            kinds.add(`${asked.kind} ${kindOf(decision)}`);

            if (decision.kind === 'refused' || expected.kind === 'refused') {
              // Which of several protections is named is free.
              expect(decision.kind).toBe(expected.kind);
              if (decision.kind !== 'refused') throw new Error('unreachable');
              expect(guards).toContainEqual(decision.protection);
              continue;
            }
            expect(decision).toEqual(expected);

            const { entry } = decision;
            const before = stored.find((old) => comparePrefixes(old.prefix, entry.prefix) === 0);
            expectWhole(entry);
            expect(entry.activations).toBeGreaterThanOrEqual(before?.activations ?? 1);
            expect(entry.hits).toBeGreaterThanOrEqual(before?.hits ?? 0);
            if (decision.kind === 'new') expect(before).toBeUndefined();
            else expect(before).toBeDefined();
            const isActivation = decision.kind === 'new' || decision.kind === 'reactivated';
            const inner = inheritedBy(decision, stored);
            const counted = inner?.activations ?? before?.activations ?? 0;
            expect(entry.activations).toBe(counted + (isActivation ? 1 : 0));
            if (isActivation) {
              expect(entry.activatedAt).toBe(at);
            }
            stored = [...stored.filter((old) => old !== before), entry];
          }
          expect(stored.length).toBeGreaterThanOrEqual(start.length);
        },
      ),
      { numRuns: 400 },
    );
    // What was never reached was never compared.
    expect([...kinds].toSorted()).toEqual([
      'automatic covered',
      'automatic evidence',
      'automatic extended',
      'automatic inherits',
      'automatic new',
      'automatic reactivated',
      'automatic reactivated wider',
      'automatic refused',
      'manual covered',
      'manual extended',
      'manual inherits',
      'manual new',
      'manual reactivated',
      'manual reactivated wider',
      'manual refused',
    ]);
  });
});

/** The narrower entry from whose activations the entry goes on. */
function inheritedBy(decision: Decision, stored: readonly Entry[]): Entry | undefined {
  if (decision.kind !== 'new' && decision.kind !== 'reactivated') return undefined;
  const { inherits } = decision;
  return inherits && stored.find((entry) => comparePrefixes(entry.prefix, inherits) === 0);
}

function kindOf(decision: Decision): string {
  if (decision.kind === 'covered' && decision.extended) return 'extended';
  if (decision.kind !== 'reactivated' && decision.kind !== 'new') return decision.kind;
  if (decision.inherits !== undefined) return 'inherits';
  return decision.kind === 'reactivated' && decision.wider ? 'reactivated wider' : decision.kind;
}

/** The invariants of an entry that somebody asked for. */
function expectWhole(entry: Entry): void {
  expect(entry.activations).toBeGreaterThan(0);
  expect(entry.activatedAt).toBeDefined();
  expect(entry.firstSeen).toBeDefined();
  expect(entry.lastSeen).toBeGreaterThanOrEqual(entry.firstSeen ?? Number.NaN);
  if (entry.expiresAt !== 'forever') {
    expect(entry.expiresAt).toBeGreaterThanOrEqual(entry.activatedAt ?? Number.NaN);
  }
  expect(entry.hitDays.length).toBeLessThanOrEqual(POLICY.persistent.days);
  expect([...new Set(entry.hitDays)].toSorted((p, q) => p - q)).toEqual(entry.hitDays);
}
