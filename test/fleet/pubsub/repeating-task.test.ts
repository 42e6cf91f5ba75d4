import { expect, it } from 'vitest';
import { RepeatingTask } from '../../../src/fleet/pubsub/repeating-task.ts';
import { until } from './until.ts';

const RETRY = { retrySeconds: 0.01 };

it('is done once more for what came while it was done, and again after a failure', async () => {
  const asked: (() => void)[] = [];
  const done: number[] = [];
  const failures: unknown[] = [];
  const errand = new RepeatingTask({
    ...RETRY,
    work: async () => {
      await new Promise<void>((resolve) => asked.push(resolve));
      if (asked.length === 2) throw new Error('the API is down');
      return asked.length;
    },
    onDone: (result) => done.push(result),
    onFailure: (error) => failures.push(error),
  });
  errand.soon();
  errand.soon();
  errand.soon();
  for (let turn = 0; turn < 3; turn++) {
    await until(() => asked.length === turn + 1);
    asked[turn]?.();
  }
  await until(() => done.length === 2);
  expect([asked.length, failures.length, done]).toEqual([3, 1, [1, 3]]);
  await errand.close();
});

it('tells a failure once, and again where it was well meanwhile', async () => {
  let turns = 0;
  const heard: string[] = [];
  const errand = new RepeatingTask({
    ...RETRY,
    work: async () => {
      turns++;
      if (turns !== 4 && turns < 7) throw new Error(turns === 3 ? 'it says no' : 'it is down');
    },
    onDone: () => heard.push('done'),
    onFailure: (error) => heard.push(String(error)),
  });
  errand.soon();
  await until(() => turns === 4);
  errand.soon();
  await until(() => turns === 7);
  const [down, no] = ['Error: it is down', 'Error: it says no'];
  expect(heard).toEqual([down, no, 'done', down, 'done']);
  await errand.close();
});

it('is done without being asked for, as often as is due then', async () => {
  const dues = [0.01, 0.01, 3600];
  let turns = 0;
  const errand = new RepeatingTask({
    work: async () => ++turns,
    onDone: () => {},
    onFailure: () => {},
    everySeconds: () => dues.shift() ?? 3600,
    retrySeconds: 3600,
  });
  await until(() => dues.length === 0);
  expect(turns).toBe(2);
  await errand.close();
});

it('is tried again at once where it is asked for after it failed, or while it did', async () => {
  let turns = 0;
  const failures: unknown[] = [];
  const errand = new RepeatingTask({
    work: async () => {
      turns++;
      if (turns === 2) errand.soon();
      if (turns <= 2) throw new Error(`no ${turns}`);
    },
    onDone: () => {},
    onFailure: (error) => failures.push(error),
    retrySeconds: 3600,
  });
  errand.soon();
  await until(() => failures.length === 1);
  errand.soon();
  await until(() => turns === 3);
  expect(failures.length).toBe(2);
  await errand.close();
});
