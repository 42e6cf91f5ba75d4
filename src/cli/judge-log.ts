import type { Seconds } from '../blocklist/entry.ts';
import { Judge, type Spared } from '../blocklist/judge.ts';
import type { Offence } from '../blocklist/offence.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Login } from '../blocklist/protect.ts';
import type { LogSummary } from '../log/read-offences.ts';
import type { Address } from '../net/address.ts';
import { hostPrefix, type Prefix, prefixAround } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import type { Store } from '../store/store.ts';
import type { Context } from './context.ts';
import { type Change, Draft, type Past } from './draft.ts';
import { PendingOffences } from './pending.ts';
import { protectedSpace } from './protected-space.ts';

/** What is judged of a log, or of some lines of it. */
type Told = Pick<LogSummary, 'groups' | 'logins'>;

/** What is pending, on its way through the places. */
interface PendingPlaces {
  joined(space: Prefix, offences: Iterable<Offence>): Iterable<Offence>;
  keep(offences: readonly Offence[]): void;
}

/** Who hears what became of them. */
interface JudgeReport {
  readonly entries: { add(changes: Iterable<Change>): void };
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
  policy: Policy,
  report: JudgeReport,
  settle: (draft: Draft) => void,
): readonly Offence[] {
  const pending = new PendingOffences(store.pending());
  judgePlaces(context.now, store, summary, policy, pending, report, settle);
  const logEnd = Math.min(summary.span?.last ?? 0, context.now);
  return pending.rest(logEnd, policy.offence.windowSeconds);
}

/**
 * Judges offences place after place: what happens in one cannot concern another, unless an entry
 * that is wider than both covers them; then they are judged together.
 */
export function judgePlaces(
  now: Seconds,
  store: Store,
  told: Told,
  policy: Policy,
  pending: PendingPlaces,
  report: JudgeReport,
  settle: (draft: Draft) => void,
): void {
  const space = protectedSpace(store);
  const past = pastOf(store, told.logins);
  const spaceAround = (address: Address): Prefix => {
    const place = placeOf(address, policy);
    return past.covering(place)[0]?.prefix ?? place;
  };
  for (const group of told.groups(spaceAround)) {
    const draft = new Draft(past);
    const judge = new Judge(draft, space, policy, () => now);
    for (const offence of pending.joined(group.space, group.offences)) judge.offend(offence);
    const judged = judge.finish();
    pending.keep(judged.pending);
    for (const spared of judged.spared) report.spared.push(spared);
    report.entries.add(draft.changes());
    settle(draft);
  }
}

/** What the store and the logins of the log say. */
function pastOf(store: Store, logins: readonly Login[]): Past {
  const surroundings = store.surroundings();
  const drafted = new PrefixMap<Login>();
  for (const login of logins) drafted.set(hostPrefix(login.address), login);
  return {
    covering: (prefix) => surroundings.covering(prefix),
    loginsWithin: (prefix) => {
      const stored = surroundings.loginsWithin(prefix);
      if (drafted.size === 0) return stored;
      return [...stored, ...drafted.coveredBy(prefix).map(({ value }) => value)];
    },
  };
}

/** The automatic prefix around an address. */
function placeOf(address: Address, { auto }: Policy): Prefix {
  return prefixAround(address, address.family === 4 ? auto.length4 : auto.length6);
}
