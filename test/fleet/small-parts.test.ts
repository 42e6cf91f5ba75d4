import { describe, expect, it } from 'vitest';
import { columnsOf } from '../../src/fleet/postgres/columns.ts';
import { RateLimiter } from '../../src/fleet/rate-limit.ts';
import { SharedRead } from '../../src/fleet/shared-read.ts';
import type { Submission } from '../../src/fleet/submission.ts';
import { Writer } from '../../src/fleet/writer.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { MemoryFleetStore } from '../reference/memory-fleet-store.ts';
import { ADMIN, RULES } from './store-contract.ts';

describe('a shared read', () => {
  it('returns no result from before the call, and reads once for all callers that wait', async () => {
    let reads = 0;
    const ends: (() => void)[] = [];
    const latest = new SharedRead(() => {
      const number = ++reads;
      return new Promise<number>((resolve) => ends.push(() => resolve(number)));
    });
    const first = latest.get();
    const later = [latest.get(), latest.get(), latest.get()];
    expect(reads).toBe(1);
    ends[0]?.();
    expect(await first).toBe(1);
    await new Promise(setImmediate);
    expect(reads).toBe(2);
    const last = latest.get();
    ends[1]?.();
    expect(await Promise.all(later)).toEqual([2, 2, 2]);
    await new Promise(setImmediate);
    ends[2]?.();
    expect(await last).toBe(3);
  });

  it('survives a read that fails', async () => {
    let reads = 0;
    const latest = new SharedRead(async () => {
      reads++;
      if (reads === 1) throw new Error('no');
      return reads;
    });
    const [first, second] = [latest.get(), latest.get()];
    await expect(first).rejects.toThrow('no');
    expect(await second).toBe(2);
    expect(await latest.get()).toBe(3);
  });
});

describe('the rate limiter', () => {
  it('allows a burst, then what refills', () => {
    let now = 0;
    const rate = new RateLimiter(10, 200, () => now);
    expect(rate.take('gate1', 1500)).toBe(0);
    expect(rate.take('gate1', 501)).toBe(1);
    expect(rate.take('gate1', 500)).toBe(0);
    expect(rate.take('gate1', 25)).toBe(3);
    expect(rate.take('gate2', 2000)).toBe(0);
    now = 2500;
    expect(rate.take('gate1', 25)).toBe(0);
    now = 1e9;
    // A cost above the capacity is allowed when the bucket is full.
    expect(rate.take('gate1', 1e6)).toBe(0);
    // It owes the rest.
    expect(rate.take('gate1', 1)).toBe(99_801);
  });
});

const listing = (text: string): Submission => ({
  by: ADMIN,
  reset: false,
  reports: [{ kind: 'list', prefix: parsePrefix(text), source: 'x' }],
});

describe('the writer', () => {
  it('processes submissions that arrive together in one transaction', async () => {
    const store = new MemoryFleetStore();
    let changes = 0;
    const change = store.change.bind(store);
    store.change = (query, decide) => {
      changes++;
      return change(query, decide);
    };
    const writer = new Writer(store, RULES, () => 1000);
    const texts = Array.from({ length: 50 }, (_, index) => `192.0.2.${index}`);
    const all = await Promise.all(texts.map((text) => writer.submit(listing(text))));
    expect(all.map(([result]) => result?.outcome)).toEqual(texts.map(() => 'new'));
    expect(changes).toBe(1);
    await writer.idle();
  });

  it('processes the others if one fails', async () => {
    const store = new MemoryFleetStore();
    const change = store.change.bind(store);
    store.change = (query, decide) => {
      if (query.prefixes.some(({ a }) => a === 0xc0000207)) throw new Error('no');
      return change(query, decide);
    };
    const writer = new Writer(store, RULES, () => 1000);
    const results = await Promise.allSettled(
      ['192.0.2.6', '192.0.2.7', '192.0.2.8'].map((text) => writer.submit(listing(text))),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.sequence()).toBe(2);
  });
});

describe('columns for PostgreSQL', () => {
  it('are array literals that keep every text', () => {
    const rows = [
      ['192.0.2.0/24', 1, null],
      ['null', 2.5, 'a,b'],
      ['', 3, 'q"u\\o{t}e'],
    ];
    expect(columnsOf(rows, ['a', 'b', 'c'])).toEqual([
      '{192.0.2.0/24,"null",""}',
      '{1,2.5,3}',
      '{NULL,"a,b","q\\"u\\\\o{t}e"}',
    ]);
    expect(columnsOf([], ['a'])).toEqual(['{}']);
  });
});
