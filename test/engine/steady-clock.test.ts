import { beforeEach, describe, expect, it } from 'vitest';
import { SteadyClock } from '../../src/engine/steady-clock.ts';

const NOW = Date.UTC(2026, 10, 29, 12) / 1000;
const DAY = 86_400;

let clock: number;
let uptime: number;
let jumps: number;
let steady: SteadyClock;
beforeEach(() => {
  clock = NOW;
  uptime = 100.25;
  jumps = 0;
  steady = new SteadyClock(
    () => clock,
    () => uptime,
    () => jumps++,
  );
  steady.now();
});

function pass(seconds: number): void {
  clock += seconds;
  uptime += seconds;
}

describe('SteadyClock', () => {
  it('is the clock, also after the machine slept', () => {
    pass(3600);
    expect(steady.now()).toBe(NOW + 3600);
    clock += 29 * DAY;
    expect(steady.now()).toBe(NOW + 3600 + 29 * DAY);
    expect(jumps).toBe(0);
  });

  it('never goes back', () => {
    clock -= 30;
    expect(steady.now()).toBe(NOW);
    pass(40);
    expect(steady.now()).toBe(NOW + 10);
  });

  it('goes on by itself while the clock is back, and then with it', () => {
    clock = 0;
    pass(120);
    expect(steady.now()).toBe(NOW + 120);
    clock = NOW + 125;
    expect(steady.now()).toBe(NOW + 125);
  });

  it('goes on by itself while the clock is far ahead, until that is accepted', () => {
    clock += 3650 * DAY;
    pass(60);
    expect(steady.now()).toBe(NOW + 60);
    expect([steady.isAhead, jumps]).toEqual([true, 1]);
    steady.accept();
    expect(steady.now()).toBe(NOW + 3650 * DAY + 60);
    expect([steady.isAhead, jumps]).toEqual([false, 1]);
  });

  it('goes on with the clock once it is right again', () => {
    clock += 3650 * DAY;
    steady.now();
    clock = NOW + 3;
    expect(steady.now()).toBe(NOW + 3);
    expect(steady.isAhead).toBe(false);
  });

  it('begins at a later time than that of the clock', () => {
    steady.startAt(NOW + 7 * DAY);
    pass(5);
    expect(steady.now()).toBe(NOW + 7 * DAY + 5);
  });
});
