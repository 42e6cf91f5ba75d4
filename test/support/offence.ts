import type { Evidence } from '../../src/blocklist/evidence.ts';
import { NO_DETAILS } from '../../src/blocklist/evidence.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { addressOf } from '../../src/net/address.ts';
import { offenceDetails } from '../../src/validation/offence.ts';

/** An offence of one point; every field that is not given has a plain value. */
export function offenceOf(over: Partial<Offence>): Offence {
  const details = offenceDetails({ ...NO_DETAILS, service: 'sshd', message: 'x', count: 1 });
  return { at: 0, address: addressOf(4, 0), points: 1, user: undefined, ...details, ...over };
}

/** Evidence without an address, seen once; every field that is not given has a plain value. */
export function plainEvidence(over: Partial<Evidence>): Evidence {
  return { ...NO_DETAILS, address: undefined, count: 1, firstSeen: 0, lastSeen: 0, ...over };
}
