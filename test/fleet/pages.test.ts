import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFleetStore } from '../../src/engine/fleet-store.ts';
import type { FleetStore } from '../../src/fleet/fleet-store.ts';
import { Pages } from '../../src/fleet/pages.ts';
import { CommandLine } from '../support/command-line.ts';
import { fillFleet } from '../support/fill-fleet.ts';

const START = Date.UTC(2026, 2, 24) / 1000;
const SIZE = 10;

interface PageJson {
  readonly next: number;
  readonly more: boolean;
  readonly changes: readonly { readonly sequence: number }[];
}

let line: CommandLine;
let store: FleetStore;
let now: number;
let pages: Pages;
beforeEach(async () => {
  line = new CommandLine();
  now = START;
  store = await openFleetStore(line.path('fleet.db'));
  await fillFleet(store, 35, START);
  pages = new Pages(
    store,
    await store.identity(),
    () => store.sequence(),
    () => now,
  );
});
afterEach(async () => {
  await store.close();
  line.remove();
});

async function after(since: number): Promise<PageJson> {
  const page = await pages.since(since, SIZE, undefined);
  return JSON.parse(String(page?.body.plain)) as PageJson;
}

/** The numbers of the changes on the pages after a number, page by page. */
async function numbersAfter(since: number): Promise<number[][]> {
  const { next, more, changes } = await after(since);
  return [changes.map(({ sequence }) => sequence), ...(more ? await numbersAfter(next) : [])];
}

/** Of a full page and the last one. */
function bodies() {
  return Promise.all([0, 30].map((since) => pages.since(since, SIZE, undefined)));
}

function large(since: number) {
  return pages.since(since, 100_000, undefined);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

it('ends pages at the multiples of their size, so that all machines get the same ones', async () => {
  const rest = [range(21, 30), range(31, 35)];
  expect(await numbersAfter(0)).toEqual([range(1, 10), range(11, 20), ...rest]);
  expect(await numbersAfter(13)).toEqual([range(14, 20), ...rest]);
  expect(await numbersAfter(35)).toEqual([[]]);
});

it('goes on where no change of a block is left', async () => {
  // All entries change again.
  await fillFleet(store, 35, START);
  expect(await numbersAfter(0)).toEqual([
    range(36, 45),
    range(46, 50),
    range(51, 60),
    range(61, 70),
  ]);
});

it('sends a page before the last one again for a minute, and the last one only unchanged', async () => {
  const before = await bodies();
  expect(await bodies()).toEqual(before);
  await fillFleet(store, 1, START);
  const [first, last] = await bodies();
  expect(first).toBe(before[0]);
  expect(last).not.toBe(before[1]);
  // Nothing is lost: the entry that changed comes again.
  expect(await numbersAfter(0)).toEqual([
    range(1, 10),
    range(11, 20),
    range(21, 30),
    range(31, 36),
  ]);
  now += 60;
  expect((await bodies())[0]).not.toBe(before[0]);
  expect((await numbersAfter(0))[0]).toEqual(range(2, 10));
});

it('keeps pages of a million changes at most, however many changes a page may have', async () => {
  const numbers = range(0, 10);
  const first = await Promise.all(numbers.map(large));
  // In this order, nothing is dropped before it is asked for.
  const again = await Promise.all(numbers.toReversed().map(large));
  const isSame = again.toReversed().map((page, index) => page === first[index]);
  expect(isSame).toEqual(numbers.map((since) => since > 0));
});
