import { coverageOfCoalesced, exceededFamily, narrowestWithin } from '../blocklist/coverage.ts';
import { withEmbedded } from '../blocklist/embedded-holes.ts';
import type { Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Protection } from '../blocklist/request.ts';
import { rulesOf } from '../blocklist/rules.ts';
import { McblockError } from '../errors.ts';
import type { Family } from '../net/address.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import { subtract } from '../net/subtract.ts';
import type { StoreReader } from '../store/reader.ts';
import { activeByHandAt, activePrefixesAt } from './active-at.ts';
import { holesAt } from './holes.ts';
import { isPast } from './past.ts';

/** The part of the policy that shapes the rules. */
export type RulesPolicy = Pick<Policy, 'trust' | 'limits' | 'auto'>;

/**
 * The rules that the firewall should hold at that time. Throws the same errors as rulesOf.
 * @param since if the time is in doubt: the latest that is not, whose rules and holes stay
 */
export function rulesAt(
  store: StoreReader,
  policy: RulesPolicy,
  at: Seconds,
  since: Seconds = at,
): PrefixList {
  const active = atBoth(at, since, (time) => activePrefixesAt(store, time));
  return rulesFrom(active, store, policy, at, since);
}

/** As rulesAt, while other work of this process goes on. */
export async function rulesInTurns(
  store: StoreReader,
  policy: RulesPolicy,
  at: Seconds,
  since: Seconds = at,
): Promise<PrefixList> {
  if (isPast(store, at)) return rulesAt(store, policy, at, since);
  const active = await store.activePrefixesInTurns(at);
  if (since !== at) pushAll(active, await store.activePrefixesInTurns(since));
  return rulesFrom(active, store, policy, at, since);
}

/** The rules of the narrowest entries, as many as are within the share. */
export function narrowestRulesAt(
  store: StoreReader,
  policy: RulesPolicy,
  at: Seconds,
  since: Seconds = at,
): PrefixList {
  const active = atBoth(at, since, (time) => activePrefixesAt(store, time));
  const narrowest = narrowestWithin(active, policy.limits.share);
  const byHand = atBoth(at, since, (time) => activeByHandAt(store, time));
  const byHandOfThem = subtract(byHand, subtract(byHand, narrowest));
  return rulesOf(narrowest, byHandOfThem, holesAtBoth(store, policy, at, since, narrowest));
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

function rulesFrom(
  active: PrefixList,
  store: StoreReader,
  policy: RulesPolicy,
  at: Seconds,
  since: Seconds,
): PrefixList {
  const byHand = atBoth(at, since, (time) => activeByHandAt(store, time));
  return rulesOf(active, byHand, holesAtBoth(store, policy, at, since, active));
}

/** The holes of both times: an address that was trusted until the clock jumped still is. */
function holesAtBoth(
  store: StoreReader,
  policy: RulesPolicy,
  at: Seconds,
  since: Seconds,
  active: PrefixList,
): readonly Protection[] {
  const holes = holesAt(store, policy, at);
  if (since !== at) holes.push(...holesAt(store, policy, since));
  return withEmbedded(holes, active, policy.auto.nat64);
}

/** The prefixes of both times. */
function atBoth(
  at: Seconds,
  since: Seconds,
  prefixesAt: (time: Seconds) => PrefixList,
): PrefixList {
  const prefixes = prefixesAt(at);
  if (since !== at) pushAll(prefixes, prefixesAt(since));
  return prefixes;
}

function pushAll(list: PrefixList, more: PrefixList): void {
  for (const prefix of more) list.push(prefix);
}
