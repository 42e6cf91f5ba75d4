import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EvidenceAggregator } from '../../src/blocklist/evidence-aggregator.ts';
import type { OffenceKind } from '../../src/blocklist/offence.ts';
import { Window } from '../../src/blocklist/window.ts';
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

describe('EvidenceAggregator', () => {
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
