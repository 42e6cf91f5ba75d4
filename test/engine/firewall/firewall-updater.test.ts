import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { firewallUpdater } from '../../../src/engine/firewall/firewall-updater.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('applies on request, retries later and later, and warns', async () => {
  const warnings: string[] = [];
  let calls = 0;
  const updater = firewallUpdater(
    () => Promise.reject(new Error(`busy ${++calls}`)),
    (text) => warnings.push(text),
  );
  updater.request();
  await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000 + 10);
  expect(calls).toBe(4);
  expect(warnings[0]).toBe('mcblock: the firewall is not up to date: busy 1');
  await vi.advanceTimersByTimeAsync(600_000);
  expect(calls).toBeLessThan(20);
  await updater.stop();
});

it('applies every five minutes, as entries expire', async () => {
  let calls = 0;
  const updater = firewallUpdater(
    async () => calls++,
    () => undefined,
  );
  updater.request();
  await vi.advanceTimersByTimeAsync(300_000 * 3 + 10);
  expect(calls).toBe(4);
  await updater.close();
});
