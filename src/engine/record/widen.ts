import { decide } from '../../blocklist/decide.ts';
import { type Entry, isActive, type Seconds } from '../../blocklist/entry.ts';
import { changeOf } from '../../blocklist/entry-change.ts';
import type { Policy } from '../../blocklist/policy.ts';
import { exactRequest } from '../../blocklist/request.ts';
import { type Candidate, type WidenBounds, wideningCandidates } from '../../blocklist/widen.ts';
import { addressOf } from '../../net/address.ts';
import { prefixAround } from '../../net/prefix.ts';
import type { StoreReader } from '../../store/reader.ts';
import type { Store } from '../../store/store.ts';
import { loginProtections, protectedSpace } from '../protected-space.ts';
import { ShareLimit } from './share-limit.ts';

export function findWidenings(
  store: Store,
  bounds: WidenBounds,
  policy: Policy,
  now: Seconds,
): Candidate[] {
  const everything = [addressOf(4, 0), addressOf(6, 0)].map((zero) => prefixAround(zero, 0));
  return blockable(
    everything.flatMap((all) =>
      wideningCandidates(all.family, store.under(all), bounds, policy, now),
    ),
    store,
    policy,
    now,
  );
}

/** Those that could be blocked as a whole: not blocked yet, and without protected addresses. */
export function blockable(
  candidates: readonly Candidate[],
  store: StoreReader,
  policy: Policy,
  now: Seconds,
): Candidate[] {
  const space = protectedSpace(store, policy.auto, now);
  return candidates.filter(({ prefix }) => {
    const logins = loginProtections(store, store.loginsWithin(prefix), now, policy);
    if (space.plus(logins).overlapping(prefix) !== undefined) return false;
    return !store.supernets(prefix).some((entry) => isActive(entry, now));
  });
}

/**
 * Blocks the candidates, in the transaction in which they were found. The narrow entries stay as
 * they are. Returns the new entries: without those that `limits.share` refuses.
 */
export function widen(
  store: Store,
  candidates: readonly Candidate[],
  policy: Policy,
  now: Seconds,
): Entry[] {
  const space = protectedSpace(store, policy.auto, now);
  const limit = new ShareLimit(store, policy.limits.share, now);
  const widened = candidates.flatMap((candidate) => {
    const { prefix, blocked, networks } = candidate;
    const note = `widened: ${blocked} of ${networks} networks blocked`;
    const request = exactRequest(prefix, now, note);
    const decision = decide(store.supernets(prefix), space, request, policy, now);
    if (decision.kind === 'refused') throw new Error('a candidate contains protected space');
    if (!limit.admits(decision.entry)) return [];
    store.record(changeOf(decision, request));
    return [decision.entry];
  });
  limit.recordRefusals();
  return widened;
}
