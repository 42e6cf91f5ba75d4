import type { Address } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';
import type { OffenceKind } from './offence.ts';
import { type Amount, amountOf } from './policy-rule.ts';
import type { DecisionEffects, PolicyRules } from './policy-rules.ts';
import type { Usage } from './user-usage.ts';

/** The rules of the blocklist that the owner sets. */
export interface Policy {
  readonly penalty: {
    /** The first penalty; each further one is twice as long. */
    readonly firstSeconds: number;
    /** The upper limit of all penalties. */
    readonly longestSeconds: number;
  };
  readonly auto: {
    /** The prefix length around an IPv4 or IPv6 offender that is blocked automatically. */
    readonly length4: number;
    readonly length6: number;
    /** The prefixes of NAT64 translators besides the well-known one (RFC 6052). */
    readonly nat64: readonly Prefix[];
    /** The proxies in front of services of this host, which are never blocked automatically. */
    readonly proxies: readonly Prefix[];
  };
  readonly persistent: {
    /** Hits on this many distinct days prolong an activation. */
    readonly days: number;
  };
  readonly reactivate: {
    /** The shortest prefix length of an expired entry that a request may reactivate. */
    readonly widest4: number;
    readonly widest6: number;
    /** Points within the window that reactivate a prefix. */
    readonly points: number;
  };
  readonly trust: {
    /** How long an accepted login protects its address. */
    readonly days: number;
    /** Points within the window that block a trusted address. */
    readonly points: number;
    /** The services whose logins count; undefined: all. */
    readonly services?: readonly string[] | undefined;
  };
  readonly offence: {
    /** Points within the window, from one automatic prefix, that lead to a block. */
    readonly points: number;
    readonly windowSeconds: number;
  };
  readonly limits: {
    /** The most that may be active at once, in percent of each family's addresses. */
    readonly share: number;
    /** How many machines of a fleet must report a prefix wider than the automatic length. */
    readonly quorum: number;
    /** For each user of a fleet who is no administrator. */
    readonly user: UserLimits;
  };
  /** Exceptions; undefined if there are none for the address. */
  readonly rules?: PolicyRules | undefined;
}

/** How much one user of a fleet may block. */
export interface UserLimits extends Usage {
  /** The shortest prefix lengths. */
  readonly widest4: number;
  readonly widest6: number;
  readonly longestSeconds: number;
}

export const DAY_SECONDS = 86_400;

export const DEFAULT_POLICY: Policy = {
  penalty: { firstSeconds: 30 * DAY_SECONDS, longestSeconds: 3650 * DAY_SECONDS },
  auto: { length4: 24, length6: 64, nat64: [], proxies: [] },
  persistent: { days: 3 },
  reactivate: { widest4: 8, widest6: 19, points: 10 },
  trust: { days: 30, points: 300 },
  offence: { points: 30, windowSeconds: DAY_SECONDS },
  limits: {
    share: 25,
    quorum: 1,
    user: {
      addresses4: 2 ** 22,
      prefixes6: 65_536,
      widest4: 20,
      widest6: 48,
      longestSeconds: 365 * DAY_SECONDS,
    },
  },
};

/**
 * The prefix around an offender that is blocked automatically. Where an IPv6 address embeds an IPv4
 * one, that decides: NAT64 would put the whole IPv4 internet into one /64.
 */
export function automaticPrefix(offender: Address, { auto }: Pick<Policy, 'auto'>): Prefix {
  const { length4, length6, nat64 } = auto;
  if (offender.family === 4) return prefixAround(offender, length4);
  return embeddedIn(offender, nat64)?.prefixOf(length4) ?? prefixAround(offender, length6);
}

/**
 * The policy for each address; the same for all addresses of one automatic prefix. That of a wider
 * prefix is for a request by hand.
 */
export type PolicyFor = (address: Address | Prefix) => Policy;

/** How long an offence of this kind counts. */
export function windowOf(kind: OffenceKind, { offence, rules }: Policy): number {
  return rules?.windowSeconds(kind) ?? offence.windowSeconds;
}

/** How long an offence counts, at most. */
export function longestWindow({ offence, rules }: Policy): number {
  return Math.max(offence.windowSeconds, rules?.longestWindowSeconds ?? 0);
}

/** The widest prefix that a rule may have blocked around an offender instead of the automatic one. */
export function widestPrefix(offender: Address, { auto, rules }: Policy): Prefix {
  return automaticPrefix(offender, {
    auto: {
      ...auto,
      length4: Math.min(auto.length4, rules?.widest4 ?? auto.length4),
      length6: Math.min(auto.length6, rules?.widest6 ?? auto.length6),
    },
  });
}

/** The policy with the effects of a decision. */
export function withEffects(policy: Policy, effects: DecisionEffects): Policy {
  const { penalty, length4, length6 } = effects;
  const ruled = penalty === undefined ? policy : withPenalty(policy, penalty);
  if (length4 === undefined && length6 === undefined) return ruled;
  const { auto } = policy;
  return {
    ...ruled,
    auto: { ...auto, length4: length4 ?? auto.length4, length6: length6 ?? auto.length6 },
  };
}

export function withPenalty(policy: Policy, penalty: Amount): Policy {
  const { firstSeconds, longestSeconds } = policy.penalty;
  return {
    ...policy,
    penalty: { firstSeconds: Math.ceil(amountOf(penalty, firstSeconds)), longestSeconds },
  };
}
