/**
 * A program of its own that writes a store: to be run beside others, and to be killed.
 * Arguments: the store, its own number (1 to 255), and how many logs to record.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { addressOf } from '../../src/net/address.ts';
import { prefixAround } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { openStore } from '../../src/store/store.ts';
import { entryOf, evidenceOf, NOW } from './models.ts';

/** So many entries each log makes. */
const ENTRIES_PER_LOG = 40;

const [path = '', own = '', count = ''] = process.argv.slice(2);
const shared = parsePrefix('198.51.100.0/24');
const model = entryOf('192.0.2.0/24');

writeSync(1, '.');
const store = openStore(path, {
  mode: 'write',
  seed: () => [entryOf('198.51.100.0/24', { hits: 0 })],
});
for (let log = 0; log < Number(count); log++) {
  store.transaction(() => record(log));
  // Whoever reads this may rely on it.
  writeSync(1, '!');
}
store.close();

/** All that one log tells: its entries, their evidence, a hit of the entry that all share. */
function record(log: number): void {
  const name = `${own}/${log}`;
  for (let index = 0; index < ENTRIES_PER_LOG; index++) {
    const network = Number(own) * 2 ** 24 + log * ENTRIES_PER_LOG * 256 + index * 256;
    const entry = { ...model, prefix: prefixAround(addressOf(4, network), 24), note: name };
    const evidence = [{ activation: 1, rows: [evidenceOf({ log: name })] }];
    store.record({ entry, activations: [entry], evidence });
  }
  const entry = store.get(shared);
  if (!entry) throw new Error('the entry that all share is gone');
  store.record({ entry: { ...entry, hits: entry.hits + 1 } });
  const digest = createHash('sha256').update(name).digest();
  const times = { firstEvent: NOW, lastEvent: NOW, readAt: NOW };
  store.recordLog({ digest, name, bytes: 1, lines: 1, ...times, head: digest });
}
