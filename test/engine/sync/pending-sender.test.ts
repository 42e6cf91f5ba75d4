import { afterEach, beforeEach, expect, it } from 'vitest';
import { PendingSender } from '../../../src/engine/sync/pending-sender.ts';
import type { FleetClient } from '../../../src/fleet/client/client.ts';
import type { KeyedReport, ReportResponse } from '../../../src/fleet/client/report-response.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { CommandLine } from '../../support/command-line.ts';
import { offenceOf } from '../../support/offence.ts';

const NOW = 1_780_000_000;

let line: CommandLine;
let store: Store;
beforeEach(() => {
  line = new CommandLine();
  const outbox = { most: 10, now: () => NOW, sharesPending: true };
  store = openStore(line.db, { mode: 'write', outbox });
});
afterEach(() => {
  store.close();
  line.remove();
});

const put = (count: number, at = NOW) =>
  store.outbox.pending.put(
    Array.from({ length: count }, (_, key) => offenceOf({ at, key, points: 10 })),
  );

/** A server of this revision. */
function serverOf(
  revision: number,
  answer: (items: readonly KeyedReport[]) => ReportResponse = (items) => ({
    kind: 'processed',
    results: items.map((_, n) => ({ outcome: n === 0 ? 'new' : 'pending', reason: '' })),
  }),
) {
  const sent: number[] = [];
  const client = {
    version1: undefined,
    revision: async () => revision,
    report: async (items: readonly KeyedReport[]) => {
      sent.push(items.length);
      return answer(items);
    },
  } as unknown as FleetClient;
  return { client, sent };
}

const sender = () =>
  new PendingSender(
    86_400,
    () => NOW,
    () => 0,
  );

it('sends pages of what is not too old, and counts the blocks', async () => {
  put(20, NOW - 86_400);
  put(150);
  const { client, sent } = serverOf(6);
  expect(await sender().send(store, client)).toEqual({ reported: 150, blocks: 2 });
  expect(sent).toEqual([100, 50]);
  expect(store.outbox.pending.isEmpty).toBe(true);
});

it('sends nothing to a server that does not know what they are', async () => {
  put(1);
  const old = serverOf(5);
  expect(await sender().send(store, old.client)).toEqual({ reported: 0, blocks: 0 });
  const acacia = { version1: {}, revision: () => Promise.reject(new Error('asked')) };
  await sender().send(store, acacia as unknown as FleetClient);
  expect(old.sent).toEqual([]);
  expect(store.outbox.pending.isEmpty).toBe(false);
});

it('sends no more in a short time than leaves room for blocks', async () => {
  put(1000);
  const { client, sent } = serverOf(6);
  const one = sender();
  await one.send(store, client);
  await one.send(store, client);
  expect(sent).toEqual([100, 100, 100]);
});

it('keeps what the server takes later, and drops what it does not take', async () => {
  put(1);
  const { client } = serverOf(6, () => ({ kind: 'later', waitSeconds: 9 }));
  await sender().send(store, client);
  expect(store.outbox.pending.isEmpty).toBe(false);
  await sender().send(store, serverOf(6, () => ({ kind: 'malformed', reason: 'no' })).client);
  expect(store.outbox.pending.isEmpty).toBe(true);
});
