import type { Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import { type Config, policyOf } from '../cli/config/config.ts';
import type { Address } from '../net/address.ts';
import { prefixAround } from '../net/prefix.ts';
import type { Geo } from './geo.ts';

/** The policy, as it is for each address: its country may have penalties and lengths of its own. */
export interface Policies {
  /** The same for all addresses of one automatic prefix. */
  readonly policyFor: (address: Address) => Policy;
  /** How long offences count together, wherever they came from. */
  readonly windowSeconds: Seconds;
}

export function policiesOf(config: Config, geo: Geo | undefined): Policies {
  const common = policyOf(config);
  const { windowSeconds } = common.offence;
  const byCountry = countryPolicies(config, common);
  if (geo === undefined || byCountry.size === 0) return { policyFor: () => common, windowSeconds };
  const all = [common, ...byCountry.values()];
  // A country is looked up for the widest prefix that any country asks for: so the automatic
  // prefixes of two addresses are the same or lie apart.
  const widest4 = Math.min(...all.map(({ auto }) => auto.length4));
  const widest6 = Math.min(...all.map(({ auto }) => auto.length6));
  return {
    windowSeconds,
    policyFor(address) {
      const network = prefixAround(address, address.family === 4 ? widest4 : widest6);
      const country = geo.country(network);
      return (country === undefined ? undefined : byCountry.get(country)) ?? common;
    },
  };
}

function countryPolicies(config: Config, common: Policy): ReadonlyMap<string, Policy> {
  const penalties = config.get('geo.penalties');
  const lengths4 = config.get('geo.lengths4');
  const lengths6 = config.get('geo.lengths6');
  const countries = new Set([...penalties.keys(), ...lengths4.keys(), ...lengths6.keys()]);
  return new Map(
    Array.from(countries, (country): [string, Policy] => [
      country,
      {
        ...common,
        penalty: {
          ...common.penalty,
          firstSeconds: penalties.get(country) ?? common.penalty.firstSeconds,
        },
        auto: {
          length4: lengths4.get(country) ?? common.auto.length4,
          length6: lengths6.get(country) ?? common.auto.length6,
        },
      },
    ]),
  );
}
