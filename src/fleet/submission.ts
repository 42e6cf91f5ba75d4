import type { Seconds } from '../blocklist/entry.ts';
import { automaticPrefix, type Policy } from '../blocklist/policy.ts';
import { needsQuorum } from '../blocklist/quorum.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import { FLEET } from './fleet-offences.ts';
import type { ReportKey, SnapshotQuery } from './fleet-store.ts';
import type { Report, Reporter, ReportResult } from './report.ts';

/** The reports of one request, processed as a whole or not at all. */
export interface Submission {
  readonly by: Reporter;
  readonly reports: readonly Report[];
  /** Expires every active entry first. */
  readonly reset: boolean;
}

/** One result for each report of a submission. */
export type SubmissionResults = readonly ReportResult[];

/**
 * What has to be read to process these submissions.
 * @param counted the users of whom all that they have active is to be counted
 */
export function snapshotQueryOf(
  submissions: readonly Submission[],
  policy: Policy,
  now: Seconds,
  counted: readonly string[],
): SnapshotQuery {
  const prefixes: Prefix[] = [];
  const claimed: Prefix[] = [];
  const offenders: Prefix[] = [];
  const keys: ReportKey[] = [];
  for (const { by, reports } of submissions) {
    for (const report of reports) {
      // Entries that contain the offender include all that contain the prefix around it.
      prefixes.push('address' in report ? hostPrefix(report.address) : report.prefix);
      if (report.kind === 'pending') offenders.push(automaticPrefix(report.address, policy));
      const prefix = 'prefix' in report ? report.prefix : undefined;
      if (prefix !== undefined && !by.isAdmin && needsQuorum(prefix, policy)) claimed.push(prefix);
      const key = reportKeyOf(report, by);
      if (key !== undefined) keys.push(key);
    }
  }
  const resets = submissions.some(({ reset }) => reset);
  const reporters = submissions.filter(({ by }) => !by.isAdmin).map(({ by }) => by.name);
  const users = [...new Set(offenders.length === 0 ? reporters : [...reporters, FLEET])];
  const read = { claimed, offenders };
  return { prefixes, keys, activeAt: resets ? now : undefined, users, counted, ...read, now };
}

/** By which the report is known when it is sent again; undefined if it has none. */
export function reportKeyOf(report: Report, by: Reporter): ReportKey | undefined {
  const key = 'key' in report ? report.key : undefined;
  return key === undefined ? undefined : { by: by.name, key };
}
