import { type Entry, neverActive } from '../../src/blocklist/entry.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import type { Store } from '../../src/store/store.ts';
import { plainEvidence } from './offence.ts';

/** Records so many offenders, all different and each in a log of its own, from this number on. */
export function recordOffences(store: Store, first: number, count: number, at: number): void {
  store.transaction(() => {
    for (let number = first; number < first + count; number++) {
      const network = `5.${number >> 8}.${number & 255}`;
      const prefix = parsePrefix(`${network}.0/24`);
      const times = { firstSeen: at, lastSeen: at, activatedAt: at, expiresAt: 'forever' } as const;
      const entry: Entry = {
        ...neverActive(prefix, 'grok', ''),
        activations: 1,
        hits: 1,
        ...times,
      };
      const address = parseAddress(`${network}.7`);
      const seen = { count: 1, firstSeen: at, lastSeen: at, log: String(number), host: '' };
      const rows = [plainEvidence({ address, service: 'sshd', message: 'x', ...seen })];
      store.record({ entry, activations: [entry], evidence: [{ activation: 1, rows }] });
    }
  });
}
