import {
  blockedPrefixes,
  counter,
  gauge,
  LabelledCounts,
  type Metric,
  type MetricSample,
} from '../prometheus.ts';
import type { SubmissionResults } from './submission.ts';

/** Upper bounds of the histogram, in seconds. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5] as const;

/** The server's metrics. */
export class Metrics {
  readonly #requests = new LabelledCounts();
  readonly #reports = new LabelledCounts();
  readonly #deferred = new LabelledCounts();
  readonly #buckets = BUCKETS.map(() => 0);
  #seconds = 0;
  #count = 0;
  #failedLogins = 0;
  #limited = 0;

  countRequest(method: string, path: string, status: number, seconds: number): void {
    this.#requests.add({ method, path, status: String(status) });
    this.#seconds += seconds;
    this.#count++;
    BUCKETS.forEach((end, index) => {
      if (seconds <= end) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    });
  }

  countReports(user: string, results: SubmissionResults): void {
    for (const { outcome, limit } of results) {
      this.#reports.add({ outcome });
      if (limit !== undefined) this.#deferred.add({ user, limit });
    }
  }

  countFailedLogin(): void {
    this.#failedLogins++;
  }

  countLimited(): void {
    this.#limited++;
  }

  /**
   * @param blocked the number of prefixes blocked now
   * @param claimed the number of those that wait until other machines report them too
   */
  all(blocked: number, claimed: number, sequence: number): Metric[] {
    return [
      counter('mcblock_requests_total', 'Requests answered.', this.#requests.samples),
      {
        name: 'mcblock_request_duration_seconds',
        type: 'histogram',
        help: 'Duration of requests.',
        samples: [
          ...BUCKETS.map((end, index) => bucket(String(end), this.#buckets[index] ?? 0)),
          bucket('+Inf', this.#count),
          { suffix: '_sum', labels: {}, value: this.#seconds },
          { suffix: '_count', labels: {}, value: this.#count },
        ],
      },
      counter('mcblock_reports_total', 'Reports processed, by outcome.', this.#reports.samples),
      counter(
        'mcblock_deferred_total',
        'Reports put off, by user and limit.',
        this.#deferred.samples,
      ),
      counter(
        'mcblock_failed_logins_total',
        'Logins with a wrong name or password.',
        this.#failedLogins,
      ),
      counter('mcblock_limited_total', 'Requests over the rate limit.', this.#limited),
      blockedPrefixes(blocked),
      gauge(
        'mcblock_claimed_prefixes',
        'Wide prefixes that wait for other machines (fleet.quorum).',
        claimed,
      ),
      gauge('mcblock_sequence', 'The number of the latest change.', sequence),
    ];
  }
}

/** @param le the upper bound */
function bucket(le: string, value: number): MetricSample {
  return { suffix: '_bucket', labels: { le }, value };
}
