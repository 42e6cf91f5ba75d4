import type { Prefix } from '../net/prefix.ts';
import { automaticPrefix, type Policy } from './policy.ts';

/** Whether several machines of the fleet must report the prefix: it is wider than the automatic length. */
export function needsQuorum(prefix: Prefix, policy: Pick<Policy, 'limits' | 'auto'>): boolean {
  return policy.limits.quorum > 1 && prefix.length < automaticPrefix(prefix, policy).length;
}
