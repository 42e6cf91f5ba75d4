import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { neverActive } from '../../../src/blocklist/entry.ts';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { previewLog, recordLog } from '../../../src/engine/judge/record-log.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { readOffences } from '../../../src/log/read-offences.ts';
import { memorySource } from '../../../src/log/source.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { tinyScanner } from '../../log/tiny-scanner.ts';
import { CommandLine } from '../../support/command-line.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;
const SETTINGS = { ...onePolicy(DEFAULT_POLICY), source: 'log' } as const;
const NETWORK = parsePrefix('5.149.11.0/24');

let line: CommandLine;
let store: Store;
beforeEach(() => {
  line = new CommandLine();
  store = openStore(line.db, { mode: 'write' });
});
afterEach(() => {
  store.close();
  line.remove();
});

/** Failed logins from one address, one a second. */
function attempts(count: number): string {
  return Array.from(
    { length: count },
    (_, n) =>
      `2026-03-23T10:11:0${n}Z gw sshd[11${n}]: Failed password for root from 5.149.11.9 port 47 ssh2\n`,
  ).join('');
}

function read(text: string, isNew = false) {
  return readOffences(memorySource('auth.log', [Buffer.from(text)], NOW), {
    scanners: [tinyScanner],
    zone: 'UTC',
    points: new Map(),
    known: (head) => (isNew ? [] : store.logs.withHead(head)),
  });
}

const hits = () => store.get(NETWORK)?.hits;

describe('recordLog', () => {
  it('stores the entry and reports it as a ban', async () => {
    const report = recordLog(store, await read(attempts(3)), SETTINGS, NOW);
    expect(Array.from(report.entries, ({ outcome }) => outcome)).toEqual(['new']);
    expect(report.bans.map(({ prefix }) => formatPrefix(prefix))).toEqual(['5.149.11.0/24']);
    expect(hits()).toBe(3);
  });

  it('records a log only once, unless it is told to do so again', async () => {
    recordLog(store, await read(attempts(3)), SETTINGS, NOW);
    expect(recordLog(store, await read(attempts(3)), SETTINGS, NOW).alreadyRead).toBe(true);
    expect(hits()).toBe(3);
    const again = recordLog(store, await read(attempts(3), true), SETTINGS, NOW, true);
    expect(again.alreadyRead).toBe(false);
    expect(hits()).toBeGreaterThan(3);
  });

  it('keeps offences that do not block yet for the next log', async () => {
    recordLog(store, await read(attempts(2)), SETTINGS, NOW);
    expect(store.get(NETWORK)).toBeUndefined();
    recordLog(store, await read(attempts(3)), SETTINGS, NOW);
    expect(hits()).toBe(3);
  });

  it('knows the events of a log before, also where a day has passed since they came', async () => {
    recordLog(store, await read(attempts(2)), SETTINGS, NOW);
    const [first, last] = ['2026-03-23T10:00:00Z', '2026-03-24T10:30:00Z'];
    const window = `${first} gw cron[1]: ran\n${attempts(2)}${last} gw cron[1]: ran\n`;
    const report = recordLog(store, await read(window), SETTINGS, NOW + 10 * 3600 + 1800);
    expect(report.repeated).toBe(2);
    expect(store.get(NETWORK)).toBeUndefined();
  });

  it('counts equal attempts of one second, the first of which its connection counted', async () => {
    const from = 'from 5.149.11.9 port 47';
    const failed = `Failed password for invalid user eve ${from} ssh2`;
    const lines = [
      `00 Invalid user eve ${from}`,
      `01 ${failed}`,
      `01 ${failed}`,
      `02 ${failed}`,
    ].map((text) => `2026-03-23T10:11:${text.slice(0, 2)}Z gw sshd[11]: ${text.slice(3)}\n`);
    recordLog(store, await read(lines.slice(0, 1).join('')), SETTINGS, NOW);
    const window = `2026-03-23T10:11:00Z gw cron[1]: ran\n${lines.join('')}`;
    const report = recordLog(store, await read(window), SETTINGS, NOW);
    expect([report.repeated, hits()]).toEqual([1, 3]);
  });

  it('reports an entry as folded if its activation became that of the network', async () => {
    const prefix = parsePrefix('5.149.11.9/32');
    const expired = neverActive(prefix, 'manual', '');
    const entry = { ...expired, activations: 1, activatedAt: 1, expiresAt: 2 };
    store.record({ entry, activations: [entry], cause: { origin: 'manual', note: '' } });
    const report = recordLog(store, await read(attempts(3)), SETTINGS, NOW);
    const outcomes = Array.from(report.entries, (row) => [formatPrefix(row.prefix), row.outcome]);
    expect(outcomes).toEqual([
      ['5.149.11.0/24', 'new'],
      ['5.149.11.9/32', 'folded'],
    ]);
    expect(store.get(prefix)).toMatchObject({ activations: 1, expiresAt: 2 });
  });

  it('stores nothing if more of the same log was recorded since it was read', async () => {
    const summary = await read(attempts(3));
    recordLog(store, await read(attempts(2)), SETTINGS, NOW);
    expect(() => recordLog(store, summary, SETTINGS, NOW)).toThrow(
      expect.objectContaining({ code: 'store' }),
    );
    expect(store.get(NETWORK)).toBeUndefined();
  });
});

it('previewLog reports the same entries and stores nothing', async () => {
  const report = previewLog(store, await read(attempts(3)), SETTINGS, NOW);
  expect(report.entries.count('new')).toBe(1);
  expect([...store.entries()]).toEqual([]);
  expect(store.pending()).toEqual([]);
});
