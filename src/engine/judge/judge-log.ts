import type { Seconds } from '../../blocklist/entry.ts';
import type { EvidenceSource } from '../../blocklist/evidence-source.ts';
import { Judge } from '../../blocklist/judge.ts';
import { Logins } from '../../blocklist/logins.ts';
import type { Offence } from '../../blocklist/offence.ts';
import type { Policy } from '../../blocklist/policy.ts';
import type { Login } from '../../blocklist/protect.ts';
import type { Spared } from '../../blocklist/spared.ts';
import type { Context } from '../../cli/context.ts';
import type { LogSummary } from '../../log/read-offences.ts';
import type { Address } from '../../net/address.ts';
import { type Prefix, prefixAround } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';
import { PendingOffences } from './pending.ts';
import { type Change, type EntrySnapshot, PendingChanges } from './pending-changes.ts';

/** By what a log is judged. */
export interface Rules extends Policies {
  readonly witness: EvidenceSource;
}

/** What is judged of a log, or of some lines of it. */
type Announcement = Pick<LogSummary, 'groups' | 'logins'>;

/** What is pending, on its way through the places. */
interface PendingPlaces {
  joined(space: Prefix, offences: Iterable<Offence>): Iterable<Offence>;
  keep(offences: readonly Offence[]): void;
}

/** Who hears what became of them. */
interface JudgeReport {
  readonly entries: { add(changes: readonly Change[]): void };
  readonly spared: Spared[];
}

/**
 * Judges the offences of a log. `settle` is given what became of each place. Returns what is
 * pending afterwards.
 */
export function judgeLog(
  context: Context,
  store: Store,
  summary: LogSummary,
  rules: Rules,
  report: JudgeReport,
  settle: (draft: PendingChanges) => void,
): readonly Offence[] {
  // What is pending was told of by services: what pf tells makes no new entry.
  const pending = new PendingOffences(rules.witness === 'log' ? store.pending() : []);
  judgePlaces(context.now, store, summary, rules, pending, report, settle);
  const logEnd = Math.min(summary.span?.last ?? 0, context.now);
  return pending.rest(logEnd, rules.windowSeconds);
}

/**
 * Judges offences place after place: what happens in one cannot concern another, unless an entry
 * that is wider than both contains them; then they are judged together.
 */
export function judgePlaces(
  now: Seconds,
  store: Store,
  told: Announcement,
  rules: Rules,
  pending: PendingPlaces,
  report: JudgeReport,
  settle: (draft: PendingChanges) => void,
): void {
  const { witness } = rules;
  const policyFor = witness === 'log' ? rules.policyFor : forAddresses(rules.policyFor);
  const space = protectedSpace(store, witness);
  const past = pastOf(store, told.logins);
  const spaceAround = (address: Address): Prefix => {
    const place = placeOf(address, policyFor(address));
    return past.supernets(place)[0]?.prefix ?? place;
  };
  const draft = new PendingChanges(past, witness);
  const judges = new Map<Policy, Judge>();
  for (const group of told.groups(spaceAround)) {
    const policy = policyFor(group.space);
    const judge = judges.get(policy) ?? new Judge(draft, space, policy, () => now, witness);
    judges.set(policy, judge);
    judge.offendAll(pending.joined(group.space, group.offences));
    const judged = judge.finish();
    pending.keep(judged.pending);
    for (const spared of judged.spared) report.spared.push(spared);
    report.entries.add(draft.changes());
    settle(draft);
    draft.clear();
  }
}

/** What pf saw concerns the address alone, not what lies around it. */
function forAddresses(policyFor: Rules['policyFor']): Rules['policyFor'] {
  const auto = { length4: 32, length6: 128 };
  const narrowed = new Map<Policy, Policy>();
  return (address) => {
    const policy = policyFor(address);
    const known = narrowed.get(policy) ?? { ...policy, auto };
    narrowed.set(policy, known);
    return known;
  };
}

/** What the store and the logins of the log say. */
function pastOf(store: Store, logins: readonly Login[]): EntrySnapshot {
  const snapshot = store.snapshot();
  const told = new Logins(logins);
  return {
    supernets: (prefix) => snapshot.supernets(prefix),
    loginsWithin: (prefix) => {
      const stored = snapshot.loginsWithin(prefix);
      const more = told.within(prefix);
      return more.length === 0 ? stored : [...stored, ...more];
    },
  };
}

/** The automatic prefix around an address. */
function placeOf(address: Address, { auto }: Policy): Prefix {
  return prefixAround(address, address.family === 4 ? auto.length4 : auto.length6);
}
