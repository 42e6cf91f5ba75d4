import type { Entry } from '../../src/blocklist/entry.ts';
import type { Evidence } from '../../src/blocklist/evidence.ts';
import type { Address } from '../../src/net/address.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { plainEvidence } from '../support/offence.ts';

/** 19 March 2026, 23:48:18 UTC. */
export const NOW = 1_773_964_098;

/** An entry that was activated a day before NOW and lasts 29 more days. */
export function entryOf(prefix: string, changes: Partial<Entry> = {}): Entry {
  return {
    prefix: parsePrefix(prefix),
    origin: 'grok',
    by: '',
    byAdmin: false,
    note: '',
    activations: 1,
    hits: 30,
    firstSeen: NOW - 90_000,
    lastSeen: NOW - 80_000,
    activatedAt: NOW - 86_400,
    expiresAt: NOW + 29 * 86_400,
    endedAt: undefined,
    hitDays: [20_530],
    ...changes,
  };
}

export function bogonOf(prefix: string): Entry {
  return entryOf(prefix, {
    origin: 'bogon',
    note: 'a range of its own',
    activations: 0,
    hits: 0,
    firstSeen: undefined,
    lastSeen: undefined,
    activatedAt: undefined,
    expiresAt: 0,
    hitDays: [],
  });
}

export function addressOfText(text: string): Address {
  const address = parseAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  return address;
}

export function evidenceOf(changes: Partial<Evidence> = {}): Evidence {
  return plainEvidence({
    address: addressOfText('192.0.2.7'),
    service: 'sshd',
    message: 'failed-login',
    count: 3,
    firstSeen: NOW - 90_000,
    lastSeen: NOW - 80_000,
    log: '/var/log/auth.log',
    host: 'gate',
    ...changes,
  });
}
