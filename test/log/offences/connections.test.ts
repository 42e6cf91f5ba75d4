import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Connections } from '../../../src/log/offences/connections.ts';

interface Step {
  readonly service: number;
  readonly pid: number;
  readonly address: number;
  readonly wait: number;
  readonly isAttempt: boolean;
  readonly points: number;
}

/** What one connection counts, from all its lines. */
function total(steps: readonly Step[]): number {
  const attempts = steps.filter(({ isAttempt }) => isAttempt);
  if (attempts.length > 0) return attempts.reduce((sum, { points }) => sum + points, 0);
  return Math.max(...steps.map(({ points }) => points));
}

/** What each line adds, told from the lines of its connection up to it. */
function slowly(steps: readonly Step[]): number[] {
  let time = 100;
  const seen: { step: Step; time: number; begins: boolean }[] = [];
  return steps.map((step) => {
    time += step.wait;
    if (step.pid < 0) return step.points;
    const same = seen.filter(
      (other) =>
        other.step.service === step.service &&
        other.step.pid === step.pid &&
        other.step.address === step.address,
    );
    const last = same.at(-1);
    const begins = last === undefined || time - last.time > 3600;
    const entry = { step, time, begins };
    seen.push(entry);
    same.push(entry);
    const mine = same.slice(same.findLastIndex((other) => other.begins)).map((other) => other.step);
    const before =
      mine.length > 1 ? Math.max(...mine.slice(1).map((_, i) => total(mine.slice(0, i + 1)))) : 0;
    return Math.max(0, total(mine) - before);
  });
}

function quickly(steps: readonly Step[]): number[] {
  const connections = new Connections();
  let time = 100;
  return steps.map(({ service, pid, address, wait, isAttempt, points }) => {
    time += wait;
    return connections.add(
      { speaker: service, host: 0, process: pid, session: 0, time },
      { id: 0, kind: isAttempt ? 'attempt' : 'sign', role: undefined },
      address,
      points,
    );
  });
}

const sign = { service: 0, pid: 1, address: 7, wait: 1, isAttempt: false, points: 10 };
const attempt = { ...sign, isAttempt: true };

describe('the lines of one connection', () => {
  it('report one attempt once', () => {
    expect(quickly([sign, attempt, attempt])).toEqual([10, 0, 10]);
    expect(quickly([attempt, sign])).toEqual([10, 0]);
    expect(quickly([{ ...sign, points: 2 }, sign, sign])).toEqual([2, 8, 0]);
  });

  it('are another connection with another service, process or address', () => {
    const others = [sign, { ...sign, service: 1 }, { ...sign, pid: 2 }, { ...sign, address: 8 }];
    expect(quickly(others)).toEqual([10, 10, 10, 10]);
  });

  it('are another connection after an hour of silence', () => {
    expect(quickly([sign, { ...sign, wait: 3600 }, { ...sign, wait: 3601 }])).toEqual([10, 0, 10]);
  });

  it('stand alone without a process number', () => {
    expect(
      quickly([
        { ...sign, pid: -1 },
        { ...sign, pid: -1 },
      ]),
    ).toEqual([10, 10]);
  });

  it('count as the slow reference says', () => {
    const step = fc.record({
      service: fc.integer({ min: 0, max: 1 }),
      pid: fc.integer({ min: -1, max: 2 }),
      address: fc.integer({ min: 0, max: 1 }),
      wait: fc.constantFrom(0, 1, 1800, 3600, 3601),
      isAttempt: fc.boolean(),
      points: fc.constantFrom(2, 5, 10),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        expect(quickly(steps)).toEqual(slowly(steps));
      }),
    );
  });

  it('are forgotten when 65,536 newer connections are known, and not before', () => {
    const connections = new Connections();
    const again = (pid: number, address: number) =>
      connections.add(
        { speaker: 0, host: 0, process: pid, session: 0, time: 100 },
        { id: 0, kind: 'sign', role: undefined },
        address,
        10,
      );
    const keys = Array.from(
      { length: 70_000 },
      (_, i) => [i % 999, Math.imul(i, 2654435761) >>> 0] as const,
    );
    const points = (some: typeof keys) =>
      new Set(some.map(([pid, address]) => again(pid, address)));
    expect(points(keys)).toEqual(new Set([10]));
    expect(points(keys.slice(-65_536))).toEqual(new Set([0]));
    // Each of those that were forgotten puts the oldest of the others out.
    expect(points(keys.slice(0, 4464))).toEqual(new Set([10]));
    expect(points(keys.slice(8928))).toEqual(new Set([0]));
  });
});
