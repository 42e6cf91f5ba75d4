import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FirewallUpdater } from '../../../src/engine/firewall/firewall-updater.ts';
import type { LiveFirewall } from '../../../src/engine/firewall/live-firewall.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

const PREFIX = parsePrefix('192.0.2.0/24');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A firewall that writes down what is asked of it. */
function recording(calls: string[], canAdd = true): LiveFirewall {
  return {
    add: async (prefixes) => {
      calls.push(`add ${prefixes.length}`);
      return canAdd;
    },
    apply: async () => void calls.push('apply'),
    close: () => void calls.push('close'),
  };
}

it('applies on request, retries with growing delays, and warns', async () => {
  const warnings: string[] = [];
  let calls = 0;
  const apply = () => Promise.reject(new Error(`busy ${++calls}`));
  const live = { add: async () => true, apply, close: () => {} };
  const updater = new FirewallUpdater(live, (text) => warnings.push(text));
  updater.apply();
  await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000 + 10);
  expect(calls).toBe(4);
  expect(warnings[0]).toBe('mcblock: the firewall is not up to date: busy 1');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(calls).toBeLessThan(20);
  const closed = updater.close();
  await vi.advanceTimersByTimeAsync(10);
  await closed;
});

it('adds what is new at once, and compares everything every five minutes', async () => {
  const calls: string[] = [];
  const updater = new FirewallUpdater(recording(calls), () => undefined);
  updater.apply();
  await vi.advanceTimersByTimeAsync(10);
  for (let seconds = 0; seconds < 700; seconds += 100) {
    updater.add([PREFIX]);
    await vi.advanceTimersByTimeAsync(100_000);
  }
  expect(calls.join(', ')).toBe('apply, add 1, add 1, add 1, apply, add 1, add 1, apply');
  await updater.close();
});

it('applies at once if the firewall cannot add', async () => {
  const calls: string[] = [];
  const updater = new FirewallUpdater(recording(calls, false), () => undefined);
  updater.apply();
  await vi.advanceTimersByTimeAsync(10);
  updater.add([PREFIX, PREFIX]);
  await vi.advanceTimersByTimeAsync(10);
  expect(calls).toEqual(['apply', 'add 2', 'apply']);
  await updater.close();
});

it('updates the firewall when this host gets an address', async () => {
  const calls: string[] = [];
  let interfaces = '127.0.0.1 255.0.0.0';
  const updater = new FirewallUpdater(
    recording(calls),
    () => undefined,
    () => interfaces,
  );
  updater.apply();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(calls).toEqual(['apply']);
  interfaces += ', 192.0.2.7 255.255.255.0';
  await vi.advanceTimersByTimeAsync(20_000);
  expect(calls).toEqual(['apply', 'apply']);
  await updater.close();
});
