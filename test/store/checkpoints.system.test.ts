import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addressOf } from '../../src/net/address.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { Checkpoints } from '../../src/store/checkpoints.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { until } from '../support/until.ts';
import { entryOf, temporaryDirectory } from './helpers.ts';

const MEBIBYTE = 2 ** 20;
const note = 'x'.repeat(1000);
let written = 0;

function write(store: Store, entries: number): void {
  store.transaction(() => {
    for (let index = 0; index < entries; index++) {
      const prefix = prefixAround(addressOf(4, 0x0a_00_00_00 + 256 * written++), 24);
      store.record({ entry: { ...entryOf('192.0.2.0/24'), prefix, note } });
    }
  });
}

it('a thread moves what was committed into the database, and the log stays small', async () => {
  const path = join(temporaryDirectory(), 's.db');
  const sizeOf = (file: string) => statSync(file).size;
  const store = openStore(path, { mode: 'write' });
  const before = sizeOf(path);
  await store.checkpointAside();
  for (let slice = 0; slice < 90; slice++) write(store, 100);
  // No commit did it itself.
  expect(sizeOf(`${path}-wal`)).toBeGreaterThan(8 * MEBIBYTE);
  await until(() => {
    // The log begins anew with the first commit after that.
    write(store, 1);
    return sizeOf(path) > before + 8 * MEBIBYTE && sizeOf(`${path}-wal`) < MEBIBYTE;
  });
  store.close();
  await until(() => !existsSync(`${path}-wal`));
  const again = openStore(path, { mode: 'read' });
  expect(Array.from(again.entries()).length).toBe(written);
  again.close();
});

it('a thread that cannot do its work says so', async () => {
  const path = join(temporaryDirectory(), 's.db');
  await expect(Checkpoints.start(path, '/none', () => {})).rejects.toThrow("'/none'");
});
