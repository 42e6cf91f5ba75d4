import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/blocklist/entry.ts';
import { addressOf } from '../../src/net/address.ts';
import { comparePrefixes, hostPrefix, type Prefix, prefixAround } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { loginOf } from '../support/login.ts';
import { entryOf, NOW, temporaryDirectory } from './helpers.ts';

const MANY = 1500;

function lengths(list: readonly Entry[]): number[] {
  return list.map((entry) => entry.prefix.length);
}

function inOrder(p: Entry, q: Entry): number {
  return comparePrefixes(p.prefix, q.prefix);
}

describe('Snapshot', () => {
  it.each([3, MANY])('says what the store says, with %i entries of a length', (count) => {
    const store = openStore(`${temporaryDirectory()}/s.db`, { mode: 'write' });
    const asked: Prefix[] = [parsePrefix('0.0.0.0/0'), parsePrefix('2001:db8:5::/64')];
    store.transaction(() => {
      for (const wide of ['0.0.0.0/0', '10.0.0.0/8', '10.2.0.0/15', '2001:db8::/32']) {
        store.record({ entry: entryOf(wide) });
      }
      for (let index = 0; index < count; index++) {
        const place = prefixAround(addressOf(4, 0x0a_00_00_00 + index * 256), 24);
        store.record({ entry: { ...entryOf('192.0.2.0/24'), prefix: place } });
        store.recordLogins([loginOf(addressOf(4, 0x0a_00_00_07 + index * 512), NOW)]);
        asked.push(place, prefixAround(place, 20), hostPrefix(addressOf(4, place.a + 9)));
        const host = hostPrefix(addressOf(4, place.a + 9));
        store.record({ entry: { ...entryOf('192.0.2.0/24'), prefix: host } });
      }
    });
    const snapshot = store.snapshot();
    // The first lookups are made one by one.
    for (const prefix of [...asked, ...asked, ...asked]) {
      expect(snapshot.supernets(prefix)).toEqual(store.supernets(prefix));
      expect(snapshot.subnets(prefix).toSorted(inOrder)).toEqual(
        store
          .around(prefix)
          .filter((entry) => entry.prefix.length > prefix.length)
          .toSorted(inOrder),
      );
      expect(snapshot.loginsWithin(prefix)).toEqual(store.loginsWithin(prefix, 0));
    }
    expect(lengths(snapshot.supernets(parsePrefix('10.0.0.5')))).toEqual([0, 8, 24]);
    expect(lengths(snapshot.subnets(parsePrefix('10.0.1.0/24')))).toEqual([32]);
    store.close();
  });
});

describe('the entries around a prefix', () => {
  it('are those of the transaction so far, and not those of one that failed', () => {
    const store = openStore(`${temporaryDirectory()}/s.db`, { mode: 'write' });
    const around = () => lengths(store.around(parsePrefix('192.0.2.0/24')));
    store.transaction(() => {
      store.record({ entry: entryOf('192.0.2.7/32') });
      expect(around()).toEqual([32]);
      // More than are kept in memory.
      for (let host = 0; host < 200; host++) {
        store.record({ entry: entryOf(`192.0.2.${host}/32`) });
        if (host % 50 === 0) expect(around().length).toBe(Math.max(host + 1, 2));
      }
      store.forget(parsePrefix('192.0.2.0/32'), NOW);
      expect(around().length).toBe(199);
    });
    expect(() =>
      store.transaction(() => {
        store.record({ entry: entryOf('192.0.2.8/31') });
        expect(around().length).toBe(200);
        throw new Error('not this one');
      }),
    ).toThrow('not this one');
    expect(store.transaction(around).length).toBe(199);
    store.close();
  });
});
