import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { temporaryDirectory } from './helpers.ts';

const MAX_AGE = 20;

function newStore() {
  const path = join(temporaryDirectory(), 'mcblock.db');
  const store = openStore(path, { mode: 'write' });
  onTestFinished(() => store.close());
  return { path, store };
}

it('accepts no number of a sender twice, whatever it forgets, and each that is young once', () => {
  const { store } = newStore();
  let run = 0;
  const anyNumbers = fc.array(
    fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 80 })),
    {
      maxLength: 100,
    },
  );
  fc.assert(
    fc.property(anyNumbers, (numbers) => {
      run++;
      const accepted = new Set<string>();
      let now = 0;
      for (const [who, number] of numbers) {
        const sender = `${who}${run}`;
        const name = `${sender} ${number}`;
        // Numbers rise with time, and messages overtake each other.
        now = Math.max(now, number);
        store.fleetState.senders.forget(now - MAX_AGE);
        const isNew = store.fleetState.senders.receive(sender, number, number);
        if (accepted.has(name)) expect(isNew).toBe(false);
        else if (number >= now - MAX_AGE) expect(isNew).toBe(true);
        if (isNew) accepted.add(name);
      }
      store.fleetState.senders.forget(1000);
      for (const name of accepted) {
        const [sender = '', number] = name.split(' ');
        expect(store.fleetState.senders.receive(sender, Number(number), 0)).toBe(false);
      }
    }),
  );
});

it('is bounded, and refuses what it cannot tell any more', () => {
  const { store } = newStore();
  store.transaction(() => {
    for (let number = 1; number <= 70_000; number++)
      store.fleetState.senders.receive('a', number, number);
    store.fleetState.senders.forget(0);
  });
  expect(store.fleetState.senders.receive('a', 1, 1)).toBe(false);
  expect(store.fleetState.senders.receive('a', 4464, 4464)).toBe(false);
  expect(store.fleetState.senders.receive('a', 69_999, 69_999)).toBe(false);
  expect(store.fleetState.senders.receive('a', 70_001, 70_001)).toBe(true);
  expect(store.fleetState.senders.receive('b', 1, 70_000)).toBe(true);
});

it('keeps keys and numbers in the store, and the numbers of those who lose their key', () => {
  const { path, store } = newStore();
  store.fleetState.senders.replaceKeys(
    new Map([
      ['a', 'A'],
      ['b', 'B'],
    ]),
  );
  store.fleetState.senders.receive('a', 5, 100);
  store.fleetState.senders.forget(101);
  store.fleetState.senders.replaceKeys(new Map([['b', 'C']]));
  const again = openStore(path, { mode: 'write' });
  try {
    expect(again.fleetState.senders.keys()).toEqual(new Map([['b', 'C']]));
    again.fleetState.senders.replaceKeys(new Map([['a', 'A']]));
    expect(again.fleetState.senders.receive('a', 5, 100)).toBe(false);
    expect(again.fleetState.senders.receive('a', 6, 100)).toBe(true);
  } finally {
    again.close();
  }
});
