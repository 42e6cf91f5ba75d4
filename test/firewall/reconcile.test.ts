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

it('is done though rules are added all the time, if the firewall takes what it is given', async () => {
  let held: string[] = [];
  let count = 0;
  const firewall: Firewall = {
    name: 'a firewall',
    read: async () => listOf(held),
    change: async ({ wanted }: Change) => {
      held = textOf(wanted);
    },
  };
  await reconcile(firewall, () => listOf(rules(++count)), {});
  expect(held).toEqual(rules(count));
  // It keeps the last one out.
  firewall.change = async ({ wanted }) => {
    held = textOf(wanted).slice(0, -1);
  };
  const same = rules(count + 1);
  await expect(reconcile(firewall, () => listOf(same), {})).rejects.toThrow(/1 rules missing/);
});

function rules(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `5.0.${2 * index}.0/24`);
}

function listOf(texts: readonly string[]): PrefixList {
  return PrefixList.from(texts.map((text) => parsePrefix(text)));
}

function textOf(list: PrefixList): string[] {
  return Array.from(list, formatPrefix);
}
