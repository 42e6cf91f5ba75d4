import type { Entry } from '../blocklist/entry.ts';
import { Judge } from '../blocklist/judge.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Login } from '../blocklist/protect.ts';
import type { LogSummary } from '../log/read-offences.ts';
import type { Address } from '../net/address.ts';
import { hostPrefix, type Prefix, prefixAround } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { type Around, Draft } from './draft.ts';
import type { GrokReport } from './grok-report.ts';
import { protectedSpace } from './protected-space.ts';

/**
 * Judges the offences of a log, place after place: what happens in one cannot concern another,
 * unless an entry that is wider than both covers them; then they are judged together. `settle` is
 * given what became of each.
 */
export function judgeLog(
  context: Context,
  store: Store,
  summary: LogSummary,
  policy: Policy,
  report: GrokReport,
  settle: (draft: Draft) => void,
): void {
  const space = protectedSpace(store);
  const logins = new PrefixMap<Login>();
  for (const login of summary.logins) logins.set(hostPrefix(login.address), login);
  const around = aroundPlaces(store);
  const groupOf = (address: Address): string => {
    const place = placeOf(address, policy);
    return formatPrefix(around(place)[0]?.prefix ?? place);
  };
  for (const offences of summary.groups(groupOf)) {
    const draft = new Draft(store, around, logins, (verdict) => report.add(verdict));
    const judge = new Judge(draft, space, policy, () => context.now);
    for (const offence of offences) judge.offend(offence);
    report.spare(judge.finish().spared);
    settle(draft);
  }
}

/** The automatic prefix around an address. */
function placeOf(address: Address, { auto }: Policy): Prefix {
  return prefixAround(address, address.family === 4 ? auto.length4 : auto.length6);
}

/**
 * What the store has around a prefix. It is asked once for each: nothing that is written while a log
 * is judged lies around a place that is judged later.
 */
function aroundPlaces(store: Store): Around {
  const known = new Map<string, readonly Entry[]>();
  return (prefix) => {
    const key = formatPrefix(prefix);
    const entries = known.get(key) ?? store.covering(prefix);
    known.set(key, entries);
    return entries;
  };
}
