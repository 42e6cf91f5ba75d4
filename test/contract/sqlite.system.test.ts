import { join } from 'node:path';
import { afterEach } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import { temporaryDirectory } from '../store/helpers.ts';
import { storeContract } from './store-contract.ts';

const open: Store[] = [];
let number = 0;

storeContract('SQLite', (seed) => {
  number += 1;
  const path = join(temporaryDirectory(), `${number}.db`);
  const store = openStore(path, { mode: 'write', seed: () => seed });
  open.push(store);
  return store;
});

afterEach(() => {
  for (const store of open.splice(0)) store.close();
});
