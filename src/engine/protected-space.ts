import { hostSpace, privateSpace } from '../blocklist/bogons.ts';
import type { Seconds } from '../blocklist/entry.ts';
import type { EvidenceSource } from '../blocklist/evidence-source.ts';
import { loginsAround } from '../blocklist/logins-around.ts';
import type { Policy } from '../blocklist/policy.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import { type Login, type TrustPolicy, trustedProtections } from '../blocklist/trust.ts';
import type { Address } from '../net/address.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import type { StoreReader } from '../store/reader.ts';
import { ownAddresses } from './own-addresses.ts';
import { isPast } from './past.ts';

/** The prefixes of the configuration that matter to protection. */
export type SpecialPrefixes = Pick<Policy['auto'], 'nat64' | 'proxies'>;

/**
 * What is always protected: the allow-list, this host's addresses, trusted proxies and, for requests
 * from logs, private space. Private space as the source of a packet that pf blocked on an external interface
 * is a bogon. Logins are not included, because what they protect depends on the time.
 * @param at the allow-list as of this time
 */
export function protectedSpace(
  store: StoreReader,
  { nat64, proxies }: SpecialPrefixes,
  at: Seconds,
  source: EvidenceSource = 'log',
): ProtectedSpace {
  const lasting = lastingProtections(store, proxies, at);
  return new ProtectedSpace([...lasting, ...(source === 'log' ? privateSpace() : [])], nat64);
}

/** The allow-list as of this time, this host, and trusted proxies. */
export function lastingProtections(
  store: Pick<StoreReader, 'allowed' | 'clock'>,
  proxies: readonly Prefix[],
  at: Seconds,
): Protection[] {
  return [
    ...allowedProtections(store, at),
    ...ownProtections(),
    // Clients reach services of this host through them.
    ...proxies.map((prefix): Protection => ({ prefix, reason: 'proxy' })),
  ];
}

export function allowedProtections(
  store: Pick<StoreReader, 'allowed' | 'clock'>,
  at: Seconds,
): Protection[] {
  const allowed = store.allowed(at);
  const then = isPast(store, at) ? allowed.filter(({ addedAt }) => addedAt <= at) : allowed;
  return then.map(({ prefix, expiresAt: until }) => ({
    prefix,
    reason: 'allowed',
    ...(until === 'forever' ? {} : { until }),
  }));
}

/**
 * The space with the addresses within the prefix, and within the IPv4 prefix that it embeds, that logins
 * make trusted now.
 * @param logins where they are read from
 */
export function withLogins(
  space: ProtectedSpace,
  store: Pick<StoreReader, 'supernets'>,
  logins: { loginsWithin(prefix: Prefix): readonly Login[] },
  prefix: Prefix,
  policy: TrustPolicy & Pick<Policy, 'auto'>,
  now: Seconds,
): ProtectedSpace {
  const around = loginsAround((one) => logins.loginsWithin(one), prefix, policy.auto.nat64);
  return space.plus(loginProtections(store, around, now, policy));
}

/** The addresses that these logins make trusted now. */
export function loginProtections(
  store: Pick<StoreReader, 'supernets'>,
  logins: readonly Login[],
  now: Seconds,
  policy: TrustPolicy,
): readonly Protection[] {
  const entriesAround = (address: Address) => store.supernets(hostPrefix(address));
  return trustedProtections(logins, entriesAround, now, policy);
}

/** This host's addresses, loopback and IPv6's link. */
export function ownProtections(): Protection[] {
  const prefixes = [...ownAddresses().map(hostPrefix), ...hostSpace()];
  return prefixes.map((prefix) => ({ prefix, reason: 'own' }));
}
