import type { Entry, Seconds } from './entry.ts';
import { type Policy, withPenalty } from './policy.ts';

/** Further doubling changes nothing: no penalty lasts 2^62 seconds. */
const MAX_DOUBLINGS = 62;

/**
 * How long the activation with this number blocks, in seconds; the first is 1. Each lasts twice as
 * long as the one before, up to the policy's longest.
 */
export function penaltySeconds(activations: number, policy: Policy): Seconds {
  const { firstSeconds, longestSeconds } = policy.penalty;
  return Math.min(firstSeconds * 2 ** Math.min(activations - 1, MAX_DOUBLINGS), longestSeconds);
}

/** How long the latest activation of the entry blocks, by the rules that decided it. */
export function currentPenalty(entry: Entry, policy: Policy): Seconds {
  const penalty = policy.rules?.penaltyOf(entry);
  const own = penalty === undefined ? policy : withPenalty(policy, penalty);
  return penaltySeconds(entry.activations, own);
}
