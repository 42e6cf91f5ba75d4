import { coverageOfCoalesced, exceededFamily, narrowestWithin } from '../blocklist/coverage.ts';
import type { Seconds } from '../blocklist/entry.ts';
import { rulesOf } from '../blocklist/rules.ts';
import { McblockError } from '../errors.ts';
import type { Family } from '../net/address.ts';
import { PrefixList } from '../net/prefix-list.ts';
import type { Store } from '../store/store.ts';

/** The rules that the firewall should hold at that time. Throws the same errors as rulesOf. */
export function rulesAt(store: Store, at: Seconds): PrefixList {
  return rulesOf(store.activePrefixes(at), allowedList(store));
}

/** The rules of the narrowest entries, as many as are within the share. */
export function narrowestRulesAt(store: Store, at: Seconds, sharePercent: number): PrefixList {
  return rulesOf(narrowestWithin(store.activePrefixes(at), sharePercent), allowedList(store));
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

function allowedList(store: Store): PrefixList {
  return PrefixList.from(store.allowed().map(({ prefix }) => prefix));
}
