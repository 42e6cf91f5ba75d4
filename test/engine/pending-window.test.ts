import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { pendingWindow } from '../../src/engine/pending-window.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { openStore } from '../../src/store/store.ts';
import { temporaryDirectory } from '../store/helpers.ts';
import { offenceOf } from '../support/offence.ts';

const KIND = { service: 'probe', message: 'tcp', log: '', host: '', proxy: '' };

function pendingOf(who: string, length: number) {
  const store = openStore(join(temporaryDirectory(), 'mcblock.db'), { mode: 'write' });
  const address = parseAddress(who)!;
  store.addPending([offenceOf({ address, at: 5, points: 27, count: 140, kind: KIND })]);
  const window = pendingWindow(store, prefixAround(address, length), DEFAULT_POLICY, 9);
  store.close();
  return [window.points, window.pointsOf(address), window.hasProbes];
}

it('counts probes as they were counted, for the address or for the IPv6 network', () => {
  expect(pendingOf('192.0.2.7', 24)).toEqual([0, 27, true]);
  expect(pendingOf('2001:db8::7', 64)).toEqual([27, 27, false]);
});
