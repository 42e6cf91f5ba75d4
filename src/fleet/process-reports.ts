import { decide } from '../blocklist/decide.ts';
import { type Entry, type Seconds } from '../blocklist/entry.ts';
import { expireEntry } from '../blocklist/expire.ts';
import type { Policy } from '../blocklist/policy.ts';
import { ProtectedSpace, REASONS_BY_HAND } from '../blocklist/protect.ts';
import type { AutomaticRequest, Protection, Request } from '../blocklist/request.ts';
import { hostPrefix, type Prefix } from '../net/prefix.ts';
import { type Bounds, ChangeSet } from './change-set.ts';
import { DecisionRecorder } from './decision-recorder.ts';
import type { FleetChange, FleetSnapshot } from './fleet-store.ts';
import { limitedPolicy, limitedPrefix, limitedUntil, limitFault, makerOf } from './limits.ts';
import { pendingReport } from './pending-report.ts';
import type {
  AllowReport,
  BlockReport,
  ExpireReport,
  ListReport,
  OffenceReport,
  Report,
  Reporter,
  ReportResult,
  WithdrawReport,
} from './report.ts';
import { resultOf, spared, unchanged } from './report-result.ts';
import { reportKeyOf, type Submission, type SubmissionResults } from './submission.ts';

export interface ReportRules extends Bounds {
  readonly policy: Policy;
}

interface Processed {
  readonly change: FleetChange;
  readonly results: readonly SubmissionResults[];
  /** Users of whom reports were deferred although what they have active was not counted. */
  readonly uncounted: ReadonlySet<string>;
}

/** Decides all reports in order, by the rules of the blocklist. Pure. */
export function processReports(
  snapshot: FleetSnapshot,
  submissions: readonly Submission[],
  rules: ReportRules,
  now: Seconds,
): Processed {
  const changeSet = new ChangeSet(snapshot, rules, now);
  const processor = new ReportProcessor(changeSet, rules.policy, now);
  const results = submissions.map(({ by, reports, reset }) => {
    if (reset) for (const { prefix } of changeSet.allActive()) processor.expire(prefix, by);
    return reports.map((report) => processor.process(report, by));
  });
  return { change: changeSet.change(), results, uncounted: changeSet.charges.uncounted };
}

type Reported = Pick<AutomaticRequest, 'origin' | 'offender' | 'prefix' | 'at' | 'hits'> & {
  readonly by: Reporter;
};

class ReportProcessor {
  readonly #changeSet: ChangeSet;
  readonly #policy: Policy;
  readonly #now: Seconds;
  readonly #recorder: DecisionRecorder;

  constructor(changeSet: ChangeSet, policy: Policy, now: Seconds) {
    this.#changeSet = changeSet;
    this.#policy = policy;
    this.#now = now;
    this.#recorder = new DecisionRecorder(changeSet, policy, now);
  }

  process(report: Report, by: Reporter): ReportResult {
    const fault = limitFault(report, by, this.#now);
    if (fault !== undefined) return unchanged('refused', fault);
    const key = reportKeyOf(report, by);
    if (key === undefined) return this.#decided(report, by);
    if (this.#changeSet.isKnown(key)) return unchanged('repeated');
    const result = this.#decided(report, by);
    if (result.outcome !== 'deferred') this.#changeSet.addKey(key);
    return result;
  }

  #decided(report: Report, by: Reporter): ReportResult {
    switch (report.kind) {
      case 'offence':
        return this.#offence(report, by);
      case 'list':
        return this.#list(report, by);
      case 'block':
        return this.#block(report, by);
      case 'expire':
        return this.#expireReported(report, by);
      case 'withdraw':
        return this.#withdraw(report, by);
      case 'pending':
        return pendingReport(this.#changeSet, this.#recorder, this.#policy, report, by, this.#now);
      case 'allow':
      case 'disallow':
        return this.#allow(report, by);
    }
  }

  /** Expires the entry of exactly this prefix; undefined if it is not active. */
  expire(prefix: Prefix, by: Reporter): Entry | undefined {
    const entry = this.#changeSet.get(prefix);
    if (entry === undefined) return undefined;
    const expired = expireEntry(entry, this.#now);
    if (expired === entry) return undefined;
    this.#changeSet.update(expired, { ...makerOf(by), origin: entry.origin, note: '' });
    this.#changeSet.addEvidence(this.#recorder.evidence(expired, 'expire', by));
    return expired;
  }

  #offence(report: OffenceReport, by: Reporter): ReportResult {
    const { kind, address, origin, details } = report;
    const at = Math.min(report.at, this.#now);
    const supernets = this.#changeSet.supernets(hostPrefix(address));
    const policy = limitedPolicy(this.#policy, by);
    const decisionOn = (prefix: Prefix | undefined) => {
      const asked = { by, origin, offender: address, prefix, at, hits: details.count };
      const request: Request = { ...this.#automatic(asked), isReported: true };
      return decide(supernets, this.#changeSet.space, request, policy, this.#now);
    };
    const whole = decisionOn(limitedPrefix(report.prefix, by));
    // Until others report the prefix too, only the automatic one around the offender is blocked.
    const held =
      whole.kind === 'new' || whole.kind === 'reactivated'
        ? this.#changeSet.claims.heldOf(whole.entry, by)
        : undefined;
    const decision = held === undefined ? whole : decisionOn(undefined);
    const times = { firstSeen: Math.min(report.firstSeen, at), lastSeen: at };
    // As acacia names the source of an address in a table of pf.
    const note = details.service === 'pf' ? `${by.name}/${details.message}` : '';
    const evidence = { kind, address, ...details, ...times };
    return { ...this.#recorder.record(decision, by, origin, note, evidence), held };
  }

  /** Version 1 is a list of prefixes, each an entry of its own, whatever contains it. */
  #list({ prefix, source }: ListReport, by: Reporter): ReportResult {
    const protection = this.#protectionOf(prefix, by);
    if (protection !== undefined) return spared(protection);
    const own = this.#changeSet.get(prefix);
    const decision = decide(
      own === undefined ? [] : [own],
      NOTHING_PROTECTED,
      this.#automatic({ by, origin: 'fleet', offender: prefix, prefix, at: this.#now, hits: 1 }),
      this.#policy,
      this.#now,
    );
    return this.#recorder.record(decision, by, 'fleet', source, { kind: 'list', message: source });
  }

  #automatic({ by, ...reported }: Reported): AutomaticRequest {
    const { points } = this.#policy.offence;
    return { kind: 'automatic', maker: makerOf(by), points, external: false, ...reported };
  }

  #block(report: BlockReport, by: Reporter): ReportResult {
    const { prefix, exact, note } = report;
    const until = limitedUntil(report.until, by, this.#now);
    const protection = this.#protectionOf(prefix, by);
    if (protection !== undefined) return spared(protection);
    const request: Request = {
      kind: 'manual',
      origin: 'manual',
      maker: makerOf(by),
      prefix,
      at: this.#now,
      until,
      exact,
      force: false,
      note,
    };
    const supernets = this.#changeSet.supernets(prefix);
    const policy = limitedPolicy(this.#policy, by);
    const decision = decide(supernets, this.#changeSet.space, request, policy, this.#now);
    return this.#recorder.record(decision, by, 'manual', note, { kind: 'block', message: note });
  }

  #expireReported({ prefix }: ExpireReport, by: Reporter): ReportResult {
    this.#changeSet.claims.drop(prefix, by.name);
    // A machine can end only what it began, so that whoever takes it over cannot unblock the fleet.
    const maker = this.#changeSet.active(prefix)?.activation.by;
    if (maker !== undefined && maker !== by.name && !by.isAdmin) {
      return unchanged('refused', `${maker} blocked it; they or an administrator can end it`);
    }
    const entry = this.expire(prefix, by);
    return entry === undefined ? unchanged('absent') : resultOf('expired', entry);
  }

  #withdraw({ prefix }: WithdrawReport, by: Reporter): ReportResult {
    const entry = this.#changeSet.withdraw(prefix, by.name);
    return entry === undefined ? unchanged('absent') : resultOf('withdrawn', entry);
  }

  #allow({ kind, prefix, note }: AllowReport, by: Reporter): ReportResult {
    const isChange = this.#changeSet.allow(prefix, kind === 'disallow', note, by.name);
    if (!isChange && kind === 'disallow') return unchanged('absent');
    return {
      outcome: kind === 'allow' ? 'allowed' : 'disallowed',
      prefix,
      expiresAt: undefined,
      reason: '',
    };
  }

  #protectionOf(prefix: Prefix, { isAdmin }: Reporter): Protection | undefined {
    return this.#changeSet.space.overlapping(prefix, isAdmin ? REASONS_BY_HAND : undefined);
  }
}

const NOTHING_PROTECTED = new ProtectedSpace([]);
