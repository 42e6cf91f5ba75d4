import { decide } from '../../blocklist/decide.ts';
import { type Entry, earlierExpiry, type Maker, type Seconds } from '../../blocklist/entry.ts';
import { changeOf, changesActivation } from '../../blocklist/entry-change.ts';
import { type Evidence, hitsOf } from '../../blocklist/evidence.ts';
import { automaticPrefix, type Policy } from '../../blocklist/policy.ts';
import type { ProtectedSpace } from '../../blocklist/protect.ts';
import { needsQuorum } from '../../blocklist/quorum.ts';
import type { Decision } from '../../blocklist/request.ts';
import type { BanMessage } from '../../fleet/pubsub/ban.ts';
import { type BlockRequest, type BlockResult, sourceOf } from '../../fleet/pubsub/block-queue.ts';
import { hostPrefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import type { Policies } from '../policies.ts';
import { protectedSpace, withLogins } from '../protected-space.ts';
import { ShareLimit } from '../record/share-limit.ts';
import { UserLimit } from '../record/user-limit.ts';

/** What a sender over the limit has active is counted again after this time. */
const COUNT_SECONDS = 60;

/**
 * Decides on requests of other machines and stores the decisions, in one transaction.
 * @param maxAgeSeconds no older message is requested
 * @param hasServer a server sends again what is signed, should a failure of power undo it: it does not
 *   wait for the disk
 */
export function storeBans(
  store: Store,
  requests: readonly BlockRequest[],
  policies: Policies,
  now: Seconds,
  maxAgeSeconds: Seconds,
  hasServer = false,
): BlockResult[] {
  const storeAll = (): BlockResult[] => {
    store.fleetState.senders.forget(now - maxAgeSeconds);
    const space = protectedSpace(store, policies, now);
    const limit = new ShareLimit(store, policies.limits.share, now);
    const users = new UserLimit(store, policies.limits, now, COUNT_SECONDS);
    const admits = (entry: Entry, maker: Maker) =>
      limit.admits(entry) && users.admits(entry, maker);
    const results = requests.map((request) =>
      storeBan(store, space, admits, request, policies.policyFor(request.prefix), now),
    );
    limit.recordRefusals();
    users.record();
    return results;
  };
  const isSentAgain = hasServer && requests.every(({ isSigned }) => isSigned);
  return isSentAgain ? store.fleetState.applying(storeAll) : store.transaction(storeAll);
}

function storeBan(
  store: Store,
  always: ProtectedSpace,
  admits: (entry: Entry, maker: Maker) => boolean,
  request: BlockRequest,
  policy: Policy,
  now: Seconds,
): BlockResult {
  const { message, isSigned } = request;
  if (message !== undefined && isSigned && !isNew(store, message)) {
    return { outcome: 'replayed', prefix: request.prefix, expiresAt: undefined };
  }
  if (isOver(store, request)) {
    return { outcome: 'expired', prefix: request.prefix, expiresAt: undefined };
  }
  const space = withLogins(always, store, store, request.prefix, policy, now);
  return blockWithin(store, space, admits, request, policy, now);
}

/** Whether the ban was ended or withdrawn after it was published: the API, or a person, was faster. */
function isOver(store: Store, { message, isSigned, prefix }: BlockRequest): boolean {
  if (message === undefined || !isSigned) return false;
  const { at } = message;
  const { endedAt = -1 } = store.get(prefix) ?? {};
  return endedAt >= at || store.withdrawals.latestAt(prefix) >= at;
}

function blockWithin(
  store: Store,
  space: ProtectedSpace,
  admits: (entry: Entry, maker: Maker) => boolean,
  request: BlockRequest,
  policy: Policy,
  now: Seconds,
): BlockResult {
  const { prefix, address } = request;
  // Whatever else is protected inside the prefix gets a hole in the rules.
  const isProtected = space.containing(address ? hostPrefix(address) : prefix) !== undefined;
  const decision = isProtected ? undefined : decideBan(store, space, request, policy, now);
  if (decision === undefined || decision.kind === 'refused') {
    return { outcome: 'protected', prefix, expiresAt: undefined };
  }
  const { entry } = decision;
  if (changesActivation(decision) && isHeld(store, request, entry, policy, now)) {
    if (address === undefined) return { outcome: 'held', prefix, expiresAt: undefined };
    const narrow = { ...request, prefix: automaticPrefix(address, policy) };
    return blockWithin(store, space, admits, narrow, policy, now);
  }
  if (changesActivation(decision) && !admits(entry, makerOf(request))) {
    return { outcome: 'too much', prefix, expiresAt: undefined };
  }
  const outcome = decision.kind === 'covered' && decision.extended ? 'extended' : decision.kind;
  // A ban that is received again counts as a hit only once.
  if (!request.isDuplicate || outcome !== 'covered') {
    const cause = {
      origin: 'fleet',
      note: request.message?.ban.note ?? '',
      maker: makerOf(request),
    } as const;
    const evidence = changesActivation(decision) ? evidenceOf(request, now) : [];
    store.record(
      changeOf(request.isSigned ? withHits(decision, evidence) : decision, cause, evidence),
    );
  }
  return { outcome, prefix: entry.prefix, expiresAt: entry.expiresAt };
}

/** Whether more machines have to report the entry. */
function isHeld(
  { fleetState: { claims } }: Store,
  request: BlockRequest,
  { prefix, byAdmin, expiresAt }: Entry,
  policy: Policy,
  now: Seconds,
): boolean {
  if (byAdmin || !needsQuorum(prefix, policy)) return false;
  const users = claims.claim(prefix, makerOf(request).by, expiresAt, now);
  if (users < policy.limits.quorum) return true;
  claims.settle(prefix);
  return false;
}

/** The message is remembered from then on, whatever its effect. */
export function isNew({ fleetState }: Store, { sender, number, at }: BanMessage): boolean {
  return fleetState.senders.receive(sender, number, at);
}

/**
 * A signed ban is a decision of the fleet: this prefix, until this time. An unsigned one is one
 * offence of the prefix, for which this machine's own penalty applies, by its rules, as in API version 1.
 */
function decideBan(
  store: Store,
  space: ProtectedSpace,
  request: BlockRequest,
  policy: Policy,
  now: Seconds,
): Decision {
  const { prefix, address, message, isSigned } = request;
  const maker = makerOf(request);
  if (message !== undefined && isSigned) {
    const until = earlierExpiry(message.ban.expiresAt, now + policy.limits.user.longestSeconds);
    // Not when it is received, which may be after the fleet ended it.
    const asked = { kind: 'manual', origin: 'fleet', prefix, at: message.at, until } as const;
    const note = store.get(prefix) === undefined ? message.ban.note : '';
    const exactly = { ...asked, maker, exact: true, force: true, note };
    return decide(store.supernets(prefix), space, exactly, policy, now);
  }
  return decide(
    store.around(prefix, address && hostPrefix(address)),
    space,
    {
      kind: 'automatic',
      origin: 'fleet',
      maker,
      offender: address ?? prefix,
      prefix,
      at: message?.at ?? now,
      hits: Math.max(1, hitsOf(message?.ban.evidence ?? [])),
      points: policy.offence.points,
      isReported: true,
      external: false,
    },
    policy,
    now,
  );
}

/** The user who is charged with the ban. */
function makerOf(request: BlockRequest): Maker {
  // Only the API knows who is an administrator.
  return { by: sourceOf(request), byAdmin: false };
}

/** A signed ban is no offence here: what the sender saw are its hits. */
function withHits<D extends Decision>(decision: D, evidence: readonly Evidence[]): D {
  if (decision.kind === 'refused') return decision;
  const { entry } = decision;
  return { ...decision, entry: { ...entry, hits: entry.hits + hitsOf(evidence) } };
}

function evidenceOf({ address, message }: BlockRequest, now: Seconds): Evidence[] {
  if (message === undefined) return [];
  const at = Math.min(message.at, now);
  const seen = { address, firstSeen: at, lastSeen: at, log: '', host: message.sender };
  return message.ban.evidence.map((evidence) => ({ ...evidence, ...seen }));
}
