import type { Policy, UserLimits } from '../../blocklist/policy.ts';
import type { WidenBounds } from '../../blocklist/widen.ts';
import type { Config } from './config.ts';

/** The policy that the configuration sets for all countries. */
export function policyOf(config: Config): Policy {
  return {
    penalty: {
      firstSeconds: config.get('penalty.first'),
      longestSeconds: config.get('penalty.longest'),
    },
    auto: {
      length4: config.get('auto.length4'),
      length6: config.get('auto.length6'),
      nat64: config.get('auto.nat64'),
      proxies: config.get('trusted-proxies'),
    },
    persistent: { days: config.get('persistent.days') },
    reactivate: {
      widest4: config.get('reactivate.widest4'),
      widest6: config.get('reactivate.widest6'),
      points: config.get('reactivate.points'),
    },
    trust: {
      days: config.get('trust.days'),
      points: config.get('trust.points'),
      services: servicesOf(config),
    },
    offence: { points: config.get('offence.points'), windowSeconds: config.get('offence.window') },
    limits: {
      share: config.get('limits.share'),
      quorum: config.get('fleet.quorum'),
      user: userLimits(config),
    },
  };
}

function userLimits(config: Config): UserLimits {
  return {
    addresses4: config.get('limits.user-share'),
    prefixes6: config.get('limits.user-prefixes6'),
    widest4: config.get('limits.user-widest4'),
    widest6: config.get('limits.user-widest6'),
    longestSeconds: config.get('limits.user-longest'),
  };
}

/** The services whose logins count; undefined: all. */
function servicesOf(config: Config): readonly string[] | undefined {
  const services = config.get('trust.services');
  return services.length === 0 ? undefined : services;
}

/** Bounds for blocking the prefix around many blocked neighbours. */
export function widenBounds(config: Config): WidenBounds {
  return {
    widest4: config.get('widen.widest4'),
    widest6: config.get('widen.widest6'),
    share: config.get('widen.share'),
    minNetworks: config.get('widen.min-networks'),
  };
}
