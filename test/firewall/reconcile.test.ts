import { expect, it } from 'vitest';
import type { Change, Firewall } from '../../src/firewall/firewall.ts';
import { reconcile } from '../../src/firewall/reconcile.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';

it('keeps what another process stored and added meanwhile', async () => {
  let stored = ['5.0.0.0/24'];
  let held = ['5.0.0.0/24', '6.0.0.0/24'];
  const removed: string[] = [];
  const firewall: Firewall = {
    name: 'a firewall',
    read: async () => {
      // The rules were asked for already.
      await new Promise(setImmediate);
      stored = ['5.0.0.0/24', '7.0.0.0/24'];
      if (!held.includes('7.0.0.0/24')) held = [...held, '7.0.0.0/24'];
      return listOf(held);
    },
    change: async (change: Change) => {
      removed.push(...textOf(change.removed));
      held = textOf(change.wanted);
    },
  };
  await reconcile(firewall, () => listOf(stored), {});
  expect([held, removed]).toEqual([['5.0.0.0/24', '7.0.0.0/24'], ['6.0.0.0/24']]);
});

function listOf(texts: readonly string[]): PrefixList {
  return PrefixList.from(texts.map((text) => parsePrefix(text)));
}

function textOf(list: PrefixList): string[] {
  return Array.from(list, formatPrefix);
}
