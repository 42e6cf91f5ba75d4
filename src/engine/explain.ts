import { decide, effectsOn } from '../blocklist/decide.ts';
import { pointsNeeded } from '../blocklist/eligible.ts';
import { type Entry, isActive, type Seconds } from '../blocklist/entry.ts';
import { factsWithoutEvent } from '../blocklist/event-facts.ts';
import { automaticPrefix, type Policy, widestPrefix } from '../blocklist/policy.ts';
import type { RuleEffects } from '../blocklist/policy-rule.ts';
import type { ProtectedSpace } from '../blocklist/protect.ts';
import type { Decision, Protection } from '../blocklist/request.ts';
import type { Window } from '../blocklist/window.ts';
import type { Address } from '../net/address.ts';
import { FAMILY_BITS } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { comparePrefixes, containsPrefix, hostPrefix, type Prefix } from '../net/prefix.ts';
import type { FeedMatch } from '../store/feeds.ts';
import type { Activation } from '../store/history.ts';
import type { ForgottenEntry } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import type { Withdrawal } from '../store/withdrawals.ts';
import { blockingOf, proxyOfEntry } from './blocker.ts';
import { findEntries } from './find-entries.ts';
import { isPast, supernetsAt } from './past.ts';
import { pendingWindow } from './pending-window.ts';
import { protectedSpace, withLogins } from './protected-space.ts';

/** What is known of an address or prefix. */
export interface Explanation {
  readonly prefix: Prefix;
  /** The IPv4 address that an IPv6 address embeds. */
  readonly embedded: Address | undefined;
  readonly blocker: Entry | undefined;
  /** See {@link proxyOfEntry}. */
  readonly proxy: string;
  readonly feeds: readonly FeedMatch[];
  /** The entries that contain it, widest first. */
  readonly entries: readonly { readonly entry: Entry; readonly history: readonly Activation[] }[];
  /** The number of entries within it, and how many of them are active. */
  readonly within: { readonly all: number; readonly active: number };
  /** Activations that contained it and were withdrawn. */
  readonly withdrawals: readonly Withdrawal[];
  /** Entries that contained it and were forgotten. */
  readonly forgotten: readonly ForgottenEntry[];
  /** Why the rules have a hole there. */
  readonly protection: Protection | undefined;
  /** Undefined for a prefix wider than the one that an offence blocks. */
  readonly prediction: Prediction | undefined;
}

/** The effect of further offences in logs, by the rules that apply to all of them. */
export interface Prediction {
  /** The network whose points count together, or the address if it has more points alone. */
  readonly network: Prefix;
  /** Its points in the current window. */
  readonly pendingPoints: number;
  /** The effect of one failed login or, if it has none, of the points that block. */
  readonly next: Decision;
  /** If that concerns an entry narrower than the network: the effect of the points that block. */
  readonly whole: Decision | undefined;
  /** The names of the rules that may change it, depending on the event. */
  readonly rules: readonly string[];
}

/** @param policy the policy for its first address */
export function explain(store: Store, prefix: Prefix, policy: Policy, now: Seconds): Explanation {
  const { nat64 } = policy.auto;
  const isHost = prefix.length === FAMILY_BITS[prefix.family];
  const { entry: blocker, feeds, hole } = blockingOf(store, prefix, policy, now);
  return {
    prefix,
    embedded: isHost ? embeddedIn(prefix, nat64)?.address : undefined,
    blocker,
    proxy: blocker === undefined ? '' : proxyOfEntry(store, blocker),
    feeds,
    entries: supernetsAt(store, prefix, now).map((entry) => ({
      entry,
      history: store.history(entry.prefix).filter(({ at }) => at <= now),
    })),
    within: isHost ? { all: 0, active: 0 } : countWithin(store, prefix, now),
    withdrawals: store.withdrawals.supernets(prefix),
    forgotten: store.forgotten.supernets(prefix),
    protection: hole,
    prediction: predictionOf(store, prefix, policy, now),
  };
}

function countWithin(store: Store, prefix: Prefix, now: Seconds): Explanation['within'] {
  const count = { all: 0, active: 0 };
  for (const entry of findEntries(store, { prefixes: [prefix], at: now })) {
    if (entry.activations === 0 || entry.prefix.length <= prefix.length) continue;
    count.all++;
    if (isActive(entry, now)) count.active++;
  }
  return count;
}

function predictionOf(
  store: Store,
  prefix: Prefix,
  policy: Policy,
  now: Seconds,
): Prediction | undefined {
  const network = automaticPrefix(prefix, policy);
  if (prefix.length < network.length) return undefined;
  const host = hostPrefix(prefix);
  const always = protectedSpace(store, policy.auto, now);
  const space = withLogins(always, store, store, host, policy, now);
  const entries = isPast(store, now)
    ? supernetsAt(store, host, now)
    : store.around(widestPrefix(host, policy), host);
  const isBlocked = entries.some(
    (entry) => isActive(entry, now) && containsPrefix(entry.prefix, host),
  );
  const pending = pendingOf(pendingWindow(store, network, policy, now), network, host, isBlocked);
  const isAlone = pending.network.length > network.length;
  const decisions = decisionsOf(entries, space, host, network, isAlone, policy, now);
  const around = entries.filter((entry) => containsPrefix(entry.prefix, host));
  const facts = factsWithoutEvent('grok', host, now, around);
  const effects = effectsLeft(decisions.whole ?? decisions.next, host, policy);
  const rules = policy.rules?.dependingOnEvent(facts, effects) ?? [];
  return { ...pending, ...decisions, rules };
}

/** The effects by which rules about an event may lead to another decision. */
function effectsLeft(
  decision: Decision,
  offender: Prefix,
  policy: Policy,
): readonly (keyof RuleEffects)[] {
  const { kind } = decision;
  const isOnlyHit = kind === 'covered' || kind === 'evidence';
  if (isOnlyHit || (kind === 'refused' && decision.protection.reason === 'ignored')) {
    return ['ignore'];
  }
  if (kind === 'refused' && decision.protection.reason !== 'login') return [];
  const deciding = effectsOn({ offender, origin: 'grok', external: false }, policy);
  return ['points', 'windowSeconds', ...deciding.filter((effect) => effect !== 'notify')];
}

/** What is pending: for the network, or for the address alone if that has more and is not blocked. */
function pendingOf(
  window: Window,
  network: Prefix,
  host: Prefix,
  isBlocked: boolean,
): Pick<Prediction, 'network' | 'pendingPoints'> {
  const own = window.hasProbes && !isBlocked ? window.pointsOf(host) : 0;
  return own > window.points
    ? { network: host, pendingPoints: own }
    : { network, pendingPoints: window.points };
}

/** @param isAlone what is pending is that of the address, which it would block alone */
function decisionsOf(
  entries: readonly Entry[],
  space: ProtectedSpace,
  offender: Prefix,
  network: Prefix,
  isAlone: boolean,
  policy: Policy,
  now: Seconds,
): Pick<Prediction, 'next' | 'whole'> {
  const request = { kind: 'automatic', origin: 'grok', offender, at: now, hits: 1 } as const;
  const after = (points: number) =>
    decide(entries, space, { ...request, points, external: false }, policy, now);
  const one = after(policy.reactivate.points);
  const full = after(policy.offence.points);
  const isEnough = (entry: Entry) =>
    policy.reactivate.points >=
    pointsNeeded({ ...entry, activations: entry.activations - 1 }, policy);
  if (one.kind === 'new' || (one.kind === 'reactivated' && !isEnough(one.entry))) {
    if (!isAlone) return { next: full, whole: undefined };
    const around = entries.filter(({ prefix }) => containsPrefix(prefix, offender));
    const alone = { ...request, points: policy.offence.points, external: false, prefix: offender };
    return { next: decide(around, space, alone, policy, now), whole: undefined };
  }
  const isNarrower = 'entry' in one && one.entry.prefix.length > network.length;
  const isOther =
    'entry' in one && 'entry' in full && comparePrefixes(one.entry.prefix, full.entry.prefix) !== 0;
  return { next: one, whole: isNarrower && isOther ? full : undefined };
}
