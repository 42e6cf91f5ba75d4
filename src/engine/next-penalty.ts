import { decide } from '../blocklist/decide.ts';
import type { Entry, Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import { exactRequest } from '../blocklist/request.ts';

/** How long a log would have the entry blocked next; rules about events do not fit, as none is known. */
export function nextPenalty(entry: Entry, policy: Policy, now: Seconds): Seconds | 'forever' {
  const decision = decide(
    [{ ...entry, expiresAt: now }],
    new ProtectedSpace([]),
    exactRequest(entry.prefix, now),
    policy,
    now,
  );
  if (decision.kind === 'refused') throw new Error('nothing is protected');
  const { expiresAt } = decision.entry;
  return expiresAt === 'forever' ? expiresAt : expiresAt - now;
}
