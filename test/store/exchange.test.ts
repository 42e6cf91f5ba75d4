import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addressOf } from '../../src/net/address.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { loginOf } from '../support/login.ts';
import { offenceOf } from '../support/offence.ts';
import {
  addressOfText,
  bogonOf,
  entryOf,
  errorOf,
  evidenceOf,
  NOW,
  temporaryDirectory,
} from './helpers.ts';

function open(path = join(temporaryDirectory(), 'mcblock.db'), mode: 'read' | 'write' = 'write') {
  const store = openStore(path, { mode, seed: () => [bogonOf('10.0.0.0/8')] });
  onTestFinished(() => store.close());
  return store;
}

/** A store with something of everything. */
function fullStore(path?: string): Store {
  const store = open(path);
  const entry = entryOf('192.0.2.0/24', { note: 'line\nbreak "quoted" ü 🙂' });
  const rows = [
    evidenceOf(),
    evidenceOf({ address: addressOfText('2001:db8::1'), log: '' }),
    evidenceOf({ address: undefined, count: 1000 }),
  ];
  store.record({ entry, activations: [entry], evidence: [{ activation: 1, rows }] });
  store.record({ entry, ended: { activation: 1, at: NOW - 5 } });
  const again = { ...entry, activations: 2, activatedAt: NOW, expiresAt: 'forever' } as const;
  const cause = { origin: 'manual', note: 'enough' } as const;
  store.record({ entry: again, activations: [again], cause });
  store.record({ entry: entryOf('2001:db8::/32', { hitDays: [], expiresAt: 8_640_000_000_000 }) });
  store.record({ entry: entryOf('255.255.255.255/32', { activatedAt: 0, expiresAt: 0 }) });
  store.allow(parsePrefix('198.51.100.7/32'), 'the office', NOW);
  store.allow(parsePrefix('0.0.0.0/0'), '', 0);
  store.recordLog({
    digest: Buffer.alloc(32, 0xab),
    name: '/var/log/auth.log.0.bz2',
    bytes: 0,
    lines: 0,
    firstEvent: undefined,
    lastEvent: NOW,
    readAt: NOW,
    head: Buffer.alloc(32, 1),
  });
  store.recordLogins([
    loginOf(addressOfText('192.0.2.7'), NOW, { first: NOW - 9, user: 7, lost: NOW + 1 }),
    loginOf(addressOf(6, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff), NOW - 1),
  ]);
  const kind = {
    service: 'sshd',
    message: 'failed-login',
    log: 'auth.log',
    host: 'gate',
    proxy: '',
  };
  const address = addressOfText('203.0.113.9');
  store.replacePending([offenceOf({ at: NOW, address, points: 10, count: 2, user: 7, kind })]);
  store.putFeed(
    {
      name: 'drop',
      source: '-',
      fetchedAt: NOW,
      prefixes: 2,
      etag: '"x"',
      lastModified: undefined,
      limits: { minLines: 500, maxSizeBytes: 2 ** 20, ca: '/etc/ca.pem' },
    },
    PrefixList.from([parsePrefix('203.0.113.0/24'), parsePrefix('2001:db8::/32')]),
  );
  return store;
}

/** As it would come from a file. */
function throughText(rows: Iterable<object>): unknown[] {
  return [...rows].map((row) => JSON.parse(JSON.stringify(row)) as unknown);
}

describe('an export', () => {
  it('says what it is, and the same store always gives the same', () => {
    const store = fullStore();
    const rows = throughText(store.exportRows());
    expect(rows[0]).toEqual({ format: 'mcblock', version: 1 });
    const types = rows.slice(1).map((row) => (row as { type?: string }).type);
    expect(types.join(' ')).toBe(
      'allow allow entry entry entry entry log login login pending feed',
    );
    expect(throughText(store.exportRows())).toEqual(rows);
    expect(rows[4]).toEqual({
      type: 'entry',
      prefix: '192.0.2.0/24',
      origin: 'grok',
      by: '',
      byAdmin: false,
      note: 'line\nbreak "quoted" ü 🙂',
      activations: 2,
      hits: 30,
      firstSeen: '2026-03-18T22:48:18Z',
      lastSeen: '2026-03-19T01:34:58Z',
      activatedAt: '2026-03-19T23:48:18Z',
      expiresAt: null,
      endedAt: null,
      rule: null,
      hitDays: ['2026-03-18'],
      history: [
        expect.objectContaining({ number: 1, endedAt: '2026-03-19T23:48:13Z' }),
        expect.objectContaining({ number: 2, until: null, origin: 'manual', evidence: [] }),
      ],
    });
  });

  it('comes back without loss, into a store that is new or holds the same', () => {
    const rows = throughText(fullStore().exportRows());
    const store = open();
    expect(store.importRows(rows)).toBe(rows.length - 1);
    expect(throughText(store.exportRows())).toEqual(rows);
    store.importRows(rows);
    expect(throughText(store.exportRows())).toEqual(rows);
  });

  it('of an earlier version tells from the history what was expired by hand', () => {
    const store = open();
    const entry = entryOf('192.0.2.0/24', { expiresAt: NOW - 5, endedAt: NOW - 5, by: 'gate1' });
    store.record({ entry, activations: [entry] });
    store.record({ entry, ended: { activation: 1, at: NOW - 5 } });
    const rows = throughText(store.exportRows()) as Record<string, unknown>[];
    const added = new Set(['by', 'byAdmin', 'endedAt']);
    const older = rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => !added.has(name))),
    );
    const other = open();
    other.importRows(older);
    expect(other.get(entry.prefix)).toEqual({ ...entry, by: '' });
  });

  it('replaces an entry with its history, and leaves what it does not name', () => {
    const rows = throughText(fullStore().exportRows());
    const store = open();
    const other = entryOf('192.0.2.0/24', { activations: 9 });
    const evidence = [{ activation: 9, rows: [evidenceOf()] }];
    store.record({ entry: other, activations: [other], evidence });
    store.record({ entry: entryOf('203.0.113.0/24') });
    store.importRows(rows);
    expect(store.history(other.prefix).map(({ number }) => number)).toEqual([1, 2]);
    expect(store.get(parsePrefix('203.0.113.0/24'))).toBeDefined();
  });

  it('is one view, whatever another process writes meanwhile', () => {
    const path = join(temporaryDirectory(), 'mcblock.db');
    const writer = fullStore(path);
    const rows = open(path, 'read').exportRows();
    const first = rows.next().value as object;
    const before = throughText(writer.exportRows());
    writer.record({ entry: entryOf('203.0.113.0/24') });
    writer.disallow(parsePrefix('0.0.0.0/0'));
    expect(throughText([first, ...rows])).toEqual(before);
    expect(throughText(writer.exportRows())).not.toEqual(before);
  });

  it('may be left half way', () => {
    const store = fullStore();
    for (const row of store.exportRows()) {
      expect(row).toEqual({ format: 'mcblock', version: 1 });
      break;
    }
    expect(store.transaction(() => 1)).toBe(1);
  });
});

describe('an import', () => {
  const header = { format: 'mcblock', version: 1 };
  const [entry, allow, log, login] = (() => {
    const evidence = {
      address: '192.0.2.7',
      service: 'sshd',
      message: 'failed-login',
      count: 1,
      firstSeen: '2026-03-19T23:48:18Z',
      lastSeen: '2026-03-19T23:48:18Z',
      log: '',
      host: '',
    };
    const activation = {
      number: 1,
      at: '2026-03-19T23:48:18Z',
      until: null,
      endedAt: null,
      origin: 'grok',
      note: '',
      evidence: [evidence],
    };
    return [
      {
        type: 'entry',
        prefix: '192.0.2.0/24',
        origin: 'grok',
        note: '',
        activations: 1,
        hits: 1,
        firstSeen: null,
        lastSeen: null,
        activatedAt: '2026-03-19T23:48:18Z',
        expiresAt: null,
        hitDays: ['2026-03-19'],
        history: [activation],
      },
      { type: 'allow', prefix: '192.0.2.0/24', note: '', addedAt: '2026-03-19T23:48:18Z' },
      {
        type: 'log',
        digest: 'ab'.repeat(32),
        name: 'auth.log',
        bytes: 1,
        lines: 1,
        firstEvent: null,
        lastEvent: null,
        readAt: '2026-03-19T23:48:18Z',
        head: '01'.repeat(32),
      },
      { type: 'login', address: '192.0.2.7', at: '2026-03-19T23:48:18Z' },
    ] as const;
  })();
  const activation = entry.history[0];
  const evidence = activation.evidence[0];

  it('takes each of these as it stands', () => {
    expect(open().importRows([header, entry, allow, log, login])).toBe(4);
  });

  it.each([
    [[], /not an export of mcblock/],
    [[entry], /line 1: not an export/],
    [[null], /line 1: not an export/],
    [[{ format: 'mcblock', version: 2 }], /line 1: export of version 2, .*update mcblock/],
    [[{ format: 'other', version: 1 }], /line 1: not an export/],
    [[header, login, header], /line 3: type is missing/],
    [[header, entry, allow, log, login, 5], /line 6: the record must be a JSON object/],
    [[header, []], /JSON object/],
    [[header, null], /JSON object/],
    [
      [header, { type: 'firewall' }],
      /type must be one of entry, allow, log, login, pending, feed, forgotten, not "firewall"/,
    ],
    [[header, JSON.parse('{"__proto__": {"type": "allow"}}')], /type is missing/],
    [[header, { ...allow, prefix: '192.0.2.1/24' }], /host bits/],
    [[header, { ...allow, prefix: 7 }], /prefix must be a prefix, not 7/],
    [[header, { ...allow, note: '\ud800' }], /note must be a text/],
    [[header, { ...allow, note: undefined }], /note is missing/],
    [[header, { ...allow, addedAt: 1_773_964_098 }], /addedAt must be a time such as/],
    [[header, { ...allow, addedAt: '2026-02-31T00:00:00Z' }], /a time such as/],
    [[header, { ...allow, addedAt: '2026-03-19T23:48:18+01:00' }], /a time such as/],
    [[header, { ...allow, addedAt: '1969-12-31T23:59:59Z' }], /a time such as/],
    [[header, { ...allow, addedAt: '+275760-09-13T00:00:01Z' }], /a time such as/],
    [[header, { ...login, address: '192.0.2.7/32' }], /address must be an address/],
    [[header, { ...log, digest: 'AB'.repeat(32) }], /64 hexadecimal/],
    [[header, { ...log, head: 'ab' }], /64 hexadecimal/],
    [[header, { ...log, bytes: -1 }], /a whole number from 0, not -1/],
    [[header, { ...entry, hits: 1e300 }], /a whole number from 0/],
    [[header, { ...entry, hits: '1' }], /a whole number from 0, not "1"/],
    [[header, { ...entry, origin: 'nobody' }], /an origin/],
    [[header, { ...entry, hitDays: ['2026-03-19', '2026-03-19'] }], /out of order/],
    [[header, { ...entry, hitDays: ['2026-02-30'] }], /hitDays\[0\] must be a day/],
    [[header, { ...entry, hitDays: null }], /hitDays must be a list/],
    [[header, { ...entry, activations: 0 }], /0 activations/],
    [[header, { ...entry, history: {} }], /history must be a list, not an object/],
    [[header, { ...entry, history: [5] }], /history\[0\] must be an object/],
    [
      [header, { ...entry, history: [{ ...activation, number: 0 }] }],
      /history\[0\].number must be .* from 1, not 0/,
    ],
    [
      [header, { ...entry, history: [activation, activation] }],
      /history: activation 1 is out of order/,
    ],
    [
      [header, { ...entry, history: [{ ...activation, evidence: [{ ...evidence, count: 0 }] }] }],
      /history\[0\]\.evidence\[0\]\.count must be .* from 1, not 0/,
    ],
    [[header, { ...allow, prefix: 'x'.repeat(9999) }], /x\.\.\.$|x\.\.\."/],
    [
      [header, { ...allow, note: { toString: 'x'.repeat(9999) } }],
      /must be a text, not an object$/,
    ],
    [
      [
        header,
        {
          ...entry,
          history: [
            { ...activation, evidence: [{ ...evidence, lastSeen: '2026-03-19T23:48:17Z' }] },
          ],
        },
      ],
      /evidence\[0\]: lastSeen must not be before firstSeen/,
    ],
  ])('refuses the rest whole: %#', (rows, message) => {
    const store = open();
    const before = throughText(store.exportRows());
    const error = errorOf(() => store.importRows(rows));
    expect(error.message).toMatch(message);
    expect(throughText(store.exportRows())).toEqual(before);
  });

  it('ignores fields that a newer version added, at every depth', () => {
    const store = open();
    const later = {
      ...entry,
      colour: 1,
      history: [{ ...activation, colour: 1, evidence: [{ ...evidence, colour: 1 }] }],
    };
    store.importRows([{ ...header, colour: 1 }, later]);
    const plain = open();
    plain.importRows([header, entry]);
    expect(throughText(store.exportRows())).toEqual(throughText(plain.exportRows()));
  });
});
