import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceAggregator } from '../../src/blocklist/evidence-aggregator.ts';
import type { OffenceKind } from '../../src/blocklist/offence.ts';
import { Window } from '../../src/blocklist/window.ts';
import { addressOf } from '../../src/net/address.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { kindOf } from '../reference/kinds.ts';
import { offenceOf } from '../support/offence.ts';

const address = parsePrefix('5.149.105.9');
const WINDOW_SECONDS = 10;

const KIND = kindOf('s', 'first');
const OTHER = kindOf('s', 'second');

class CountingAggregator extends EvidenceAggregator {
  additions = 0;

  override add(...offence: Parameters<EvidenceAggregator['add']>): void {
    this.additions++;
    super.add(...offence);
  }
}

const EVERYTHING = prefixAround(address, 0);

describe('Window', () => {
  it('holds what is less than a window before the latest, and drops what another log left', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            step: fc.integer({ min: -14, max: 14 }),
            points: fc.integer({ min: 1, max: 9 }),
            count: fc.integer({ min: 1, max: 3 }),
            kind: fc.constantFrom(KIND, OTHER),
          }),
          { maxLength: 30 },
        ),
        (offences) => {
          const window = new Window();
          let held: { at: number; points: number; count: number }[] = [];
          let at = 100;
          for (const { step, points, count, kind } of offences) {
            at += step;
            window.add(offenceOf({ at, address, kind, points, count }), at, WINDOW_SECONDS);
            held.push({ at, points, count });
            const center = at;
            held = held.filter((one) => Math.abs(one.at - center) < WINDOW_SECONDS);
            const latestAt = Math.max(...held.map((one) => one.at));
            held = held.filter((one) => latestAt - one.at < WINDOW_SECONDS);
            expect({
              points: window.points,
              count: window.countFrom(EVERYTHING),
              latestAt: window.latestAt,
            }).toEqual({
              points: held.reduce((sum, one) => sum + one.points, 0),
              count: held.reduce((sum, one) => sum + one.count, 0),
              latestAt,
            });
          }
        },
      ),
    );
  });

  it('does not grow by what is alike, and is empty once cleared', () => {
    const window = new Window();
    for (let n = 0; n < 100; n++) {
      for (const [kind, at] of [
        [KIND, 7],
        [OTHER, 7],
        [KIND, 8],
      ] as const) {
        window.add(offenceOf({ at, address, kind }), at, WINDOW_SECONDS);
      }
    }
    const aggregator = new CountingAggregator();
    window.addTo(aggregator, EVERYTHING);
    expect(aggregator.additions).toBe(3);
    expect(aggregator.take()).toMatchObject([
      { message: 'second', count: 100, firstSeen: 7, lastSeen: 7 },
      { message: 'first', count: 200, firstSeen: 7, lastSeen: 8 },
    ]);
    window.clear();
    expect([window.points, window.countFrom(EVERYTHING), window.latestAt]).toEqual([
      0,
      0,
      undefined,
    ]);
  });
});

describe('The different users and hosts in a window', () => {
  it('are those of the offences that count at a time, whatever came and ended before', () => {
    const step = fc.record({
      step: fc.integer({ min: -4, max: 9 }),
      user: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      kind: fc.constantFrom(KIND, OTHER, { ...KIND, host: 'a' }, { ...KIND, host: 'b' }),
      seconds: fc.constantFrom(WINDOW_SECONDS, WINDOW_SECONDS, 2 * WINDOW_SECONDS),
      isCounted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const window = new Window();
        let at = 100;
        for (const { step: seconds, user, kind, seconds: windowSeconds, isCounted } of steps) {
          at += seconds;
          const offence = offenceOf({ at, address, kind, user });
          const counting = window.moments.filter(
            (one) => one.at > at - (one as unknown as { windowSeconds: number }).windowSeconds,
          );
          const all = [...counting, offence];
          expect(window.distinctWith(offence, at)).toEqual({
            users: new Set(all.flatMap((one) => one.user ?? [])).size,
            services: new Set(all.map((one) => one.kind.service)).size,
            hosts: new Set(all.map((one) => one.kind.host)).size,
          });
          if (isCounted) window.add(offence, at, windowSeconds);
        }
      }),
    );
  });
});

describe('The probes in a window', () => {
  it('are no more than 2,560, the latest', () => {
    const window = new Window();
    const kind = kindOf('probe', 'tcp/23');
    for (let host = 0; host < 2566; host++) {
      window.add(offenceOf({ at: host, address: addressOf(6, 0, 0, 0, host), kind }), host, 5000);
    }
    expect(window.moments).toHaveLength(2560);
    expect(window.firstAt).toBe(6);
    window.add(offenceOf({ at: 2566, address, kind: KIND }), 2566, 5000);
    expect(window.moments).toHaveLength(2561);
  });
});

describe('EvidenceAggregator', () => {
  it('has one row for kinds that differ by conditions on users alone', () => {
    const aggregator = new EvidenceAggregator();
    const kinds = [KIND, { ...KIND, users: 1 }, { ...KIND, users: 2 }, { ...KIND, rule: 'a' }];
    for (const kind of kinds) aggregator.add(offenceOf({ at: 5, address, kind }), 5);
    expect(aggregator.take()).toMatchObject([
      { message: 'first', rule: '', count: 3 },
      { message: 'first', rule: 'a', count: 1 },
    ]);
  });

  it('knows the first and the last time, in any order, since it was taken', () => {
    const aggregator = new EvidenceAggregator();
    for (const at of [5, 9, 3, 7])
      aggregator.add(offenceOf({ at, address, kind: KIND, count: 2 }), at);
    expect(aggregator.take()).toMatchObject([{ count: 8, firstSeen: 3, lastSeen: 9 }]);
    aggregator.add(offenceOf({ at: 20, address, kind: KIND }), 20);
    expect(aggregator.take()).toMatchObject([{ count: 1, firstSeen: 20, lastSeen: 20 }]);
    expect(aggregator.take()).toEqual([]);
  });

  it('sums what has no address by kind, and probes of all ports together', () => {
    const aggregator = new EvidenceAggregator();
    const add = (kind: OffenceKind, host: number) =>
      aggregator.add(offenceOf({ at: 5, address: parsePrefix(`5.149.105.${host}`), kind }), 5);
    for (let host = 0; host < 256; host++) add(KIND, host);
    for (let port = 1; port < 100; port++) add(kindOf('probe', `tcp/${port}`), 9);
    add(OTHER, 9);
    expect(aggregator.take().slice(256)).toMatchObject([
      { address: undefined, service: 'probe', message: 'tcp', count: 99 },
      { address: undefined, service: 's', message: 'second', count: 1 },
    ]);
  });
});
