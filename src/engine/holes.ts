import type { Seconds } from '../blocklist/entry.ts';
import { loginsAround } from '../blocklist/logins-around.ts';
import type { Policy } from '../blocklist/policy.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import { type TrustPolicy, trustedSince } from '../blocklist/trust.ts';
import type { Prefix } from '../net/prefix.ts';
import { EVERYTHING } from '../store/pages.ts';
import type { StoreReader } from '../store/reader.ts';
import { connectedNetworks } from './own-addresses.ts';
import { lastingProtections, loginProtections, type SpecialPrefixes } from './protected-space.ts';

/**
 * What stays a hole in the rules whoever blocks the prefix: the allow-list, this host and trusted
 * proxies.
 */
export function lastingHoles(
  store: Pick<StoreReader, 'allowed' | 'clock'>,
  prefix: Prefix,
  { nat64, proxies }: SpecialPrefixes,
  at: Seconds,
): readonly Protection[] {
  return [
    ...new ProtectedSpace(lastingProtections(store, proxies, at), nat64).allOverlapping(prefix),
  ];
}

/**
 * The holes in the rules at that time: the allow-list, this host, trusted proxies, the networks that it
 * is connected to, and trusted addresses.
 * @param within where trusted addresses are looked for
 */
export function holesAt(
  store: StoreReader,
  policy: TrustPolicy & Pick<Policy, 'auto'>,
  at: Seconds,
  within: readonly Prefix[] = EVERYTHING,
): Protection[] {
  const since = Math.max(0, trustedSince(at, policy));
  const logins = within.flatMap((prefix) =>
    loginsAround((one) => store.loginsWithin(one, since), prefix, policy.auto.nat64),
  );
  return [
    ...lastingProtections(store, policy.auto.proxies, at),
    ...connectedNetworks().map((prefix): Protection => ({ prefix, reason: 'connected' })),
    ...loginProtections(store, logins, at, policy),
  ];
}
