import { Judge } from '../blocklist/judge.ts';
import { Logins } from '../blocklist/logins.ts';
import type { Offence } from '../blocklist/offence.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Login } from '../blocklist/protect.ts';
import type { Witness } from '../blocklist/witness.ts';
import type { LogSummary } from '../log/read-offences.ts';
import type { Address } from '../net/address.ts';
import { type Prefix, prefixAround } from '../net/prefix.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { Draft, type Past } from './draft.ts';
import type { GrokReport } from './grok-report.ts';
import { PendingOffences } from './pending.ts';
import { protectedSpace } from './protected-space.ts';

/** By what a log is judged. */
export interface Rules {
  readonly policy: Policy;
  readonly witness: Witness;
}

/**
 * Judges the offences of a log, place after place: what happens in one cannot concern another,
 * unless an entry that is wider than both covers them; then they are judged together. `settle` is
 * given what became of each. Returns what is pending afterwards.
 */
export function judgeLog(
  context: Context,
  store: Store,
  summary: LogSummary,
  rules: Rules,
  report: GrokReport,
  settle: (draft: Draft) => void,
): readonly Offence[] {
  const { witness } = rules;
  const policy = policyFor(rules);
  const space = protectedSpace(store, witness);
  const past = pastOf(store, summary.logins);
  const spaceAround = (address: Address): Prefix => {
    const place = placeOf(address, policy);
    return past.covering(place)[0]?.prefix ?? place;
  };
  // What is pending was told of by services: what pf tells makes no new entry.
  const pending = new PendingOffences(witness === 'log' ? store.pending() : []);
  for (const group of summary.groups(spaceAround)) {
    const draft = new Draft(past, witness);
    const judge = new Judge(draft, space, policy, () => context.now, witness);
    for (const offence of pending.joined(group.space, group.offences)) judge.offend(offence);
    const judged = judge.finish();
    pending.keep(judged.pending);
    for (const spared of judged.spared) report.spared.push(spared);
    report.entries.add(draft.changes());
    settle(draft);
  }
  const logEnd = Math.min(summary.span?.last ?? 0, context.now);
  return pending.rest(logEnd, policy.offence.windowSeconds);
}

/** What pf saw concerns the address alone, not what lies around it. */
function policyFor({ policy, witness }: Rules): Policy {
  return witness === 'log' ? policy : { ...policy, auto: { length4: 32, length6: 128 } };
}

/** What the store and the logins of the log say. */
function pastOf(store: Store, logins: readonly Login[]): Past {
  const surroundings = store.surroundings();
  const told = new Logins(logins);
  return {
    covering: (prefix) => surroundings.covering(prefix),
    loginsWithin: (prefix) => {
      const stored = surroundings.loginsWithin(prefix);
      const more = told.within(prefix);
      return more.length === 0 ? stored : [...stored, ...more];
    },
  };
}

/** The automatic prefix around an address. */
function placeOf(address: Address, { auto }: Policy): Prefix {
  return prefixAround(address, address.family === 4 ? auto.length4 : auto.length6);
}
