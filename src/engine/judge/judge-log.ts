import type { Seconds } from '../../blocklist/entry.ts';
import type { EvidenceSource } from '../../blocklist/evidence-source.ts';
import { Judge } from '../../blocklist/judge.ts';
import { Logins } from '../../blocklist/logins.ts';
import type { Offence } from '../../blocklist/offence.ts';
import type { Spared } from '../../blocklist/spared.ts';
import type { Login } from '../../blocklist/trust.ts';
import type { CountedEvents } from '../../log/event-keys.ts';
import type { LogSummary } from '../../log/read-offences.ts';
import { type Address, compareAddresses } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { UncountedProxy } from '../../store/likely-proxies.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';
import { ShareLimit } from '../record/share-limit.ts';
import { PendingOffences } from './pending.ts';
import { type EntrySnapshot, type PendingChange, PendingChanges } from './pending-changes.ts';
import { UncountedProxies } from './uncounted-proxies.ts';
import { spentSeconds, type Withdrawn, withEntriesBefore } from './withdraw.ts';

/** The clocks of two hosts may differ by this. */
const MAX_AHEAD_SECONDS = 60;

/** How a log is judged. */
export interface JudgeSettings extends Policies {
  readonly source: EvidenceSource;
  /** Logins in other logs of the same history, known before anything is judged. */
  readonly logins?: readonly Login[];
  /** Events that were counted before. Default: none. */
  readonly counted?: CountedEvents | undefined;
  /** A login is known from its time on; by default all are. */
  readonly isLive?: boolean;
  /** What a dry run would withdraw. */
  readonly withdrawn?: readonly Withdrawn[];
}

/** The part of a log summary that is judged. */
type Observations = Pick<LogSummary, 'groups' | 'logins' | 'webClients'>;

/** Offences that did not block anything yet. */
export interface PendingPool {
  joined(space: Prefix, offences: Iterable<Offence>, windowSeconds: number): Iterable<Offence>;
  keep(offences: readonly Offence[]): void;
  /** Takes offences that led to activations. */
  keepSpent(offences: readonly Offence[]): void;
}

/** Collects the results. */
interface JudgeReport {
  readonly entries: { add(changes: readonly PendingChange[]): void };
  readonly spared: Spared[];
  /** Offences from addresses that were blocked then. */
  hits: number;
  /** Entries that would have become active, or for longer, had `limits.share` allowed it. */
  refused: number;
  /** Prefixes that may be proxies, of which offences did not count. */
  readonly uncounted: UncountedProxy[];
}

/** The time of the last line of a log; clocks may be ahead. */
export function logEnd({ span }: Pick<LogSummary, 'span'>, now: Seconds): Seconds {
  return Math.min(span?.last ?? 0, now);
}

/** The offences of earlier logs that wait for those of a log. */
export function pendingBefore(
  store: Store,
  summary: LogSummary,
  { source, windowSeconds, withdrawn = [] }: JudgeSettings,
  now: Seconds,
): PendingOffences {
  const freed = withdrawn.flatMap((one) => one.pending);
  // Pending offences were reported by services; what pf reports never makes a new entry.
  const before =
    source !== 'log'
      ? []
      : [...store.pending(), ...freed].toSorted((p, q) => compareAddresses(p.address, q.address));
  return new PendingOffences(before, logEnd(summary, now) - spentSeconds(windowSeconds));
}

/**
 * Judges offences one network at a time. Networks do not affect each other unless a wider entry
 * contains both; then they are judged together.
 */
export function judgeNetworks(
  store: Store,
  observations: Observations,
  settings: JudgeSettings,
  now: Seconds,
  pending: PendingPool,
  report: JudgeReport,
  onJudged: (changes: PendingChanges) => void,
): void {
  const { source, withdrawn = [] } = settings;
  const space = protectedSpace(store, settings, now, source);
  const logins = pastLogins([...observations.logins, ...(settings.logins ?? [])], now);
  const entries = withdrawn.map(({ before }) => before);
  const snapshot = withEntriesBefore(snapshotWith(store, logins), entries);
  const spaceAround = (address: Address): Prefix => {
    const network = settings.spaceAround(address);
    return snapshot.supernets(network)[0]?.prefix ?? network;
  };
  const changes = new PendingChanges(snapshot, source);
  const judge = new Judge(changes, space, settings.policyFor, () => now, source, settings.isLive);
  const limit = new ShareLimit(store, settings.limits.share, now);
  const uncounted = new UncountedProxies(store, observations.webClients, settings.windowSeconds);
  for (const { space: around, offences } of observations.groups(spaceAround, settings.counted)) {
    const all = pending.joined(around, offences, settings.windowSeconds);
    judge.offendAll(uncounted.without(all));
    const judged = judge.finish();
    report.hits += judged.hits;
    pending.keep(judged.pending);
    if (judged.spent.length > 0) pending.keepSpent(judged.spent);
    for (const spared of judged.spared) report.spared.push(spared);
    changes.keepAdmitted((entry) => limit.admits(entry));
    report.entries.add(changes.changes());
    onJudged(changes);
    changes.clear();
  }
  report.refused += limit.refused;
  limit.recordRefusals();
  report.uncounted.push(...uncounted.all());
  store.logs.likelyProxies.add(report.uncounted);
}

/** Without those in the future, whose clock was wrong: they make no address trusted. */
export function pastLogins(logins: readonly Login[], now: Seconds): readonly Login[] {
  return logins.flatMap((login) => {
    const [first, last] = [Math.min(login.first, now), Math.min(login.last, now)];
    if (login.last <= now + MAX_AHEAD_SECONDS) return [{ ...login, first, last }];
    return login.first <= now ? [{ ...login, last: first }] : [];
  });
}

/** The store's entries and logins, and the logins of the log. */
export function snapshotWith(store: Store, logins: readonly Login[]): EntrySnapshot {
  const snapshot = store.snapshot();
  const logged = new Logins(logins);
  return {
    supernets: (prefix) => snapshot.supernets(prefix),
    subnets: (prefix) => snapshot.subnets(prefix),
    activations: (prefix) => snapshot.activations(prefix),
    loginsWithin: (prefix) => {
      const stored = snapshot.loginsWithin(prefix);
      const more = logged.within(prefix);
      return more.length === 0 ? stored : [...stored, ...more];
    },
  };
}
