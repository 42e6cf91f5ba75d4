import { McblockError } from '../errors.ts';
import { embeddedIn } from '../net/embedded.ts';
import { contains, containsPrefix, hostPrefix, type Prefix } from '../net/prefix.ts';
import { activateEntry, hitEntry, prolongEntry, recallEntry } from './change.ts';
import { isEligible, isWide, pointsNeeded } from './eligible.ts';
import {
  type Entry,
  type Expiry,
  isActive,
  laterExpiry,
  longestLasting,
  neverActive,
  outlasts,
  type Seconds,
} from './entry.ts';
import { factsWithoutEvent } from './event-facts.ts';
import { penaltySeconds } from './penalty.ts';
import { automaticPrefix, type Policy, withEffects } from './policy.ts';
import type { DecidingEffect } from './policy-rule.ts';
import type { DecisionEffects } from './policy-rules.ts';
import { type ProtectedSpace, REASONS_BY_HAND } from './protect.ts';
import type { AutomaticRequest, Decision, ManualRequest, Request } from './request.ts';
import type { RuleFacts } from './rule-conditions.ts';

/**
 * Decides a request to block. Pure: the caller stores the entry of the decision in place of the one
 * with the same prefix, in the transaction in which it read `entries`.
 *
 * `entries` are those that contain the requested prefix or lie within it, in any order; of an
 * automatic request it is the automatic prefix around the offender. `space` is what is protected at
 * the time of the request. An automatic request is refused only if the offender itself is protected:
 * whatever else is protected gets a hole in the rules.
 *
 * Throws McblockError('usage') for a request by hand that ends before it begins.
 */
export function decide(
  entries: readonly Entry[],
  space: ProtectedSpace,
  request: Request,
  policy: Policy,
  now: Seconds,
): Decision {
  const at = Math.min(request.at, now);
  return request.kind === 'automatic'
    ? decideAutomatic(entries, space, request, policy, at)
    : decideByHand(entries, space, request, policy, at);
}

function decideAutomatic(
  entries: readonly Entry[],
  space: ProtectedSpace,
  request: AutomaticRequest,
  common: Policy,
  at: Seconds,
): Decision {
  const { offender, hits, points, external } = request;
  const protection = space.containing(hostPrefix(offender));
  if (protection !== undefined) return { kind: 'refused', protection };
  const effects = common.rules?.decided(
    factsOf(entries, request, hostPrefix(offender), at),
    effectsOn(request, common),
  );
  if (effects?.ignore) {
    return { kind: 'refused', protection: { prefix: hostPrefix(offender), reason: 'ignored' } };
  }
  const policy = effects === undefined ? common : withEffects(common, effects);
  // A packet from outside says nothing about the network around its source.
  const { prefix = automaticPrefix(offender, policy) } = external
    ? { prefix: hostPrefix(offender) }
    : request;

  // Nearly every request is for an unknown prefix.
  if (entries.length === 0)
    return activation(undefined, prefix, undefined, request, hits, at, policy, effects);
  const around = supernets(entries, hostPrefix(offender));
  // What would bring back a narrower entry suffices where a rule has a wider prefix blocked.
  const isWidened = prefix.length < automaticPrefix(offender, common).length;
  const isFull =
    points >= policy.offence.points ||
    (isWidened && around.some((entry) => isProven(entry, request, policy)));
  const active = around.filter((entry) => isActive(entry, at));
  const longest = longestLasting(active);
  // Narrower entries do not keep the prefix itself from being blocked.
  if (longest !== undefined && !(isFull && active.every((entry) => isNarrower(entry, prefix)))) {
    const entry = hitEntry(longest, hits, at, policy);
    return { kind: 'covered', entry, extended: entry.expiresAt !== longest.expiresAt };
  }

  // An ineligible wider entry would not have been reactivated by this offence, so the prefix gets a
  // history of its own.
  const eligible = around.filter(
    (entry) =>
      isEligible(entry, prefix, external, policy) && !(isFull && isNarrower(entry, prefix)),
  );
  const later = eligible.find(({ activatedAt }) => activatedAt !== undefined && activatedAt > at);
  if (later !== undefined) return { kind: 'evidence', entry: recallEntry(later, hits, at) };

  const widest =
    eligible.find((entry) => external || isProven(entry, request, policy)) ??
    eligible.find((entry) => entry.prefix.length === prefix.length);
  const narrower = isFull ? entries.filter((entry) => isNarrower(entry, prefix)) : [];
  return activation(widest, prefix, mostActive(narrower), request, hits, at, policy, effects);
}

function isProven(entry: Entry, { points, isReported }: AutomaticRequest, policy: Policy): boolean {
  return points >= pointsNeeded(entry, policy) && !(isReported && isWide(entry.prefix, policy));
}

function decideByHand(
  entries: readonly Entry[],
  space: ProtectedSpace,
  request: ManualRequest,
  common: Policy,
  at: Seconds,
): Decision {
  const { prefix, exact, force } = request;
  const effects = common.rules?.decided(
    factsOf(entries, request, prefix, at),
    // What has an end already is only told of.
    request.until === undefined ? OF_TIME : ['notify'],
  );
  const policy = effects === undefined ? common : withEffects(common, effects);
  const until = request.until ?? (effects?.forever ? 'forever' : undefined);
  if (until !== undefined && !outlasts(until, at)) {
    throw new McblockError('usage', 'the block would end before it begins; give a later end');
  }
  const protection = space.overlapping(prefix, REASONS_BY_HAND);
  if (protection !== undefined && !force) return { kind: 'refused', protection };
  // Nearly every prefix of a list is unknown.
  if (entries.length === 0)
    return activation(undefined, prefix, undefined, request, 0, at, policy, effects, until);

  const above = supernets(entries, prefix);
  const own = above.find((entry) => entry.prefix.length === prefix.length);
  const narrower = exact ? [] : entries.filter((entry) => isNarrower(entry, prefix));
  const inner = mostActive(narrower);
  const wanted = until ?? at + penaltySeconds(activationsWanted(own, inner, at), policy);
  // A request made before the latest activation, but received later, is satisfied by it.
  const active = above.filter((entry) => outlasts(entry.expiresAt, at));
  const lasting = longestLasting(active);
  if (lasting !== undefined && laterExpiry(lasting.expiresAt, wanted) === lasting.expiresAt) {
    const entry = noted(prolongEntry(lasting, at, wanted), request);
    return { kind: 'covered', entry, extended: false };
  }
  if (own !== undefined && active.includes(own)) {
    return {
      kind: 'covered',
      entry: noted(prolongEntry(own, at, wanted), request),
      extended: true,
    };
  }

  const widest = above.find(
    (entry) =>
      !active.includes(entry) &&
      (!exact || entry === own) &&
      isEligible(entry, prefix, false, policy),
  );
  const decision = activation(widest, prefix, inner, request, 0, at, policy, effects, until);
  return { ...decision, entry: noted(decision.entry, request) };
}

/** What rules may ask about the request. @param prefix the offender, or what is asked for by hand */
function factsOf(
  entries: readonly Entry[],
  request: Request,
  prefix: Prefix,
  at: Seconds,
): RuleFacts {
  if (request.kind === 'automatic' && request.event !== undefined) return request.event;
  const around = entries.filter((entry) => containsPrefix(entry.prefix, prefix));
  return factsWithoutEvent(request.origin, prefix, at, around);
}

/** The effects of rules that the request heeds. */
export function effectsOn(
  {
    prefix,
    external,
    offender,
    origin,
  }: Pick<AutomaticRequest, 'prefix' | 'external' | 'offender' | 'origin'>,
  { auto }: Policy,
): readonly DecidingEffect[] {
  // What one machine ignores, others may have blocked.
  if (origin === 'fleet') return OF_TIME;
  if (external || prefix !== undefined) return OF_ADDRESS;
  const is4 = offender.family === 4 || embeddedIn(offender, auto.nat64) !== undefined;
  return is4 ? OF_NETWORK_4 : OF_NETWORK_6;
}

const OF_TIME: readonly DecidingEffect[] = ['penalty', 'forever', 'notify'];
const OF_ADDRESS: readonly DecidingEffect[] = ['ignore', ...OF_TIME];
const OF_NETWORK_4: readonly DecidingEffect[] = [...OF_ADDRESS, 'length4'];
const OF_NETWORK_6: readonly DecidingEffect[] = [...OF_ADDRESS, 'length6'];

/** The entries that contain the prefix, the widest first. */
function supernets(entries: readonly Entry[], prefix: Prefix): readonly Entry[] {
  return entries
    .filter((entry) => containsPrefix(entry.prefix, prefix))
    .toSorted((p, q) => p.prefix.length - q.prefix.length);
}

function isNarrower(entry: Entry, prefix: Prefix): boolean {
  return entry.prefix.length > prefix.length && contains(prefix, entry.prefix);
}

/** A repeated request for an active entry means its current penalty, otherwise that of the next. */
function activationsWanted(own: Entry | undefined, inner: Entry | undefined, at: Seconds): number {
  if (own !== undefined && outlasts(own.expiresAt, at)) return own.activations;
  return Math.max(own?.activations ?? 0, inner?.activations ?? 0) + 1;
}

/** The entry that had the most activations. */
function mostActive(entries: readonly Entry[]): Entry | undefined {
  return entries.reduce<Entry | undefined>(
    (most, entry) => (entry.activations > (most?.activations ?? 0) ? entry : most),
    undefined,
  );
}

/**
 * Activates the expired entry, or a new one if there is none.
 * @param inner the narrower entry with the most activations, from which those of the prefix itself go on
 */
function activation(
  expired: Entry | undefined,
  prefix: Prefix,
  inner: Entry | undefined,
  request: Request,
  hits: number,
  at: Seconds,
  policy: Policy,
  effects: DecisionEffects | undefined,
  until: Expiry | undefined = effects?.forever ? 'forever' : undefined,
): Extract<Decision, { kind: 'reactivated' | 'new' }> {
  const note = request.kind === 'manual' ? request.note : '';
  const own = expired ?? neverActive(prefix, request.origin, note, request.maker);
  const wider = own.prefix.length < prefix.length;
  const inherits =
    !wider && inner !== undefined && inner.activations > own.activations ? inner : undefined;
  const before = inherits === undefined ? own : { ...own, activations: inherits.activations };
  const entry = activateEntry(before, hits, at, until, policy, effects?.rule);
  return expired === undefined
    ? { kind: 'new', entry, inherits: inherits?.prefix }
    : { kind: 'reactivated', entry, wider, inherits: inherits?.prefix };
}

function noted(entry: Entry, { note }: ManualRequest): Entry {
  return note === '' ? entry : { ...entry, note };
}
