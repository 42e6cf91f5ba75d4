import { describe, expect, it } from 'vitest';
import { addressOf } from '../../src/net/address.ts';
import { hostPrefix, type Prefix, prefixAround } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { entryOf, NOW, temporaryDirectory } from './helpers.ts';

const MANY = 1500;

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
        store.recordLogins([{ address: addressOf(4, 0x0a_00_00_07 + index * 512), at: NOW }]);
        asked.push(place, prefixAround(place, 20), hostPrefix(addressOf(4, place.a + 9)));
      }
    });
    const snapshot = store.snapshot();
    for (const prefix of asked) {
      expect(snapshot.supernets(prefix)).toEqual(store.supernets(prefix));
      expect(snapshot.loginsWithin(prefix)).toEqual(store.loginsWithin(prefix, 0));
    }
    expect(snapshot.supernets(parsePrefix('10.0.0.5')).map((e) => e.prefix.length)).toEqual([
      0, 8, 24,
    ]);
    store.close();
  });
});
