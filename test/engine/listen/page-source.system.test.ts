import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { neverActive } from '../../../src/blocklist/entry.ts';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { PageSource } from '../../../src/engine/listen/page-source.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';
import { until } from '../../support/until.ts';

let line: CommandLine;
let store: Store;
beforeEach(async () => {
  line = new CommandLine();
  await line.run('add', '192.0.2.7', '2001:db8::/64', '--note', 'mine');
  store = openStore(line.db, { mode: 'read' });
});
afterEach(() => {
  store.close();
  line.remove();
});

it('has the active entries, their source and reason, and knows when it is stale', async () => {
  const source = new PageSource(store, DEFAULT_POLICY, () => Date.parse(line.now) / 1000);
  expect(source.isOld()).toBe(true);
  const first = await source.data();
  expect(source.isOld()).toBe(false);
  expect(first).toMatchObject({ active: 2, active6: 1, byOrigin: new Map([['manual', 2]]) });
  expect(first.bans[0]).toMatchObject({ from: 'this host (manual)', why: 'mine', outcome: 'new' });
  await line.run('add', '192.0.2.9');
  expect(await source.data()).toBe(first);
  await until(() => source.isOld());
  const { bans } = await source.data();
  expect(bans.map(({ prefix }) => formatPrefix(prefix))).toContain('192.0.2.9/32');
});

it('sums the evidence of several addresses', async () => {
  const log = line.path('auth.log');
  const lines = [7, 8, 9, 10, 11, 12].map(
    (pid) =>
      `2025-12-31T23:00:00Z gw sshd[${pid}]: Failed password for root from 9.9.0.${pid % 2} port 9 ssh2\n`,
  );
  writeFileSync(log, lines.join(''));
  await line.run('grok', log);
  const { bans } = await new PageSource(
    store,
    DEFAULT_POLICY,
    () => Date.parse(line.now) / 1000,
  ).data();
  expect(bans.find(({ from }) => from === 'this host (grok)')).toMatchObject({
    why: 'sshd: failed-login 6',
  });
});

it('names who of the fleet sent an entry, and its note as the reason', async () => {
  const at = Date.parse(line.now) / 1000;
  const writer = openStore(line.db, { mode: 'write' });
  const sent = (text: string, by: string, note: string) => {
    const fresh = neverActive(parsePrefix(text), 'fleet', '');
    const entry = { ...fresh, activations: 1, activatedAt: at, expiresAt: at + 60 };
    const cause = { origin: 'fleet', note, maker: { by, byAdmin: false } } as const;
    writer.record({ entry, activations: [entry], cause });
  };
  sent('198.51.100.1', 'gate1', 'form: spam');
  sent('198.51.100.2', 'channel block', '');
  sent('198.51.100.3', '', '');
  writer.close();
  const { bans } = await new PageSource(store, DEFAULT_POLICY, () => at).data();
  const of = (text: string) => bans.find(({ prefix }) => formatPrefix(prefix) === `${text}/32`);
  expect(of('198.51.100.1')).toMatchObject({ from: 'gate1', why: 'form: spam' });
  expect(of('198.51.100.2')).toMatchObject({ from: 'channel block', why: '' });
  expect(of('198.51.100.3')).toMatchObject({ from: 'the fleet' });
});
