import type { Seconds } from '../blocklist/entry.ts';
import { automaticPrefix, type Policy, type PolicyFor } from '../blocklist/policy.ts';
import type { ProxySearch } from '../log/served-requests.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';

/** The policy for each address: rules may make exceptions. */
export interface Policies {
  /** The same for all addresses of one automatic prefix. */
  readonly policyFor: PolicyFor;
  /** The widest prefix that may be blocked automatically around an address. */
  readonly spaceAround: (address: Address) => Prefix;
  /** The longest window in which offences are counted together. */
  readonly windowSeconds: Seconds;
  /** How much may be active; the same for all addresses. */
  readonly limits: Policy['limits'];
  /** The prefixes of NAT64 translators besides the well-known one; the same too. */
  readonly nat64: readonly Prefix[];
  /** The proxies in front of services of this host; the same too. */
  readonly proxies: readonly Prefix[];
}

/** How likely proxies are found in the logs of web servers; undefined where the proxies are known. */
export function proxySearchOf(policies: Policies): ProxySearch | undefined {
  const { policyFor, windowSeconds, proxies } = policies;
  if (proxies.length > 0) return undefined;
  return { windowSeconds, prefixOf: (address) => automaticPrefix(address, policyFor(address)) };
}

/** One policy for all addresses. */
export function onePolicy(policy: Policy): Policies {
  return {
    policyFor: () => policy,
    spaceAround: (address) => automaticPrefix(address, policy),
    windowSeconds: policy.offence.windowSeconds,
    limits: policy.limits,
    nat64: policy.auto.nat64,
    proxies: policy.auto.proxies,
  };
}
