import { type Maker, outlasts, type Seconds } from '../blocklist/entry.ts';
import type { Policy } from '../blocklist/policy.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type { Report, Reporter } from './report.ts';

/** Why the reporter may not request this; undefined if it may. */
export function limitFault(report: Report, by: Reporter, now: Seconds): string | undefined {
  if (report.kind === 'list') return widthFault(report.prefix, by);
  if (report.kind !== 'block') return undefined;
  return widthFault(report.prefix, by) ?? lengthFault(report.until, by, now);
}

/** What a reported offence blocks; undefined, the automatic prefix, if it is wider than the limit. */
export function limitedPrefix(prefix: Prefix | undefined, by: Reporter): Prefix | undefined {
  return prefix === undefined || widthFault(prefix, by) !== undefined ? undefined : prefix;
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

export function makerOf({ name, isAdmin }: Reporter): Maker {
  return { by: name, byAdmin: isAdmin };
}

function widthFault(prefix: Prefix, { widest4, widest6 }: Reporter): string | undefined {
  const widest = prefix.family === 4 ? widest4 : widest6;
  if (prefix.length >= widest) return undefined;
  return `${formatPrefix(prefix)} is wider than your limit, /${widest}`;
}

function lengthFault(
  until: Seconds | 'forever' | undefined,
  { longestSeconds }: Reporter,
  now: Seconds,
): string | undefined {
  if (until === undefined) return undefined;
  if (!outlasts(until, now)) return 'until is in the past';
  if (longestSeconds === 'forever') return undefined;
  if (until !== 'forever' && until - now <= longestSeconds) return undefined;
  return `the block is longer than your limit, ${longestSeconds} seconds`;
}
