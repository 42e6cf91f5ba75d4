import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Offence } from '../../src/blocklist/offence.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { offenceOf } from '../support/offence.ts';
import { temporaryDirectory } from './helpers.ts';

const KIND = { service: 'sshd', message: 'failed-login', log: 'auth.log', host: 'gw', proxy: '' };

function offence(text: string, at: number): Offence {
  return offenceOf({ address: parseAddress(text)!, at, points: 10, kind: KIND });
}

function newStore(): Store {
  return openStore(join(temporaryDirectory(), 'mcblock.db'), { mode: 'write' });
}

describe('what is pending', () => {
  const before = offence('5.149.103.255', 5);
  const first = offence('5.149.104.0', 5);
  const last = offence('5.149.105.255', 3);
  const after = offence('5.149.106.0', 5);
  const six = offence('2001:db8::1', 5);
  const highest = offence('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 5);
  const all = [before, first, last, after, six, highest];

  it.each([
    ['a prefix', prefixAround(first.address, 23), [first, last]],
    ['one address', prefixAround(last.address, 32), [last]],
    ['all of IPv4', prefixAround(first.address, 0), [before, first, last, after]],
    ['all of IPv6', prefixAround(six.address, 0), [six, highest]],
    ['the last address there is', prefixAround(highest.address, 128), [highest]],
    ['where nothing is', prefixAround(parseAddress('10.0.0.0')!, 8), []],
  ])('is taken out: %s', (_, prefix, taken) => {
    const store = newStore();
    store.addPending(all);
    expect(store.takePending(prefix)).toEqual(taken);
    expect(store.takePending(prefix)).toEqual([]);
    expect(store.pending()).toEqual(all.filter((one) => !taken.includes(one)));
    store.close();
  });

  it('adds up what is alike', () => {
    const store = newStore();
    store.addPending([first, last]);
    store.addPending([first]);
    expect(store.pending()).toEqual([{ ...first, points: 20, count: 2 }, last]);
    store.close();
  });

  it('adds up what is new, and what was judged before only if it is not here', () => {
    const store = newStore();
    const judged = { ...first, isJudged: true } as const;
    store.spent.addNew([first, judged]);
    expect(store.spent.all()).toEqual([{ ...first, points: 20, count: 2 }]);
    store.spent.addNew([judged]);
    expect(store.spent.all()).toEqual([{ ...first, points: 20, count: 2 }]);
    store.close();
  });

  it('is pruned of what is too old, and of the oldest where it is too much', () => {
    const store = newStore();
    const times = [100, 101, 150, 199, 200];
    store.addPending(times.map((at) => offence(`5.149.104.${at}`, at)));
    const left = () => store.pending().map(({ at }) => at);
    store.prunePending(100, 10);
    expect(left()).toEqual([101, 150, 199, 200]);
    store.prunePending(100, 4);
    expect(left()).toEqual([101, 150, 199, 200]);
    store.prunePending(100, 2);
    expect(left()).toEqual([199, 200]);
    store.replacePending([]);
    store.prunePending(100, 2);
    expect(left()).toEqual([]);
    store.close();
  });

  it('keeps as many as it may where all came in one second', () => {
    const store = newStore();
    store.addPending(Array.from({ length: 9 }, (_, n) => offence(`5.149.104.${n}`, 100)));
    store.prunePending(100, 4);
    expect(store.pending()).toHaveLength(4);
    store.close();
  });
});
