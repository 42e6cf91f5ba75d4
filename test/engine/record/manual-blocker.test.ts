import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/blocklist/policy.ts';
import { onePolicy } from '../../../src/engine/policies.ts';
import { type ManualBlock, ManualBlocker } from '../../../src/engine/record/manual-blocker.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';

const NOW = Date.UTC(2026, 2, 24) / 1000;

let line: CommandLine;
let store: Store;
beforeEach(() => {
  line = new CommandLine();
  store = openStore(line.db, { mode: 'write' });
  store.allow(parsePrefix('198.51.100.0/24'), 'office', NOW);
});
afterEach(() => {
  store.close();
  line.remove();
});

function block(text: string, options: Partial<ManualBlock> = {}) {
  return store.transaction(() =>
    new ManualBlocker(store, onePolicy(DEFAULT_POLICY), {
      origin: 'manual',
      now: NOW,
      ...options,
    }).block(parsePrefix(text)),
  );
}

it('blocks until the given time, with the note', () => {
  expect(block('5.149.104.0/22', { until: NOW + 60, note: 'spam' })).toMatchObject({
    kind: 'new',
    entry: { expiresAt: NOW + 60, note: 'spam' },
  });
  expect(store.get(parsePrefix('5.149.104.0/22'))).toMatchObject({ activations: 1 });
});

it('refuses protected space, and stores nothing', () => {
  const session = { prefix: parsePrefix('203.0.113.5'), reason: 'session' } as const;
  expect(block('198.51.100.7')).toMatchObject({
    kind: 'refused',
    protection: { reason: 'allowed' },
  });
  expect(block('203.0.113.0/24', { protections: [session] })).toMatchObject({
    kind: 'refused',
    protection: session,
  });
  expect([...store.entries()]).toEqual([]);
});

it('blocks protected space if forced', () => {
  expect(block('198.51.100.7', { force: true })).toMatchObject({ kind: 'new' });
});
