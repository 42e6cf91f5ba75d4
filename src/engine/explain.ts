import { decide } from '../blocklist/decide.ts';
import { pointsNeeded } from '../blocklist/eligible.ts';
import type { Entry, Seconds } from '../blocklist/entry.ts';
import { loginsAround } from '../blocklist/logins-around.ts';
import { automaticPrefix, type Policy } from '../blocklist/policy.ts';
import type { ProtectedSpace } from '../blocklist/protect.ts';
import type { Decision, Protection } from '../blocklist/request.ts';
import type { Address } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import type { FeedMatch } from '../store/feeds.ts';
import type { Activation } from '../store/history.ts';
import type { ForgottenEntry } from '../store/record.ts';
import type { Store } from '../store/store.ts';
import type { Withdrawal } from '../store/withdrawals.ts';
import { blockingOf } from './blocker.ts';
import { isPast, supernetsAt } from './past.ts';
import { loginProtections, protectedSpace } from './protected-space.ts';

/** What is known of an address. */
export interface Explanation {
  readonly address: Address;
  /** The IPv4 address that it embeds. */
  readonly embedded: Address | undefined;
  readonly blocker: Entry | undefined;
  readonly feeds: readonly FeedMatch[];
  /** The entries that contain it, widest first. */
  readonly entries: readonly { readonly entry: Entry; readonly history: readonly Activation[] }[];
  /** Activations that contained it and were withdrawn, as a login came. */
  readonly withdrawals: readonly Withdrawal[];
  /** What was forgotten by hand: entries that contained it. */
  readonly forgotten: readonly ForgottenEntry[];
  /** Why the rules have a hole there, whatever is active. */
  readonly protection: Protection | undefined;
  /** The effect of its next offence. */
  readonly next: Decision;
}

/** @param policy the policy for this address */
export function explain(store: Store, address: Address, policy: Policy, now: Seconds): Explanation {
  const host = hostPrefix(address);
  const { nat64 } = policy.auto;
  const network = automaticPrefix(address, policy);
  const entries = supernetsAt(store, host, now);
  const around = loginsAround((one) => store.loginsWithin(one, 0), host, nat64);
  const logins = loginProtections(store, around, now, policy);
  const { entry: blocker, feeds, hole } = blockingOf(store, host, policy, now);
  return {
    address,
    embedded: embeddedIn(address, nat64)?.address,
    blocker,
    feeds,
    entries: entries.map((entry) => ({
      entry,
      history: store.history(entry.prefix).filter(({ at }) => at <= now),
    })),
    withdrawals: store.withdrawals.supernets(host),
    forgotten: store.forgotten.supernets(host),
    protection: hole,
    next: nextOf(
      aroundAt(store, network, host, now),
      protectedSpace(store, nat64, now).plus(logins),
      address,
      policy,
      now,
    ),
  };
}

/** The entries that decide on a request at that time. */
function aroundAt(store: Store, network: Prefix, host: Prefix, at: Seconds): readonly Entry[] {
  return isPast(store, at) ? supernetsAt(store, host, at) : store.around(network, host);
}

/** What one failed login does, or if that does nothing, what the points of a block do. */
function nextOf(
  entries: readonly Entry[],
  space: ProtectedSpace,
  offender: Address,
  policy: Policy,
  now: Seconds,
): Decision {
  const request = { kind: 'automatic', origin: 'grok', offender, at: now, hits: 1 } as const;
  const after = (points: number) =>
    decide(entries, space, { ...request, points, external: false }, policy, now);
  const { points } = policy.reactivate;
  const next = after(points);
  const isEnough = (entry: Entry) =>
    points >= pointsNeeded({ ...entry, activations: entry.activations - 1 }, policy);
  if (next.kind === 'new' || (next.kind === 'reactivated' && !isEnough(next.entry))) {
    return after(policy.offence.points);
  }
  return next;
}
