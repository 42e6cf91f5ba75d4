import { describe, expect, it } from 'vitest';
import { type Entry, neverActive } from '../../src/blocklist/entry.ts';
import type { Evidence } from '../../src/blocklist/evidence.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { reportsDecoder } from '../../src/fleet/wire.ts';
import type { Address } from '../../src/net/address.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { CommandLine } from '../support/command-line.ts';
import { offenceOf, plainEvidence } from '../support/offence.ts';

const NOW = 1_780_000_000;
const PREFIX = parsePrefix('5.149.104.0/24');

function withStore(work: (store: Store) => void, most = 1000, sharesPending = true): void {
  const line = new CommandLine();
  const store = openStore(line.db, {
    mode: 'write',
    outbox: { most, now: () => NOW, sharesPending },
  });
  try {
    work(store);
  } finally {
    store.close();
    line.remove();
  }
}

function entryOf(over: Partial<Entry> = {}): Entry {
  return {
    ...neverActive(PREFIX, 'grok', ''),
    activations: 1,
    hits: 1,
    firstSeen: NOW,
    lastSeen: NOW,
    activatedAt: NOW,
    expiresAt: NOW + 10,
    ...over,
  };
}

function evidenceOf(over: Partial<Evidence> = {}): Evidence {
  const times = { firstSeen: NOW, lastSeen: NOW };
  const kind = { service: 'sshd', message: 'failed-login', log: 'auth.log', host: 'gate1' };
  return plainEvidence({ address: parseAddress('5.149.104.9'), ...times, ...kind, ...over });
}

/** As the log reader and the listener record. */
function record(
  store: Store,
  entry: Entry,
  origin: Entry['origin'],
  ...evidence: Evidence[]
): void {
  store.record({
    entry,
    activations: [entry],
    cause: { origin, note: '' },
    evidence: [{ activation: entry.activations, rows: evidence }],
  });
}

describe('the outbox', () => {
  it('has what was blocked here, in the transaction in which that is stored', () => {
    withStore((store) => {
      const fails = () =>
        store.transaction(() => {
          record(store, entryOf(), 'grok', evidenceOf());
          throw new Error('no');
        });
      expect(fails).toThrow('no');
      expect(store.outbox.size()).toBe(0);
      store.transaction(() => record(store, entryOf(), 'grok', evidenceOf()));
      expect(store.outbox.after(0, 10).map(({ report }) => report)).toEqual([
        {
          type: 'offence',
          address: '5.149.104.9',
          prefix: '5.149.104.0/24',
          count: 1,
          at: '2026-05-28T20:26:40Z',
          firstSeen: '2026-05-28T20:26:40Z',
          origin: 'grok',
          service: 'sshd',
          message: 'failed-login',
          log: 'auth.log',
          host: 'gate1',
          proxy: '',
        },
      ]);
    });
  });

  it('has nothing of what peers told, of what is over, or of another activation', () => {
    withStore((store) => {
      store.transaction(() => record(store, entryOf(), 'fleet', evidenceOf()));
      const again = [{ activation: 1, rows: [evidenceOf()] }];
      store.record({ entry: entryOf(), evidence: again });
      expect(store.outbox.size()).toBe(0);
      // Peers blocked it, and this machine makes it last longer.
      store.transaction(() =>
        record(store, entryOf({ expiresAt: NOW + 20 }), 'grok', evidenceOf()),
      );
      expect(store.outbox.size()).toBe(1);
      const next = entryOf({ activations: 2, expiresAt: NOW });
      store.transaction(() => record(store, next, 'grok', evidenceOf()));
      expect(store.outbox.size()).toBe(1);
    });
  });

  it('has nothing where there is no fleet', () => {
    const line = new CommandLine();
    const store = openStore(line.db, { mode: 'write' });
    store.transaction(() => record(store, entryOf(), 'grok', evidenceOf()));
    expect(store.outbox.size()).toBe(0);
    store.close();
    line.remove();
  });

  it('writes what the server reads, whatever stands in a log', () => {
    withStore((store) => {
      const strange = `\u0000\n\ud800${'x'.repeat(300)}\udc00`;
      record(
        store,
        entryOf(),
        'grok',
        evidenceOf({ address: undefined, count: 5_000_000, service: 'pf', message: strange }),
        evidenceOf({ log: strange, host: `${'x'.repeat(254)}\u{1f600}` }),
      );
      store.outbox.share({
        type: 'block',
        prefix: PREFIX,
        until: 'forever',
        exact: true,
        note: strange,
      });
      store.outbox.share({
        type: 'block',
        prefix: PREFIX,
        until: undefined,
        exact: false,
        note: '',
      });
      store.outbox.share({ type: 'expire', prefix: PREFIX });
      const sent = store.outbox.after(0, 10).map(({ key, report }) => ({ ...report, key }));
      const { reports } = reportsDecoder(10).read({ reports: sent }, '');
      expect(reports).toMatchObject([
        {
          kind: 'offence',
          details: { count: 1_000_000 },
          origin: 'pf',
          address: parseAddress('5.149.104.0'),
        },
        { kind: 'offence', details: { count: 1 }, origin: 'grok' },
        { kind: 'block', until: 'forever', exact: true },
        { kind: 'block', until: undefined, exact: false },
        { kind: 'expire' },
      ]);
      expect(new Set(sent.map(({ key }) => key)).size).toBe(5);
    });
  });

  it('holds no more than it may, and counts what it dropped', () => {
    withStore((store) => {
      for (let host = 1; host <= 5; host++) {
        store.outbox.share({ type: 'expire', prefix: parsePrefix(`5.6.7.${host}`) });
        // What was sent makes room.
        if (host === 2) store.outbox.remove([1, 2]);
      }
      expect(store.outbox.after(0, 10).map(({ report }) => report['prefix'])).toEqual([
        '5.6.7.4/32',
        '5.6.7.5/32',
      ]);
      expect(store.outbox.takeDropped()).toBe(1);
      expect(store.outbox.takeDropped()).toBe(0);
    }, 2);
  });

  it('keeps refused reports set aside until the revision of the API changes', () => {
    withStore((store) => {
      const { outbox } = store;
      for (const host of [1, 2, 3, 4]) {
        outbox.share({ type: 'expire', prefix: parsePrefix(`5.6.7.${host}`) });
      }
      expect(outbox.setAsideReports()).toEqual({ count: 0, reasons: [] });
      outbox.setAside(1, 'bad prefix', 1);
      outbox.setAside(2, 'bad key', 1);
      outbox.setAside(3, 'bad key', 1);
      expect(outbox.size()).toBe(1);
      expect(outbox.after(0, 10).map(({ id }) => id)).toEqual([4]);
      expect(outbox.setAsideReports()).toEqual({
        count: 3,
        reasons: [
          { reason: 'bad key', count: 2 },
          { reason: 'bad prefix', count: 1 },
        ],
      });
      outbox.retrySetAside(1);
      expect(outbox.size()).toBe(1);
      // Sent later, it would undo what is announced now.
      outbox.share({ type: 'allow', prefix: parsePrefix('5.6.7.2'), note: '' });
      outbox.retrySetAside(2);
      expect(outbox.after(0, 10).map(({ id }) => id)).toEqual([1, 3, 4, 5]);
      expect(outbox.setAsideReports().count).toBe(0);
    });
  });

  it('keeps deferred reports until their time', () => {
    withStore((store) => {
      const { outbox } = store;
      for (const host of [1, 2, 3]) {
        outbox.share({ type: 'expire', prefix: parsePrefix(`5.6.7.${host}`) });
      }
      outbox.defer([1, 3], 'above a limit', 100);
      expect(outbox.after(0, 10).map(({ id }) => id)).toEqual([2]);
      expect(outbox.setAsideReports().count).toBe(0);
      const reasons = [{ reason: 'above a limit', count: 2 }];
      expect(outbox.deferredReports()).toEqual({ count: 2, reasons });
      outbox.retrySetAside(2);
      outbox.retryDeferred(99);
      expect(outbox.size()).toBe(1);
      outbox.retryDeferred(100);
      expect(outbox.after(0, 10).map(({ id }) => id)).toEqual([1, 2, 3]);
      expect(outbox.deferredReports().count).toBe(0);
    });
  });
});

function share({ outbox }: Store, ...hosts: number[]): void {
  for (const host of hosts) outbox.share({ type: 'expire', prefix: parsePrefix(`5.6.7.${host}`) });
}

it('keeps deferred reports and those set aside, however many others come and go', () => {
  withStore((store) => {
    const { outbox } = store;
    share(store, 1, 2);
    outbox.defer([1], 'above a limit', 100);
    outbox.setAside(2, 'bad key', 1);
    for (let host = 3; host < 30; host += 3) {
      share(store, host, host + 1, host + 2);
      expect(outbox.room()).toBe(1);
      outbox.sent(outbox.after(0, 10).map(({ id }) => id));
    }
    outbox.retryDeferred(100);
    outbox.retrySetAside(2);
    share(store, 30);
    expect(outbox.after(0, 10).map(({ id }) => id)).toEqual([1, 2, 30]);
    expect(outbox.takeDropped()).toBe(0);
    // They have a bound too.
    share(store, 31, 32);
    outbox.defer([1, 2, 30, 31, 32], 'above a limit', 100);
    expect(outbox.deferredReports().count).toBe(4);
    expect(outbox.takeDropped()).toBe(1);
    outbox.setAside(32, 'bad key', 1);
    expect([outbox.deferredReports().count, outbox.setAsideReports().count]).toEqual([3, 1]);
  }, 4);
});

const guessOf = (over: Partial<Offence> = {}) =>
  offenceOf({ at: NOW, address: addressOf4('5.149.104.9'), points: 10, key: 12_345, ...over });

const keys = (store: Store) => store.outbox.pending.after(0, 10).map(({ key }) => key);

describe('pending reports', () => {
  it('are of offences with the key of an event, and read by the server', () => {
    withStore((store) => {
      store.outbox.pending.put([guessOf(), guessOf({ key: undefined })]);
      const [item, ...more] = store.outbox.pending.after(0, 10);
      expect(more).toEqual([]);
      expect(item?.key).toBe('1780000000-1l');
      expect(reportsDecoder(10).read({ reports: [item?.report] }, '').reports).toEqual([
        {
          kind: 'pending',
          event: '1780000000-1l',
          address: addressOf4('5.149.104.9'),
          at: NOW,
          service: 'sshd',
          message: 'x',
          points: 10,
          count: 1,
        },
      ]);
    });
  });

  it('are dropped once they are old, sent or blocked, and above ten thousand', () => {
    withStore((store) => {
      const { pending } = store.outbox;
      pending.put([guessOf({ at: NOW - 5, key: 1 }), guessOf({ key: 2 }), guessOf({ key: 3 })]);
      expect(pending.after(NOW - 5, 10).map(({ id }) => id)).toEqual([2, 3]);
      pending.removeTo(2);
      expect(keys(store)).toEqual([`${NOW}-3`]);
      pending.put([guessOf({ address: addressOf4('5.149.105.9'), key: 4 })]);
      store.transaction(() => record(store, entryOf(), 'grok', evidenceOf()));
      expect(keys(store)).toEqual([`${NOW}-4`]);
      pending.put(Array.from({ length: 10_000 }, (_, n) => guessOf({ key: 100 + n })));
      expect(pending.after(0, 20_000)).toHaveLength(10_000);
    });
  });

  it('are neither kept nor sent if they are not to be shared', () => {
    withStore(
      (store) => {
        store.outbox.pending.put([guessOf()]);
        expect(store.outbox.pending.isEmpty).toBe(true);
        expect(keys(store)).toEqual([]);
      },
      1000,
      false,
    );
  });
});

function addressOf4(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error('not an address');
  return address;
}
