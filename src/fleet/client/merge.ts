import { decide } from '../../blocklist/decide.ts';
import { type Entry, isActive, outlasts, type Seconds } from '../../blocklist/entry.ts';
import { expireEntry } from '../../blocklist/expire.ts';
import type { Policy } from '../../blocklist/policy.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import { isTooWide } from '../../net/wide.ts';
import type { FleetEntry } from './change.ts';

/** What this machine knows of the place that a peer speaks of. */
export interface Here {
  /** The entries that cover the prefix, itself among them. */
  readonly supernets: readonly Entry[];
  /** What is protected now, logins in the prefix among it. */
  readonly space: ProtectedSpace;
  /** When the latest activation of its own entry was expired by hand. */
  readonly endedAt: () => Seconds | undefined;
}

export interface MergeRules {
  readonly policy: Policy;
  /** No peer has anything blocked for longer. */
  readonly longestSeconds: number;
}

/** What becomes of what a peer said. */
export type Merge =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly why: 'too wide' | 'protected' }
  /** The entry blocks, or for longer: its latest activation is to be recorded. */
  | { readonly kind: 'blocked'; readonly entry: Entry }
  /** The entry blocked and does not any more. */
  | { readonly kind: 'expired'; readonly entry: Entry }
  /** What is blocked stays as it is; the entry knows of activations elsewhere. */
  | { readonly kind: 'remembered'; readonly entry: Entry };

/**
 * What becomes of an entry of the fleet here. Pure. It is checked as any input, and then decided
 * by the same rules as a request for this very prefix, at the time of its activation. The entry
 * takes over how often the fleet knows it to have been active, so that penalties double across
 * machines.
 */
export function mergeEntry(told: FleetEntry, here: Here, rules: MergeRules, now: Seconds): Merge {
  const { prefix, activatedAt, endedAt } = told;
  if (isTooWide(prefix)) return { kind: 'refused', why: 'too wide' };
  if (activatedAt === undefined) return { kind: 'unchanged' };
  const peer = bounded(told, Math.min(activatedAt, now), rules.longestSeconds, now);
  const own = here.supernets.find((entry) => entry.prefix.length === prefix.length);
  return outlasts(peer.expiresAt, now)
    ? mergeActive(peer, own, here, rules, now)
    : mergeExpired(peer, endedAt, own, now);
}

/** An entry of the fleet that was active at least once, within bounds. */
interface Peer extends Entry {
  readonly firstSeen: Seconds;
  readonly lastSeen: Seconds;
  readonly activatedAt: Seconds;
  readonly expiresAt: Seconds;
}

function mergeActive(
  peer: Peer,
  own: Entry | undefined,
  { supernets, space, endedAt }: Here,
  { policy }: MergeRules,
  now: Seconds,
): Merge {
  const { prefix, activatedAt, expiresAt } = peer;
  if (space.overlapping(prefix) !== undefined) return { kind: 'refused', why: 'protected' };
  if (own !== undefined && !isActive(own, now) && (endedAt() ?? -1) >= activatedAt) {
    // Somebody here said that this block ends. A new activation is another matter.
    return { kind: 'unchanged' };
  }
  const decision = decide(
    supernets,
    space,
    {
      kind: 'manual',
      origin: 'fleet',
      prefix,
      at: activatedAt,
      until: expiresAt,
      exact: true,
      force: false,
      note: own === undefined ? peer.note : '',
    },
    policy,
    now,
  );
  if (decision.kind === 'refused') return { kind: 'refused', why: 'protected' };
  if (decision.kind !== 'covered' || decision.extended) {
    return { kind: 'blocked', entry: joined(decision.entry, peer) };
  }
  return own !== undefined && own.activations > 0 && own.activations < peer.activations
    ? { kind: 'remembered', entry: joined(own, peer) }
    : { kind: 'unchanged' };
}

function mergeExpired(
  peer: Peer,
  endedAt: Seconds | undefined,
  own: Entry | undefined,
  now: Seconds,
): Merge {
  if (own === undefined) return { kind: 'remembered', entry: { ...peer, origin: 'fleet' } };
  if (isActive(own, now)) {
    // Somebody ended it when it blocked here already. What was activated later the peers do not
    // know yet, and where their time was merely over, what blocks here has a time of its own.
    return endedAt !== undefined && (own.activatedAt ?? 0) <= endedAt
      ? { kind: 'expired', entry: joined(expireEntry(own, now), peer) }
      : { kind: 'unchanged' };
  }
  if (own.activations >= peer.activations) return { kind: 'unchanged' };
  const { activatedAt, expiresAt } = (own.activatedAt ?? -1) > peer.activatedAt ? own : peer;
  return { kind: 'remembered', entry: { ...joined(own, peer), activatedAt, expiresAt } };
}

/** No time later than now, no end beyond what peers may ask for. */
function bounded(told: Entry, activatedAt: Seconds, longest: number, now: Seconds): Peer {
  const latest = activatedAt + longest;
  const expiresAt = told.expiresAt === 'forever' ? latest : Math.min(told.expiresAt, latest);
  const firstSeen = Math.min(told.firstSeen ?? activatedAt, now);
  const lastSeen = Math.min(told.lastSeen ?? activatedAt, now);
  return { ...told, activatedAt, expiresAt, firstSeen, lastSeen: Math.max(firstSeen, lastSeen) };
}

function joined(entry: Entry, peer: Peer): Entry {
  return {
    ...entry,
    activations: Math.max(entry.activations, peer.activations),
    hits: Math.max(entry.hits, peer.hits),
    firstSeen: Math.min(entry.firstSeen ?? peer.firstSeen, peer.firstSeen),
    lastSeen: Math.max(entry.lastSeen ?? peer.lastSeen, peer.lastSeen),
  };
}
