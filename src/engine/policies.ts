import type { Seconds } from '../blocklist/entry.ts';
import { automaticPrefix, type Policy } from '../blocklist/policy.ts';
import type { ProxySearch } from '../log/served-requests.ts';
import type { Address } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';
import type { Geo } from './geo.ts';

/** The policy for each address: a country may have its own penalties and lengths. */
export interface Policies {
  /** The same for all addresses of one automatic prefix. */
  readonly policyFor: (address: Address) => Policy;
  /** The window in which offences are counted together, the same for all countries. */
  readonly windowSeconds: Seconds;
  /** How much may be active; the same too. */
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
    windowSeconds: policy.offence.windowSeconds,
    limits: policy.limits,
    nat64: policy.auto.nat64,
    proxies: policy.auto.proxies,
  };
}

/**
 * @param common the policy for countries that have none of their own, and for unknown ones
 * @param byCountry policies by country code (ISO 3166-1 alpha-2)
 */
export function policiesByCountry(
  common: Policy,
  byCountry: ReadonlyMap<string, Policy>,
  geo: Geo | undefined,
): Policies {
  if (geo === undefined || byCountry.size === 0) return onePolicy(common);
  const all = [common, ...byCountry.values()];
  // A country is looked up for the widest automatic prefix of any country, so that the automatic
  // prefixes of two addresses are either the same or disjoint.
  const widest4 = Math.min(...all.map(({ auto }) => auto.length4));
  const widest6 = Math.min(...all.map(({ auto }) => auto.length6));
  return {
    windowSeconds: common.offence.windowSeconds,
    limits: common.limits,
    nat64: common.auto.nat64,
    proxies: common.auto.proxies,
    policyFor(offender) {
      const address = embeddedIn(offender, common.auto.nat64)?.address ?? offender;
      const network = prefixAround(address, address.family === 4 ? widest4 : widest6);
      const country = geo.country(network);
      return (country === undefined ? undefined : byCountry.get(country)) ?? common;
    },
  };
}
