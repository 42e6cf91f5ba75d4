import type { Seconds } from './entry.ts';
import type { Policy } from './policy.ts';

/** From here on doubling once more changes nothing: no penalty lasts 2^62 seconds. */
const MAX_DOUBLINGS = 62;

/**
 * How many seconds the activation with this number blocks (the first is 1): twice as long as the
 * one before it, and never longer than the policy's longest.
 */
export function penaltySeconds(activations: number, policy: Policy): Seconds {
  const { firstSeconds, longestSeconds } = policy.penalty;
  return Math.min(firstSeconds * 2 ** Math.min(activations - 1, MAX_DOUBLINGS), longestSeconds);
}
