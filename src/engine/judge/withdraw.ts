import { type Entry, laterExpiry, type Maker, type Seconds } from '../../blocklist/entry.ts';
import { hitsOf } from '../../blocklist/evidence.ts';
import { entryBefore } from '../../blocklist/fold.ts';
import { Judge } from '../../blocklist/judge.ts';
import type { Offence } from '../../blocklist/offence.ts';
import { currentPenalty } from '../../blocklist/penalty.ts';
import { DAY_SECONDS, type Policy } from '../../blocklist/policy.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import type { Login } from '../../blocklist/trust.ts';
import { hostPrefix, type Prefix } from '../../net/prefix.ts';
import { formatPrefix } from '../../net/prefix-text.ts';
import type { Activation } from '../../store/history.ts';
import type { Store } from '../../store/store.ts';
import type { WithdrawalReason } from '../../store/withdrawals.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace } from '../protected-space.ts';
import { latestOf } from './latest-offences.ts';
import { type EntrySnapshot, PendingChanges } from './pending-changes.ts';

/** Only the latest offences that led to activations are kept. */
const MAX_SPENT = 4096;

/**
 * How long offences that led to an activation are kept: a login may come within the window of the
 * activation, and concerns offences of the window before that.
 */
export function spentSeconds(windowSeconds: number): number {
  return 2 * windowSeconds;
}

/** Keeps offences that led to activations, for as long as a login may come. */
export function keepSpent(store: Store, spent: readonly Offence[]): void {
  if (spent.length > 0) store.spent.addNew(latestOf(spent, MAX_SPENT));
}

/** Removes those that are too old or too many. */
export function pruneSpent(store: Store, windowSeconds: number): void {
  store.spent.prune(spentSeconds(windowSeconds), MAX_SPENT);
}

/** An activation that was withdrawn. */
export interface Withdrawn {
  /** The entry before it. */
  readonly before: Entry;
  /** The offences that led to it, which are pending again. */
  readonly pending: readonly Offence[];
}

/**
 * Takes back the activations that would not have arisen with these logins, in the current transaction.
 * @param snapshot the entries, and all logins with these
 * @param isDryRun change nothing
 */
export function withdrawFor(
  store: Store,
  snapshot: EntrySnapshot,
  logins: readonly Login[],
  policies: Policies,
  now: Seconds,
  isDryRun = false,
): readonly Withdrawn[] {
  if (logins.length === 0 || store.spent.isEmpty) return [];
  const withdrawn: Withdrawn[] = [];
  const judged = new Set<string>();
  for (const login of logins) {
    for (const { prefix } of store.supernets(hostPrefix(login.address))) {
      const key = JSON.stringify(prefix);
      if (judged.has(key)) continue;
      const entry = store.get(prefix);
      const policy = policies.policyFor(login.address);
      if (entry === undefined || !isNear(entry, login, policy)) continue;
      judged.add(key);
      const space = protectedSpace(store, policies, now);
      const one = withdraw(store, snapshot, entry, space, policy, now, isDryRun);
      if (one !== undefined) withdrawn.push(one);
    }
  }
  return withdrawn;
}

/** Whether the login comes within the window of the latest activation, or was trusted at its time. */
function isNear({ activatedAt }: Entry, { first, last }: Login, policy: Policy): boolean {
  const { offence, trust } = policy;
  return (
    activatedAt !== undefined &&
    first - activatedAt < offence.windowSeconds &&
    activatedAt <= last + trust.days * DAY_SECONDS
  );
}

/** Judges the offences of the latest activation again. Undefined if it stays. */
function withdraw(
  store: Store,
  snapshot: EntrySnapshot,
  entry: Entry,
  space: ProtectedSpace,
  policy: Policy,
  now: Seconds,
  isDryRun: boolean,
): Withdrawn | undefined {
  const { prefix } = entry;
  const history = store.history(prefix);
  const latest = history.at(-1);
  if (latest === undefined || !isByLogAlone(entry, latest, policy)) return undefined;
  const spent = store.spent.within(prefix);
  if (spent.length === 0) return undefined;
  const before = former(entry, history.slice(0, -1), latest);
  const changes = new PendingChanges(withEntriesBefore(snapshot, [before]), 'log');
  // Their points were counted by the rules before.
  const judged = { ...policy, rules: policy.rules?.withoutCounting() };
  const judge = new Judge(
    changes,
    space,
    () => judged,
    () => now,
  );
  judge.offendAll(spent.toSorted((p, q) => p.at - q.at));
  const { pending } = judge.finish();
  if (changes.changes().some(({ activations }) => activations.length > 0)) {
    if (!isDryRun) changes.writeLosses(store);
    return undefined;
  }
  if (!isDryRun) {
    writeWithdrawal(store, before, latest, now, 'login');
    store.outbox.withdraw(prefix);
    store.takeSpent(prefix);
    store.addPending(pending);
  }
  return { before, pending };
}

/** The snapshot without the activations that were withdrawn. */
export function withEntriesBefore(
  snapshot: EntrySnapshot,
  before: readonly Entry[],
): EntrySnapshot {
  if (before.length === 0) return snapshot;
  const entries = new Map(before.map((entry) => [formatPrefix(entry.prefix), entry]));
  const past = (entry: Entry): readonly Entry[] => {
    const found = entries.get(formatPrefix(entry.prefix));
    if (found === undefined) return [entry];
    return found.activations > 0 || found.origin === 'bogon' ? [found] : [];
  };
  return {
    supernets: (around) => snapshot.supernets(around).flatMap(past),
    subnets: (around) => snapshot.subnets(around).flatMap(past),
    activations: (around) => {
      const found = entries.get(formatPrefix(around));
      const all = snapshot.activations(around);
      return found === undefined ? all : all.filter(({ number }) => number <= found.activations);
    },
    loginsWithin: (around) => snapshot.loginsWithin(around),
  };
}

/**
 * Withdraws an activation that another machine of the fleet made and withdrew, if it is the latest
 * here. Returns whether it is.
 * @param activatedBy the other machine
 * @param isDryRun change nothing
 */
export function withdrawRemote(
  store: Store,
  remote: Entry,
  activatedBy: Maker,
  now: Seconds,
  isDryRun: boolean,
): boolean {
  const { prefix, endedAt = now } = remote;
  const entry = store.get(prefix);
  const history = store.history(prefix);
  const latest = history.at(-1);
  if (entry === undefined || !isToldOf(entry, latest, remote, activatedBy)) return false;
  if (!isDryRun) {
    const before = former(entry, history.slice(0, -1), latest);
    writeWithdrawal(store, before, latest, Math.min(endedAt, now), 'login');
  }
  return true;
}

/**
 * Whether the latest activation of an entry here is the one that the fleet tells of. It has another
 * time where a message told of it first.
 */
export function isToldOf(
  { activations }: Entry,
  latest: Activation | undefined,
  { activatedAt }: Entry,
  activatedBy: Maker,
): latest is Activation {
  if (latest?.number !== activations || latest.origin !== 'fleet') return false;
  return latest.at === activatedAt || latest.by === activatedBy.by;
}

/**
 * Withdraws the latest activation of an entry as a person's mistake, in the current transaction. The
 * offences that led to it no longer count. Returns the entry before it; undefined if the entry was never
 * active.
 */
export function withdrawMistake(store: Store, prefix: Prefix, now: Seconds): Entry | undefined {
  const entry = store.get(prefix);
  const history = store.history(prefix);
  const latest = history.at(-1);
  if (entry === undefined || latest?.number !== entry.activations) return undefined;
  const before = former(entry, history.slice(0, -1), latest);
  writeWithdrawal(store, before, latest, now, 'mistake');
  store.takeSpent(prefix);
  store.takePending(prefix);
  return before;
}

function writeWithdrawal(
  store: Store,
  before: Entry,
  activation: Activation,
  withdrawnAt: Seconds,
  reason: WithdrawalReason,
): void {
  store.record({ entry: before, takesBack: true });
  store.withdrawn({ prefix: before.prefix, activation, withdrawnAt, reason });
}

/** Whether a log of this machine made the activation, and nobody prolonged or ended it since. */
function isByLogAlone(
  entry: Entry,
  { number, at, endedAt, origin, evidence }: Activation,
  policy: Policy,
): boolean {
  const { activations, expiresAt, hitDays } = entry;
  const mayBeProlonged = hitDays.length >= policy.persistent.days;
  const hits = mayBeProlonged ? evidence.map(({ lastSeen }) => lastSeen) : [];
  const longest = policy.rules?.isForever(entry)
    ? 'forever'
    : Math.max(at, ...hits) + currentPenalty(entry, policy);
  return (
    number === activations &&
    origin === 'grok' &&
    endedAt === undefined &&
    laterExpiry(expiresAt, longest) === longest
  );
}

/** The entry as it was before its latest activation, without the offences of that. */
function former(entry: Entry, history: readonly Activation[], latest: Activation): Entry {
  const before = entryBefore(entry, [...history, latest], latest.at);
  const seen = history.flatMap(({ at, evidence }) => [at, ...evidence.map((row) => row.lastSeen)]);
  const lastSeen = seen.length === 0 ? undefined : Math.max(...seen);
  const firstSeen = seen.length === 0 ? undefined : before.firstSeen;
  return {
    ...before,
    hits: Math.max(0, before.hits - hitsOf(latest.evidence)),
    firstSeen,
    lastSeen,
  };
}
