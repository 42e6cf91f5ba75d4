import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Applier } from '../../../src/engine/firewall/firewall-updater.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** An apply that ends when it is told, and how often it was begun. */
function slow() {
  const ends: { done: () => void; fail: () => void }[] = [];
  const apply = () =>
    new Promise<void>((resolve, reject) => {
      ends.push({ done: resolve, fail: () => reject(new Error('busy')) });
    });
  return { ends, apply };
}

describe('Applier', () => {
  it('does one after the other, and what was asked for meanwhile once more', async () => {
    const { ends, apply } = slow();
    const applier = new Applier(apply, () => undefined);
    for (let n = 0; n < 5; n++) applier.request();
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toHaveLength(1);
    for (let n = 0; n < 5; n++) applier.request();
    ends[0]?.done();
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toHaveLength(2);
    ends[1]?.done();
    await vi.advanceTimersByTimeAsync(1000);
    expect(ends).toHaveLength(2);
  });

  it('tries again after it failed, later and later, and says so', async () => {
    const remarks: string[] = [];
    let calls = 0;
    const applier = new Applier(
      () => Promise.reject(new Error(`busy ${++calls}`)),
      (text) => remarks.push(text),
    );
    applier.request();
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000 + 10);
    expect(calls).toBe(4);
    expect(remarks[0]).toBe('mcblock: the firewall is not up to date: busy 1');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(calls).toBeLessThan(20);
  });

  it('is done now and then by itself, as entries expire', async () => {
    let calls = 0;
    const applier = new Applier(
      () => Promise.resolve(void calls++),
      () => undefined,
    );
    applier.request();
    await vi.advanceTimersByTimeAsync(300_000 * 3 + 10);
    expect(calls).toBe(4);
    await applier.close();
    await vi.advanceTimersByTimeAsync(900_000);
    expect(calls).toBe(4);
  });

  it('does what was asked for before it closes', async () => {
    const { ends, apply } = slow();
    const applier = new Applier(apply, () => undefined);
    applier.request();
    await vi.advanceTimersByTimeAsync(0);
    applier.request();
    const closed = applier.close();
    ends[0]?.done();
    await vi.advanceTimersByTimeAsync(0);
    ends[1]?.done();
    await closed;
    expect(ends).toHaveLength(2);
  });
});
