import { privateSpace } from '../blocklist/bogons.ts';
import type { EvidenceSource } from '../blocklist/evidence-source.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import { hostPrefix } from '../net/prefix.ts';
import type { Store } from '../store/store.ts';
import { ownAddresses } from './own-addresses.ts';

/**
 * What is protected at all times: the allow-list, this host's addresses and, from requests that
 * come from logs, private space; in what pf saw come from outside it is a bogon. Logins are not
 * among it, as what they protect depends on the time.
 */
export function protectedSpace(store: Store, witness: EvidenceSource = 'log'): ProtectedSpace {
  return new ProtectedSpace([
    ...allowedProtections(store),
    ...ownProtections(),
    ...(witness === 'log' ? privateSpace() : []),
  ]);
}

/** Those of the allow-list. */
export function allowedProtections(store: Pick<Store, 'allowed'>): Protection[] {
  return store.allowed().map(({ prefix }) => ({ prefix, reason: 'allowed' }));
}

/** Those of this host's addresses. */
export function ownProtections(): Protection[] {
  return ownAddresses().map((address) => ({ prefix: hostPrefix(address), reason: 'own' }));
}
