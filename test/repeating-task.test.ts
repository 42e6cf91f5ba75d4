import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { doubling, RepeatingTask } from '../src/repeating-task.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Work that ends when the test says so. */
function controlled() {
  const runs: { done: () => void; fail: (reason: string) => void }[] = [];
  const work = () =>
    new Promise<void>((resolve, reject) => {
      runs.push({ done: resolve, fail: (reason) => reject(new Error(reason)) });
    });
  const settle = async (index: number, failure?: string) => {
    if (failure === undefined) runs[index]?.done();
    else runs[index]?.fail(failure);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { runs, work, settle };
}

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

describe('RepeatingTask', () => {
  it('never runs twice at once, and runs once more for requests made meanwhile', async () => {
    const { runs, work, settle } = controlled();
    const task = new RepeatingTask({ work, onFailure: () => {} });
    for (let n = 0; n < 5; n++) task.request();
    await seconds(0);
    expect(runs).toHaveLength(1);
    for (let n = 0; n < 5; n++) task.request();
    await settle(0);
    expect(runs).toHaveLength(2);
    await settle(1);
    await seconds(3600);
    expect(runs).toHaveLength(2);
  });

  it('lets the caller finish before it starts', async () => {
    let isFinished = false;
    const seen: boolean[] = [];
    const task = new RepeatingTask({
      work: async () => seen.push(isFinished),
      onFailure: () => {},
    });
    task.request();
    isFinished = true;
    await seconds(0);
    expect(seen).toEqual([true]);
  });

  it('retries after a failure, and a request meanwhile does not hasten the retry', async () => {
    const { runs, work, settle } = controlled();
    const task = new RepeatingTask({ work, onFailure: () => {}, retrySeconds: doubling(1, 4) });
    task.request();
    await seconds(0);
    for (const [index, wait] of [1, 2, 4, 4].entries()) {
      await settle(index, `no ${index}`);
      task.request();
      await seconds(wait / 2);
      expect(runs).toHaveLength(index + 1);
      await seconds(wait / 2);
      await seconds(0.001);
      expect(runs).toHaveLength(index + 2);
    }
    await settle(4);
    await seconds(3600);
    expect(runs).toHaveLength(5);
    task.request();
    await seconds(0);
    expect(runs).toHaveLength(6);
  });

  it('retries at once if asked to, after the failure or before it', async () => {
    const { runs, work, settle } = controlled();
    const task = new RepeatingTask({ work, onFailure: () => {}, retrySeconds: () => 3600 });
    task.request();
    await seconds(0);
    await settle(0, 'no');
    task.requestNow();
    await seconds(0);
    expect(runs).toHaveLength(2);
    task.requestNow();
    await settle(1, 'no');
    expect(runs).toHaveLength(3);
  });

  it('reports a repeated failure once, and again after a success', async () => {
    const failures: string[] = [];
    const outcomes = ['down', 'down', 'refused', undefined, 'refused', undefined];
    const task = new RepeatingTask({
      work: async () => {
        const failure = outcomes.shift();
        if (failure !== undefined) throw new Error(failure);
      },
      onFailure: (error) => failures.push(String(error)),
      retrySeconds: () => 1,
      everySeconds: () => 1,
    });
    task.request();
    await seconds(6);
    expect(outcomes).toEqual([]);
    expect(failures).toEqual(['Error: down', 'Error: refused', 'Error: refused']);
    await task.stop();
  });

  it('does not retry unless it is told to', async () => {
    const { runs, work, settle } = controlled();
    const task = new RepeatingTask({ work, onFailure: () => {} });
    task.request();
    await seconds(0);
    await settle(0, 'no');
    await seconds(3600);
    expect(runs).toHaveLength(1);
    task.request();
    await seconds(0);
    expect(runs).toHaveLength(2);
  });

  it('runs at intervals without a request', async () => {
    const waits = [10, 20];
    let runs = 0;
    const task = new RepeatingTask({
      work: async () => runs++,
      onFailure: () => {},
      everySeconds: () => waits.shift() ?? 3600,
    });
    await seconds(9);
    expect(runs).toBe(0);
    await seconds(22);
    expect(runs).toBe(2);
    await task.close();
    await seconds(7200);
    expect(runs).toBe(2);
  });

  it('does what was requested before it closes, and retries a failure once', async () => {
    const { runs, work, settle } = controlled();
    const task = new RepeatingTask({ work, onFailure: () => {}, retrySeconds: () => 3600 });
    task.request();
    await seconds(0);
    const closed = task.close();
    task.request();
    await settle(0, 'no');
    expect(runs).toHaveLength(2);
    await settle(1, 'no');
    await closed;
    await seconds(7200);
    expect(runs).toHaveLength(2);
  });

  it('stops after the run in progress, whose failure is not reported', async () => {
    const { runs, work, settle } = controlled();
    const failures: unknown[] = [];
    const task = new RepeatingTask({ work, onFailure: (error) => failures.push(error) });
    task.request();
    await seconds(0);
    task.request();
    const stopped = task.stop();
    await settle(0, 'aborted');
    await stopped;
    expect([runs.length, failures]).toEqual([1, []]);
  });
});
