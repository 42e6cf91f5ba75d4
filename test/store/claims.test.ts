import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { temporaryDirectory } from './helpers.ts';

const NOW = 1_790_000_000;
const MOST = 4096;

describe('claims', () => {
  let store: Store;
  beforeEach(() => {
    store = openStore(`${temporaryDirectory()}/mcblock.db`, { mode: 'write' });
  });
  afterEach(() => store.close());
  const claim = (n: number, at: number) =>
    store.fleetState.claims.claim(parsePrefix(`5.${n >> 8}.${n & 255}.0/24`), 'gate1', NOW + 9, at);

  it('are the latest 4,096, also where all came in one second', () => {
    store.transaction(() => {
      for (let n = 0; n < MOST + 10; n++) claim(n, NOW);
    });
    expect(store.fleetState.claims.waiting(NOW)).toBe(MOST);
    store.transaction(() => {
      for (let n = 0; n < 10; n++) expect(claim(n, NOW + 1)).toBe(1);
    });
    expect(store.fleetState.claims.waiting(NOW)).toBe(MOST);
  });
});
