import {
  type Expiry,
  earlierExpiry,
  laterExpiry,
  type Maker,
  outlasts,
  type Seconds,
} from '../blocklist/entry.ts';
import { penaltySeconds } from '../blocklist/penalty.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Decision } from '../blocklist/request.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { widestLengthOf } from '../net/wide.ts';
import type { FleetEntry } from './fleet-store.ts';
import type { Report, Reporter } from './report.ts';

type Blocking = Exclude<Decision, { kind: 'refused' }>;

/** Why the reporter may not request this; undefined if it may. */
export function limitFault(report: Report, by: Reporter, now: Seconds): string | undefined {
  if (report.kind === 'list') return widthFault(report.prefix, by);
  if (report.kind !== 'block') return undefined;
  const { prefix, until } = report;
  if (until !== undefined && !outlasts(until, now)) return 'until is in the past';
  return widthFault(prefix, by);
}

/** What a reported offence blocks; undefined, the automatic prefix, if it is wider than the limit. */
export function limitedPrefix(prefix: Prefix | undefined, by: Reporter): Prefix | undefined {
  return prefix === undefined || widthFault(prefix, by) !== undefined ? undefined : prefix;
}

/** When a block by hand ends, if it is to end then. */
export function limitedUntil(
  until: Expiry | undefined,
  { longestSeconds }: Reporter,
  now: Seconds,
): Expiry | undefined {
  return until === undefined ? undefined : earlier(until, now, longestSeconds);
}

/** A report brings back nothing wider than the reporter may have blocked. */
export function limitedPolicy(policy: Policy, by: Reporter): Policy {
  const { widest4, widest6, points } = policy.reactivate;
  const reactivate = {
    widest4: Math.max(widest4, by.widest4),
    widest6: Math.max(widest6, by.widest6),
    points,
  };
  return { ...policy, reactivate };
}

/**
 * The decision with an expiry that this reporter may cause. An entry that an administrator made runs
 * its full penalty, and so does one that two users reported.
 * @param held the entry of the decision, if it is active
 */
export function limitedDecision(
  decision: Blocking,
  held: FleetEntry | undefined,
  by: Reporter,
  policy: Policy,
): Blocking {
  if (decision.kind === 'evidence') return decision;
  const { entry } = decision;
  const { activations, activatedAt = 0, lastSeen = 0 } = entry;
  if (decision.kind !== 'covered' || held === undefined) {
    if (entry.byAdmin) return decision;
    const expiresAt = earlier(entry.expiresAt, activatedAt, by.longestSeconds);
    return { ...decision, entry: { ...entry, expiresAt } };
  }
  const before = held.entry.expiresAt;
  const { activation } = held;
  const isShared = held.isShared || activation.by !== by.name;
  let expiresAt = entry.expiresAt;
  if (widthFault(entry.prefix, by) !== undefined) expiresAt = before;
  else if (isShared && activation.origin !== 'manual' && !activation.byAdmin) {
    expiresAt = laterExpiry(expiresAt, activatedAt + penaltySeconds(activations, policy));
  } else if (!isShared) {
    expiresAt = laterExpiry(before, earlier(expiresAt, lastSeen, by.longestSeconds));
  }
  return { ...decision, extended: expiresAt !== before, entry: { ...entry, expiresAt } };
}

export function makerOf({ name, isAdmin }: Reporter): Maker {
  return { by: name, byAdmin: isAdmin };
}

/** The expiry, but no later than so many seconds after this time. */
function earlier(expiry: Expiry, from: Seconds, longestSeconds: Expiry): Expiry {
  return earlierExpiry(expiry, longestSeconds === 'forever' ? 'forever' : from + longestSeconds);
}

function widthFault(prefix: Prefix, by: Reporter): string | undefined {
  // A /0 never is a block.
  const widest = Math.max(1, widestLengthOf(prefix.family, by));
  if (prefix.length >= widest) return undefined;
  return `${formatPrefix(prefix)} is wider than your limit, /${widest}`;
}
