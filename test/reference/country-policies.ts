import { automaticPrefix, type Policy } from '../../src/blocklist/policy.ts';
import type { Geo } from '../../src/engine/geo.ts';
import type { Policies } from '../../src/engine/policies.ts';
import type { Address } from '../../src/net/address.ts';
import { embeddedIn } from '../../src/net/embedded.ts';
import { prefixAround } from '../../src/net/prefix.ts';

/** What the keys geo.penalties, geo.lengths4 and geo.lengths6 of earlier versions said, by country. */
export interface CountryKeys {
  readonly penalties: Readonly<Record<string, number>>;
  readonly lengths4: Readonly<Record<string, number>>;
  readonly lengths6: Readonly<Record<string, number>>;
}

/** The policies that these keys made. */
export function policiesByCountry(common: Policy, keys: CountryKeys, geo: Geo): Policies {
  const { penalties, lengths4, lengths6 } = keys;
  const { penalty, auto } = common;
  const widest4 = Math.min(auto.length4, ...Object.values(lengths4));
  const widest6 = Math.min(auto.length6, ...Object.values(lengths6));
  const policyFor = (offender: Address): Policy => {
    const address = embeddedIn(offender, auto.nat64)?.address ?? offender;
    const network = prefixAround(address, address.family === 4 ? widest4 : widest6);
    const country = geo.country(network) ?? '';
    return {
      ...common,
      penalty: { ...penalty, firstSeconds: penalties[country] ?? penalty.firstSeconds },
      auto: {
        ...auto,
        length4: lengths4[country] ?? auto.length4,
        length6: lengths6[country] ?? auto.length6,
      },
    };
  };
  return {
    policyFor,
    spaceAround: (address) => automaticPrefix(address, policyFor(address)),
    windowSeconds: common.offence.windowSeconds,
    limits: common.limits,
    nat64: auto.nat64,
    proxies: auto.proxies,
  };
}
