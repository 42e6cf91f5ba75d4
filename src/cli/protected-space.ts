import { privateSpace } from '../blocklist/bogons.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import { hostPrefix } from '../net/prefix.ts';
import type { Store } from '../store/store.ts';
import { ownAddresses } from './own-addresses.ts';

/** What no command blocks unless it is forced to: the allow-list and this host. */
export function protectedByHand(store: Store): ProtectedSpace {
  return new ProtectedSpace(handProtections(store));
}

/** What no log may have blocked, but for logins, which depend on the time of the offence. */
export function protectedFromLogs(store: Store): ProtectedSpace {
  return new ProtectedSpace([...handProtections(store), ...privateSpace()]);
}

function handProtections(store: Store): Protection[] {
  return [
    ...store.allowed().map(({ prefix }): Protection => ({ prefix, reason: 'allowed' })),
    ...ownAddresses().map(
      (address): Protection => ({ prefix: hostPrefix(address), reason: 'own' }),
    ),
  ];
}
