import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import { temporaryDirectory } from './helpers.ts';

const NOW = 1_790_000_000;
const DAY = 86_400;

describe('notifications', () => {
  let store: Store;
  beforeEach(() => {
    store = openStore(`${temporaryDirectory()}/mcblock.db`, { mode: 'write' });
  });
  afterEach(() => store.close());
  const add = (key: string, at = NOW) =>
    store.notifications.add(key, { type: 'rule', at, details: { text: key } });
  const waiting = () => store.notifications.waiting().map(({ details }) => details['text']);

  it('wait once for each key until they are settled', () => {
    for (const key of ['b', 'a', 'b']) add(key);
    expect(waiting()).toEqual(['b', 'a']);
    store.notifications.settle([1], NOW, true);
    add('b');
    expect(waiting()).toEqual(['a']);
    expect(store.notifications.sentAfter(NOW - 1)).toBe(1);
    expect(store.notifications.sentAfter(NOW)).toBe(0);
    store.notifications.settle([2], NOW, false);
    expect(waiting()).toEqual([]);
    expect(store.notifications.sentAfter(NOW - 1)).toBe(1);
  });

  it('are kept for three days', () => {
    add('old');
    add('new', NOW + 1);
    store.notifications.prune(NOW + 3 * DAY + 1);
    expect(waiting()).toEqual(['new']);
  });

  it('are the latest 10,000', () => {
    store.transaction(() => {
      for (let n = 0; n <= 10_000; n++) add(String(n));
    });
    expect(waiting().length).toBe(10_000);
    expect(waiting()[0]).toBe('1');
  });

  it('are undone with the transaction that adds them', () => {
    expect(() =>
      store.transaction(() => {
        add('a');
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(waiting()).toEqual([]);
  });
});
