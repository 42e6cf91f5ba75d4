import { coverageOfCoalesced, exceededFamily, narrowestWithin } from '../blocklist/coverage.ts';
import type { Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import { rulesOf } from '../blocklist/rules.ts';
import { McblockError } from '../errors.ts';
import type { Family } from '../net/address.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { subtract } from '../net/subtract.ts';
import type { Store } from '../store/store.ts';
import { holesAt } from './holes.ts';

/** The part of the policy that shapes the rules. */
export type RulesPolicy = Pick<Policy, 'trust' | 'limits'>;

/** The rules that the firewall should hold at that time. Throws the same errors as rulesOf. */
export function rulesAt(store: Store, policy: RulesPolicy, at: Seconds): PrefixList {
  return rulesOf(store.activePrefixes(at), store.activeByHand(at), holesAt(store, policy, at));
}

/** The rules of the narrowest entries, as many as are within the share. */
export function narrowestRulesAt(store: Store, policy: RulesPolicy, at: Seconds): PrefixList {
  const narrowest = narrowestWithin(store.activePrefixes(at), policy.limits.share);
  const byHand = store.activeByHand(at);
  const byHandOfThem = subtract(byHand, subtract(byHand, narrowest));
  return rulesOf(narrowest, byHandOfThem, holesAt(store, policy, at));
}

/** The family of which the rules cover more than the share. */
export function excessOf(rules: PrefixList, sharePercent: number): Family | undefined {
  return exceededFamily(coverageOfCoalesced(rules), sharePercent);
}

/**
 * The error for such rules.
 * @param what what becomes of them instead
 */
export function excessError(family: Family, sharePercent: number, what: string): McblockError {
  return new McblockError(
    'protected',
    `the rules cover more than ${sharePercent} % of the IPv${family} addresses (limits.share); ${what}; expire the widest entries, raise limits.share or use --force`,
  );
}
