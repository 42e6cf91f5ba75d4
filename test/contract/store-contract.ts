import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, isActive } from '../../src/blocklist/entry.ts';
import type { Evidence } from '../../src/blocklist/evidence.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { addressOf } from '../../src/net/address.ts';
import {
  comparePrefixes,
  containsPrefix,
  type Prefix,
  prefixAround,
} from '../../src/net/prefix.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import type { Store } from '../../src/store/store.ts';
import { kindOf } from '../reference/kinds.ts';
import { addressOfText, bogonOf, entryOf, errorOf, evidenceOf, NOW } from '../store/helpers.ts';
import { loginOf } from '../support/login.ts';
import { offenceOf } from '../support/offence.ts';

const DAY = 86_400;

const EDGES = ['0.0.0.0/0', '255.255.255.255/32', `${'ffff:'.repeat(7)}ffff/128`, '::/0'];

/**
 * What every back-end of the store has to do.
 * @param open a new store that holds these entries and nothing else
 */
export function storeContract(name: string, open: (seed: readonly Entry[]) => Store): void {
  describe(`${name}: the clock`, () => {
    it('keeps the latest time, to the minute', () => {
      const store = open([]);
      expect(store.clock.latest()).toBeUndefined();
      for (const time of [NOW, NOW + 59, undefined, NOW - 1000]) store.clock.record(time);
      expect(store.clock.latest()).toBe(NOW);
      store.clock.record(NOW + 60);
      expect(store.clock.latest()).toBe(NOW + 60);
    });
  });

  describe(`${name}: entries`, () => {
    it('gives back what was put', () => {
      const store = open([]);
      const entries = [
        ...EDGES.map((text) => entryOf(text)),
        entryOf('198.51.100.0/24', { expiresAt: 'forever', note: 'no end: "ü" \u0000 🙂' }),
        entryOf('198.51.100.0/25', { hitDays: [0, 20_530, 20_531], hits: Number.MAX_SAFE_INTEGER }),
        entryOf('198.51.100.128/25', { activatedAt: 0, expiresAt: 0, firstSeen: 0, lastSeen: 0 }),
        bogonOf('2001:db8::/32'),
      ];
      recordAll(store, entries);
      for (const entry of entries) expect(store.get(entry.prefix)).toEqual(entry);
      expect(store.get(parsePrefix('198.51.100.0/26'))).toBeUndefined();
    });

    it('puts an entry in place of the one before', () => {
      const store = open([]);
      const entry = entryOf('192.0.2.0/24');
      store.record({ entry });
      const later = {
        ...entry,
        activations: 2,
        hits: 99,
        expiresAt: 'forever',
        hitDays: [],
      } as const;
      store.record({ entry: later });
      expect([...store.entries()]).toEqual([later]);
    });

    it('holds its seed from the start', () => {
      const seed = [bogonOf('10.0.0.0/8'), bogonOf('192.168.0.0/16')];
      expect([...open(seed).entries()]).toEqual(seed);
    });

    it.each([
      { hits: -1 },
      { hits: 0.5 },
      { activations: 0 },
      { activatedAt: undefined },
      { expiresAt: Number.NaN },
      { firstSeen: -1 },
      { hitDays: [2, 1] },
      { origin: 'nobody' as 'grok' },
    ])('refuses what is no entry: %o', (changes) => {
      const store = open([]);
      expect(errorOf(() => store.record({ entry: entryOf('192.0.2.0/24', changes) })).code).toBe(
        'store',
      );
      expect([...store.entries()]).toEqual([]);
    });

    it('puts all of many or none', () => {
      const store = open([]);
      const broken = entryOf('192.0.2.0/24', { hits: -1 });
      errorOf(() => recordAll(store, [entryOf('198.51.100.0/24'), broken]));
      expect([...store.entries()]).toEqual([]);
    });

    it('finds what contains and what lies under, like an array that is searched', () => {
      fc.assert(
        fc.property(fc.array(prefixArbitrary()), fc.array(prefixArbitrary()), (inside, asked) => {
          const store = open([]);
          try {
            const array: Entry[] = [];
            for (const prefix of inside) {
              // Asked between the writes too: what was found out once must not be held for ever.
              expect(store.supernets(prefix)).toEqual(supernetsReference(array, prefix));
              if (!array.some((entry) => comparePrefixes(entry.prefix, prefix) === 0)) {
                array.push(entryOf(formatPrefix(prefix)));
                store.record({ entry: array.at(-1) as Entry });
              }
            }
            for (const prefix of [...asked, ...inside, ...EDGES.map(parsePrefix)]) {
              expect(store.supernets(prefix)).toEqual(supernetsReference(array, prefix));
              expect([...store.under(prefix)]).toEqual(underTwin(array, prefix));
            }
          } finally {
            store.close();
          }
        }),
        { numRuns: 40 },
      );
    });

    it('tells active, expired and never active apart at any time', () => {
      const store = open([]);
      const entries = [
        entryOf('192.0.2.0/24'),
        entryOf('198.51.100.0/24', { expiresAt: 'forever' }),
        entryOf('203.0.113.0/24', { expiresAt: NOW }),
        entryOf('203.0.113.0/25', { activatedAt: NOW + 5 }),
        bogonOf('10.0.0.0/8'),
        entryOf('2001:db8::/32'),
      ];
      recordAll(store, entries);
      for (const at of [0, NOW - 86_400, NOW - 1, NOW, NOW + 5, NOW + 30 * 86_400]) {
        const texts = (state: 'active' | 'expired' | 'never') =>
          [...store.entries({ state, at })].map((entry) => formatPrefix(entry.prefix));
        const wanted = (test: (entry: Entry) => boolean) =>
          entries.filter(test).map((entry) => formatPrefix(entry.prefix));
        const active = wanted((entry) => isActive(entry, at));
        expect(texts('active').toSorted()).toEqual(active.toSorted());
        expect([...store.activePrefixes(at)].map(formatPrefix).toSorted()).toEqual(
          active.toSorted(),
        );
        expect(texts('never')).toEqual(['10.0.0.0/8']);
        const expired = wanted((entry) => !isActive(entry, at) && entry.activations > 0);
        expect(texts('expired').toSorted()).toEqual(expired.toSorted());
        expect(store.counts(at)).toEqual({
          active: active.length,
          expired: expired.length,
          never: 1,
        });
      }
    });

    it('reads new entries at once, and none of a failed transaction', () => {
      const store = open([]);
      // Of several lengths, most of them alike but for their networks.
      const entries = Array.from({ length: 5000 }, (_, index) => {
        const isIpv6 = index % 7 === 0;
        const address = isIpv6 ? addressOf(6, 0x20010db8, index) : addressOf(4, (index + 9) << 16);
        const prefix = prefixAround(address, isIpv6 ? 64 : 16 + (index % 3));
        return { ...entryOf('192.0.2.0/24'), prefix, note: index % 50 === 0 ? `${index} "ü"` : '' };
      });
      const recordFirst = (entry: Entry) =>
        store.record({ entry, isFirst: true, activations: [entry] });
      const failed = () =>
        store.transaction(() => {
          for (const entry of entries.slice(0, 10)) recordFirst(entry);
          throw new Error('failed');
        });
      expect(failed).toThrow('failed');
      expect([...store.entries()]).toEqual([]);
      store.transaction(() => {
        for (const [index, entry] of entries.entries()) {
          recordFirst(entry);
          if (index % 777 === 0) expect(store.get(entry.prefix)).toEqual(entry);
        }
      });
      for (const entry of entries) {
        expect(store.get(entry.prefix)).toEqual(entry);
        expect(store.history(entry.prefix)).toMatchObject([{ number: 1, note: entry.note }]);
      }
    });

    it('walks more than a page, while being written', () => {
      const store = open([]);
      const prefixes = Array.from({ length: 20_000 }, (_, index) =>
        prefixAround(addressOf(4, 0x0a_00_00_00 + index * 256), 24),
      );
      const model = entryOf('192.0.2.0/24');
      store.transaction(() => {
        for (const prefix of prefixes) store.record({ entry: { ...model, prefix } });
      });
      store.record({ entry: entryOf('255.255.255.255/32') });
      const found: Entry[] = [];
      store.transaction(() => {
        for (const entry of store.entries()) {
          store.record({ entry: { ...entry, hits: 31 } });
          found.push(entry);
        }
      });
      expect(found.length).toBe(20_001);
      expect(found.every((entry) => entry.hits === 30)).toBe(true);
      expect(store.activePrefixes(NOW).size).toBe(20_001);
      expect([...store.under(parsePrefix('10.0.0.0/10'))].length).toBe(16_384);
    });

    it('reads active prefixes in turns with what others write, as they are at one time', async () => {
      const store = open([]);
      const many = Array.from({ length: 25_000 }, (_, index) =>
        prefixAround(addressOf(4, 0x0a_00_00_00 + index * 256), 24),
      );
      const model = entryOf('192.0.2.0/24');
      store.transaction(() => {
        for (const prefix of many) store.record({ entry: { ...model, prefix } });
      });
      let [turns, writes, written] = [0, 1, 0];
      setImmediate(function other() {
        if (turns < 0) return;
        turns++;
        // Where the reader was already.
        if (writes-- > 0) store.record({ entry: entryOf(`1.0.${written++}.0/24`) });
        setImmediate(other);
      });
      expect((await store.activePrefixesInTurns(NOW)).size).toBe(25_001);
      expect(turns).toBeGreaterThan(2);
      // There is an end where there is always a change.
      writes = Number.POSITIVE_INFINITY;
      const { size } = await store.activePrefixesInTurns(NOW);
      turns = Number.NEGATIVE_INFINITY;
      expect([size, written > 1]).toEqual([25_000 + written, true]);
    });
  });

  describe(`${name}: history`, () => {
    it('keeps each activation with its evidence, which adds up', () => {
      const store = open([]);
      const first = entryOf('192.0.2.0/24', { note: 'of its own' });
      const { prefix } = first;
      const other = evidenceOf({ address: addressOfText('2001:db8::1'), host: '' });
      const rows = [evidenceOf(), other, evidenceOf({ address: undefined })];
      store.record({ entry: first, activations: [first], evidence: [{ activation: 1, rows }] });
      const more = [
        evidenceOf({ count: 4, firstSeen: NOW - 99_000, lastSeen: NOW - 85_000 }),
        evidenceOf({ address: undefined, lastSeen: NOW }),
      ];
      store.record({ entry: first, evidence: [{ activation: 1, rows: more }] });
      const second: Entry = { ...first, activations: 2, activatedAt: NOW, expiresAt: 'forever' };
      const cause = { origin: 'pf', note: 'form spam' } as const;
      store.record({ entry: second, activations: [second], cause });
      expect(store.history(prefix)).toEqual([
        {
          number: 1,
          at: NOW - 86_400,
          until: NOW + 29 * 86_400,
          endedAt: undefined,
          origin: 'grok',
          by: '',
          byAdmin: false,
          note: 'of its own',
          evidence: [
            evidenceOf({ address: undefined, count: 6, lastSeen: NOW }),
            evidenceOf({ count: 7, firstSeen: NOW - 99_000 }),
            other,
          ],
        },
        {
          number: 2,
          at: NOW,
          until: 'forever',
          endedAt: undefined,
          origin: 'pf',
          by: '',
          byAdmin: false,
          note: 'form spam',
          evidence: [],
        },
      ]);
      expect(store.history(parsePrefix('192.0.2.0/25'))).toEqual([]);
    });

    it('keeps the addresses of the first 256 rows of a log, and sums the others', () => {
      const store = open([]);
      const entry = entryOf('192.0.2.0/24');
      const record = (rows: readonly Evidence[]) =>
        store.record({ entry, activations: [entry], evidence: [{ activation: 1, rows }] });
      record(probesOf(1, 200));
      record(probesOf(150, 300));
      record([...probesOf(1, 1), evidenceOf({ address: addressOfText('192.0.2.9') })]);
      const evidence = store.history(entry.prefix)[0]?.evidence ?? [];
      const named = evidence.filter(({ address }) => address !== undefined);
      expect(named.map(({ message }) => message).toSorted()).toEqual(
        probesOf(1, 256)
          .map(({ message }) => message)
          .toSorted(),
      );
      expect(named.find(({ message }) => message === 'tcp/1')?.count).toBe(2);
      const others = evidence.filter(({ address }) => address === undefined);
      expect(others.map(({ message, count }) => [message, count])).toEqual([
        ['tcp', 193],
        [evidenceOf().message, evidenceOf().count],
      ]);
    });

    it('keeps an extension and an end by hand', () => {
      const store = open([]);
      const entry = entryOf('192.0.2.0/24');
      store.record({ entry, activations: [entry] });
      const prolonged = { ...entry, expiresAt: NOW + 60 * 86_400 };
      store.record({ entry: prolonged, activations: [prolonged] });
      store.record({ entry: prolonged, ended: { activation: 1, at: NOW } });
      const history = store.history(entry.prefix);
      expect(history).toMatchObject([
        { number: 1, at: NOW - 86_400, until: NOW + 60 * 86_400, endedAt: NOW },
      ]);
    });

    it('refuses an activation of an entry that was never active, and evidence without one', () => {
      const entry = bogonOf('10.0.0.0/8');
      const store = open([entry]);
      const evidence = [{ activation: 1, rows: [evidenceOf()] }];
      expect(errorOf(() => store.record({ entry, activations: [entry] })).code).toBe('store');
      expect(errorOf(() => store.record({ entry, evidence })).code).toBe('store');
    });

    it('records all of a change or none of it', () => {
      const store = open([]);
      const entry = entryOf('192.0.2.0/24');
      const rows = [evidenceOf()];
      const evidence = [
        { activation: 1, rows },
        { activation: 2, rows },
      ];
      errorOf(() => store.record({ entry, activations: [entry], evidence }));
      expect(store.get(entry.prefix)).toBeUndefined();
      expect(store.history(entry.prefix)).toEqual([]);
    });
  });

  describe(`${name}: logs read`, () => {
    it('finds a log by its content and by its head', () => {
      const store = open([]);
      const [head, otherHead] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
      const log = {
        digest: Buffer.alloc(32, 3),
        name: '/var/log/auth.log.0',
        bytes: 1000,
        lines: 12,
        firstEvent: NOW - 5,
        lastEvent: NOW,
        readAt: NOW + 1,
        head,
      };
      const longer = { ...log, digest: Buffer.alloc(32, 4), bytes: 2000, firstEvent: undefined };
      store.recordLog(log);
      store.recordLog(longer);
      store.recordLog({ ...log, digest: Buffer.alloc(32, 5), head: otherHead });
      expect(store.logs.find(log.digest)).toEqual(log);
      expect(store.logs.find(longer.digest)).toEqual(longer);
      expect(store.logs.find(Buffer.alloc(32, 6))).toBeUndefined();
      expect(store.logs.withHead(head)).toEqual([
        { bytes: 2000, digest: longer.digest },
        { bytes: 1000, digest: log.digest },
      ]);
      store.recordLog({ ...log, name: 'auth.log.1.bz2' });
      expect(store.logs.find(log.digest)?.name).toBe('auth.log.1.bz2');
      expect(store.logs.withHead(head).length).toBe(2);
    });
  });

  describe(`${name}: what is pending`, () => {
    const kind = kindOf('sshd', 'failed-login');
    const offence = (address: string, at = NOW): Offence => {
      return offenceOf({ at, address: addressOfText(address), points: 10, kind });
    };

    it('is kept until it is replaced, by address and time, and adds up', () => {
      const store = open([]);
      const [early, late] = [offence('192.0.2.7', NOW - 5), offence('192.0.2.7')];
      const six = offence('2001:db8::7');
      store.replacePending([six, late, early, { ...late, kind: { ...kind } }]);
      expect(store.pending()).toEqual([early, { ...late, points: 20, count: 2 }, six]);
      const [first, second] = store.pending();
      expect(first?.kind).toBe(second?.kind);
      store.replacePending([six]);
      expect(store.pending()).toEqual([six]);
    });
  });

  describe(`${name}: the allow-list and logins`, () => {
    it('keeps the allow-list in order', () => {
      const store = open([]);
      const texts = [
        '0.0.0.0/0',
        '10.0.0.0/8',
        '10.0.0.0/24',
        '192.0.2.7/32',
        '::/0',
        '2001:db8::/32',
      ];
      for (const text of texts.toReversed()) store.allow(parsePrefix(text), text, NOW);
      store.allow(parsePrefix('10.0.0.0/8'), 'again', NOW + 1);
      expect(store.allowed().map(({ prefix }) => formatPrefix(prefix))).toEqual(texts);
      expect(store.allowed()[1]).toMatchObject({ note: 'again', addedAt: NOW + 1 });
      expect(store.disallow(parsePrefix('10.0.0.0/8'))).toBe(true);
      expect(store.disallow(parsePrefix('10.0.0.0/8'))).toBe(false);
      expect(store.allowed().length).toBe(5);
    });

    it('keeps the first and the last login of each user of a service from an address', () => {
      const store = open([]);
      const [home, away, six] = ['192.0.2.7', '255.255.255.255', '2001:db8::1'].map(addressOfText);
      store.recordLogins([
        loginOf(home!, NOW),
        loginOf(home!, NOW - 100),
        loginOf(home!, NOW - 50, { service: 'dovecot', user: 2 ** 53 - 1 }),
        loginOf(away!, NOW - 50),
        loginOf(six!, NOW - 50),
      ]);
      const homes = loginOf(home!, NOW, { first: NOW - 100 });
      const mailbox = loginOf(home!, NOW - 50, { service: 'dovecot', user: 2 ** 53 - 1 });
      const within = (text: string, since: number) => store.loginsWithin(parsePrefix(text), since);
      expect(within('0.0.0.0/0', 0)).toEqual([mailbox, homes, loginOf(away!, NOW - 50)]);
      expect(within('192.0.2.0/24', NOW)).toEqual([homes]);
      expect(within('192.0.2.0/24', NOW + 1)).toEqual([]);
      expect(within('192.0.3.0/24', 0)).toEqual([]);
      expect(within('2001:db8::/32', 0)).toEqual([loginOf(six!, NOW - 50)]);
      store.logins.distrust(home!, NOW + 5);
      store.logins.distrust(home!, NOW + 3);
      store.recordLogins([loginOf(home!, NOW + 90)]);
      expect(within('192.0.2.0/24', 0)).toEqual([
        { ...mailbox, lost: NOW + 5 },
        { ...homes, last: NOW + 90, lost: NOW + 5 },
      ]);
    });

    it('begins anew where no login came for longer than trust lasts', () => {
      const store = open([]);
      const home = addressOfText('192.0.2.7');
      store.recordLogins([loginOf(home, NOW), loginOf(home, NOW + 31 * DAY)]);
      const spans = () => store.loginsWithin(parsePrefix('192.0.2.7'), 0);
      expect(spans()).toMatchObject([{ first: NOW + 31 * DAY, last: NOW + 31 * DAY }]);
      store.recordLogins([loginOf(home, NOW), loginOf(home, NOW + 10 * DAY)]);
      expect(spans()).toMatchObject([{ first: NOW + 10 * DAY, last: NOW + 31 * DAY }]);
    });
  });

  describe(`${name}: transactions`, () => {
    it('keeps all or nothing', () => {
      const store = open([]);
      const stop = new Error('stop');
      const failing = () =>
        store.transaction(() => {
          store.record({ entry: entryOf('192.0.2.0/24') });
          store.allow(parsePrefix('10.0.0.0/8'), '', NOW);
          throw stop;
        });
      expect(failing).toThrow(stop);
      expect([...store.entries()]).toEqual([]);
      expect(store.allowed()).toEqual([]);
      expect(
        store.transaction(() => store.record({ entry: entryOf('192.0.2.0/24') })),
      ).toBeUndefined();
      expect([...store.entries()].length).toBe(1);
    });

    it('has no transaction within a transaction', () => {
      const store = open([]);
      expect(() => store.transaction(() => store.transaction(() => 1))).toThrow(/another one/);
      expect(store.transaction(() => 1)).toBe(1);
    });
  });
}

function supernetsReference(array: readonly Entry[], prefix: Prefix): Entry[] {
  return array
    .filter((entry) => containsPrefix(entry.prefix, prefix))
    .toSorted((p, q) => p.prefix.length - q.prefix.length);
}

function underTwin(array: readonly Entry[], prefix: Prefix): Entry[] {
  return array
    .filter((entry) => containsPrefix(prefix, entry.prefix))
    .toSorted((p, q) => p.prefix.length - q.prefix.length || comparePrefixes(p.prefix, q.prefix));
}

/** Few bits, so that prefixes meet: from either end of the address space, of all lengths. */
function prefixArbitrary(): fc.Arbitrary<Prefix> {
  const word = fc.constantFrom(0, 0x80000000, 0xc0000200, 0xc0000280, 0xfffffffe, 0xffffffff);
  const edge = fc.constantFrom(...EDGES.map(parsePrefix));
  const four = fc
    .tuple(word, fc.constantFrom(0, 1, 8, 24, 25, 30, 31, 32))
    .map(([a, length]) => prefixAround(addressOf(4, a), length));
  const six = fc
    .tuple(word, word, word, word, fc.constantFrom(0, 1, 31, 32, 33, 64, 65, 127, 128))
    .map(([a, b, c, d, length]) => prefixAround(addressOf(6, a, b, c, d), length));
  return fc.oneof(edge, four, six);
}

function recordAll(store: Store, entries: readonly Entry[]): void {
  store.transaction(() => {
    for (const entry of entries) store.record({ entry });
  });
}

/** Evidence of connections to so many ports, from the first on. */
function probesOf(first: number, count: number): Evidence[] {
  return Array.from({ length: count }, (_, index) =>
    evidenceOf({ service: 'probe', message: `tcp/${first + index}`, count: 1 }),
  );
}
