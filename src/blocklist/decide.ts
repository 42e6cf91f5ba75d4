import { McblockError } from '../errors.ts';
import { FAMILY_BITS } from '../net/address.ts';
import { containsPrefix, hostPrefix, type Prefix, prefixAround } from '../net/prefix.ts';
import { activateEntry, hitEntry, prolongEntry, recallEntry } from './change.ts';
import {
  type Entry,
  type Expiry,
  isActive,
  laterExpiry,
  neverActive,
  outlasts,
  type Seconds,
} from './entry.ts';
import { penaltySeconds } from './penalty.ts';
import { automaticLength, type Policy } from './policy.ts';
import { type ProtectedSpace, REASONS_BY_HAND } from './protect.ts';
import type { AutomaticRequest, Decision, ManualRequest, Request } from './request.ts';

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

/**
 * Whether a request for the prefix may reactivate this entry, which contains it. The entry of the
 * prefix itself always may: an entry is new only once. A wider one may unless it is wider than the
 * policy allows, or is a bogon and the offender was not seen on an external interface. What was seen
 * there can be forged: it reactivates bogons, and entries no wider than the automatic length.
 */
export function isEligible(
  entry: Entry,
  prefix: Prefix,
  external: boolean,
  policy: Policy,
): boolean {
  const { length, family } = entry.prefix;
  if (length === prefix.length) return true;
  if (entry.origin === 'bogon') return external;
  if (external) return length >= automaticLength(family, policy);
  const { widest4, widest6 } = policy.reactivate;
  return length >= (family === 4 ? widest4 : widest6);
}

/**
 * The points that a prefix within this expired entry needs to reactivate it: one offence up to /16
 * (IPv6: /32), as many as for a new entry if it is wider or was never active.
 */
export function pointsNeeded({ prefix, activations }: Entry, policy: Policy): number {
  const { offence, reactivate } = policy;
  const isWide = prefix.length < (prefix.family === 4 ? 16 : 32);
  return activations === 0 || isWide ? offence.points : Math.min(offence.points, reactivate.points);
}

function decideAutomatic(
  entries: readonly Entry[],
  space: ProtectedSpace,
  request: AutomaticRequest,
  policy: Policy,
  at: Seconds,
): Decision {
  const { offender, hits, origin, external } = request;
  const protection = space.containing(hostPrefix(offender));
  if (protection !== undefined) return { kind: 'refused', protection };
  // A packet from outside says nothing about the network around its source.
  const { family } = offender;
  const length = external ? FAMILY_BITS[family] : automaticLength(family, policy);
  const prefix = prefixAround(offender, length);

  // Nearly every request is for an unknown prefix.
  if (entries.length === 0)
    return activation(undefined, prefix, origin, hits, at, undefined, policy);
  const above = supernets(entries, prefix);
  const active = longestLasting(above.filter((entry) => isActive(entry, at)));
  if (active !== undefined) {
    const entry = hitEntry(active, hits, at, policy);
    return { kind: 'covered', entry, extended: entry.expiresAt !== active.expiresAt };
  }

  // An ineligible wider entry would not have been reactivated by this offence, so the prefix gets a
  // history of its own.
  const eligible = above.filter((entry) => isEligible(entry, prefix, external, policy));
  const later = eligible.find(({ activatedAt }) => activatedAt !== undefined && activatedAt > at);
  if (later !== undefined) return { kind: 'evidence', entry: recallEntry(later, hits, at) };

  return activation(eligible[0], prefix, origin, hits, at, undefined, policy);
}

function decideByHand(
  entries: readonly Entry[],
  space: ProtectedSpace,
  request: ManualRequest,
  policy: Policy,
  at: Seconds,
): Decision {
  const { prefix, until, exact, force, origin } = request;
  if (until !== undefined && !outlasts(until, at)) {
    throw new McblockError('usage', 'the block would end before it begins; give a later end');
  }
  const protection = space.overlapping(prefix, REASONS_BY_HAND);
  if (protection !== undefined && !force) return { kind: 'refused', protection };

  const above = supernets(entries, prefix);
  const own = above.find((entry) => entry.prefix.length === prefix.length);
  const wanted = until ?? at + penaltySeconds(activationsWanted(own, at), policy);
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
  const decision = activation(widest, prefix, origin, 0, at, until, policy);
  return { ...decision, entry: noted(decision.entry, request) };
}

/** The entries that contain the prefix, the widest first. */
function supernets(entries: readonly Entry[], prefix: Prefix): readonly Entry[] {
  return entries
    .filter((entry) => containsPrefix(entry.prefix, prefix))
    .toSorted((p, q) => p.prefix.length - q.prefix.length);
}

/** The entry that blocks longest; of equals, the longest match. */
function longestLasting(entries: readonly Entry[]): Entry | undefined {
  return entries.reduce<Entry | undefined>(
    (best, entry) =>
      best === undefined || laterExpiry(best.expiresAt, entry.expiresAt) === entry.expiresAt
        ? entry
        : best,
    undefined,
  );
}

/** A repeated request for an active entry means its current penalty, otherwise that of the next. */
function activationsWanted(own: Entry | undefined, at: Seconds): number {
  if (own === undefined) return 1;
  return outlasts(own.expiresAt, at) ? own.activations : own.activations + 1;
}

/** Activates the expired entry, or a new one if there is none. */
function activation(
  expired: Entry | undefined,
  prefix: Prefix,
  origin: Entry['origin'],
  hits: number,
  at: Seconds,
  until: Expiry | undefined,
  policy: Policy,
): Extract<Decision, { kind: 'reactivated' | 'new' }> {
  const before = expired ?? neverActive(prefix, origin, '');
  const entry = activateEntry(before, hits, at, until, policy);
  return expired === undefined
    ? { kind: 'new', entry }
    : { kind: 'reactivated', entry, wider: expired.prefix.length < prefix.length };
}

function noted(entry: Entry, { note }: ManualRequest): Entry {
  return note === '' ? entry : { ...entry, note };
}
