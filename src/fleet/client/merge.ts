import { decide } from '../../blocklist/decide.ts';
import { type Entry, isActive, type Maker, outlasts, type Seconds } from '../../blocklist/entry.ts';
import { expireEntry } from '../../blocklist/expire.ts';
import type { Policy } from '../../blocklist/policy.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import { needsQuorum } from '../../blocklist/quorum.ts';
import { isTooWide, isWiderThan } from '../../net/wide.ts';

/** What this machine knows about the prefix of a remote entry. */
export interface LocalState {
  /** The entries that contain the prefix, its own included. */
  readonly supernets: readonly Entry[];
  /** What is protected now, trusted addresses in the prefix included. */
  readonly space: ProtectedSpace;
  /** Whether the latest activation here is the one that the fleet tells of, whatever its time. */
  readonly isTold?: boolean;
}

export interface MergeRules {
  readonly policy: Policy;
  /** The longest time for which the fleet may have something blocked. */
  readonly longestSeconds: number;
}

/** An entry of the fleet, and who activated it last. */
export interface PeerReport {
  readonly entry: Entry;
  readonly activatedBy: Maker;
  /** Two users reported it. */
  readonly isShared: boolean;
}

/** What a remote entry changes here. */
export type Merge =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: 'too wide' | 'protected' }
  /** Only one machine reported it, and it is wider than the automatic length. */
  | { readonly kind: 'held' }
  /** The entry becomes active or lasts longer: its latest activation is to be recorded. */
  | { readonly kind: 'blocked'; readonly entry: Entry }
  /** The entry was active and is not any more. */
  | { readonly kind: 'expired'; readonly entry: Entry }
  /** What is active stays as it is; the entry counts activations elsewhere. */
  | { readonly kind: 'remembered'; readonly entry: Entry };

/**
 * Decides what an entry of the fleet changes here. Pure. The entry is checked like any input and then
 * decided like a request for exactly this prefix at the time of its activation. It takes over the
 * fleet's number of activations, so that penalties double across machines.
 */
export function mergeEntry(
  { entry: remote, activatedBy, isShared }: PeerReport,
  local: LocalState,
  rules: MergeRules,
  now: Seconds,
): Merge {
  const { prefix, activatedAt } = remote;
  const { user } = rules.policy.limits;
  // Earlier servers do not say who it was.
  const isByUser = !activatedBy.byAdmin && !remote.byAdmin && activatedBy.by !== '';
  if (isTooWide(prefix)) return TOO_WIDE;
  if (activatedAt === undefined) return { kind: 'unchanged' };
  const isLimited = isByUser && !isShared;
  const longest = isLimited
    ? Math.min(user.longestSeconds, rules.longestSeconds)
    : rules.longestSeconds;
  const peer = bounded(remote, Math.min(activatedAt, now), longest, now);
  const own = local.supernets.find((entry) => entry.prefix.length === prefix.length);
  if (!outlasts(peer.expiresAt, now)) return mergeExpired(peer, own, local, now);
  const merge = mergeActive(peer, own, local, rules, now);
  if (merge.kind !== 'blocked' || !isByUser) return merge;
  if (isWiderThan(prefix, user)) return TOO_WIDE;
  return isLimited && needsQuorum(prefix, rules.policy) ? { kind: 'held' } : merge;
}

const TOO_WIDE = { kind: 'refused', reason: 'too wide' } as const;

/** A remote entry that was active at least once, within bounds. */
interface PeerEntry extends Entry {
  readonly firstSeen: Seconds;
  readonly lastSeen: Seconds;
  readonly activatedAt: Seconds;
  readonly expiresAt: Seconds;
}

function mergeActive(
  peer: PeerEntry,
  own: Entry | undefined,
  { supernets, space }: LocalState,
  { policy }: MergeRules,
  now: Seconds,
): Merge {
  const { prefix, activatedAt, expiresAt } = peer;
  if (space.containing(prefix) !== undefined) return { kind: 'refused', reason: 'protected' };
  if (own !== undefined && !isActive(own, now) && isEndOf(own, peer)) {
    // Somebody here ended this block by hand. Only a new activation brings it back.
    return { kind: 'unchanged' };
  }
  const decision = decide(
    supernets,
    space,
    {
      kind: 'manual',
      origin: 'fleet',
      maker: peer,
      prefix,
      at: activatedAt,
      until: expiresAt,
      exact: true,
      // What is protected inside the prefix gets a hole in the rules.
      force: true,
      note: own === undefined ? peer.note : '',
    },
    policy,
    now,
  );
  if (decision.kind === 'refused') return { kind: 'refused', reason: 'protected' };
  if (decision.kind !== 'covered' || decision.extended) {
    return { kind: 'blocked', entry: joined(decision.entry, peer) };
  }
  return own !== undefined && own.activations > 0 && own.activations < peer.activations
    ? { kind: 'remembered', entry: joined(own, peer) }
    : { kind: 'unchanged' };
}

function mergeExpired(
  peer: PeerEntry,
  own: Entry | undefined,
  { isTold = false }: LocalState,
  now: Seconds,
): Merge {
  if (own === undefined) return { kind: 'remembered', entry: { ...peer, origin: 'fleet' } };
  if (isActive(own, now)) {
    // Ended by hand after it was activated here. A later activation is not known to the peers yet,
    // and where theirs merely expired, the one here has an expiry of its own.
    if (peer.endedAt === undefined) return { kind: 'unchanged' };
    const isEnded = isEndOf(peer, own) || (isTold && own.activations <= peer.activations);
    if (!isEnded) return { kind: 'unchanged' };
    // When the fleet ended it, not when this machine asked: another may have activated it since.
    const endedAt = Math.min(peer.endedAt, now);
    return { kind: 'expired', entry: { ...joined(expireEntry(own, now), peer), endedAt } };
  }
  if (own.activations >= peer.activations) return { kind: 'unchanged' };
  const { activatedAt, expiresAt, endedAt } =
    (own.activatedAt ?? -1) > peer.activatedAt ? own : peer;
  return { kind: 'remembered', entry: { ...joined(own, peer), activatedAt, expiresAt, endedAt } };
}

/**
 * Whether the first entry was ended by hand after the other one's latest activation. Where both are of
 * the same second, the number of activations tells which came later.
 */
function isEndOf({ endedAt = -1, activations }: Entry, other: Entry): boolean {
  const { activatedAt = 0 } = other;
  return endedAt > activatedAt || (endedAt === activatedAt && activations >= other.activations);
}

/** No time is later than now, and the expiry within what peers may ask for. */
function bounded(remote: Entry, activatedAt: Seconds, longest: number, now: Seconds): PeerEntry {
  const latest = activatedAt + longest;
  const expiresAt = remote.expiresAt === 'forever' ? latest : Math.min(remote.expiresAt, latest);
  const firstSeen = Math.min(remote.firstSeen ?? activatedAt, now);
  const lastSeen = Math.min(remote.lastSeen ?? activatedAt, now);
  return { ...remote, activatedAt, expiresAt, firstSeen, lastSeen: Math.max(firstSeen, lastSeen) };
}

function joined(entry: Entry, peer: PeerEntry): Entry {
  return {
    ...entry,
    activations: Math.max(entry.activations, peer.activations),
    hits: Math.max(entry.hits, peer.hits),
    firstSeen: Math.min(entry.firstSeen ?? peer.firstSeen, peer.firstSeen),
    lastSeen: Math.max(entry.lastSeen ?? peer.lastSeen, peer.lastSeen),
  };
}
