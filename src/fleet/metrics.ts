import type { SubmissionResults } from './submission.ts';

/** Upper bounds of the histogram, in seconds. */
const BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5] as const;

/** The server's metrics, for Prometheus (text format 0.0.4). */
export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #reports = new Map<string, number>();
  readonly #deferred = new Map<string, number>();
  readonly #buckets = BUCKETS.map(() => 0);
  #seconds = 0;
  #count = 0;
  #failedLogins = 0;
  #limited = 0;

  countRequest(method: string, path: string, status: number, seconds: number): void {
    add(this.#requests, `method="${method}",path="${path}",status="${status}"`, 1);
    this.#seconds += seconds;
    this.#count++;
    BUCKETS.forEach((end, index) => {
      if (seconds <= end) this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    });
  }

  countReports(user: string, results: SubmissionResults): void {
    for (const { outcome } of results) {
      add(this.#reports, `outcome="${outcome}"`, 1);
      if (outcome === 'deferred') add(this.#deferred, `user="${user}"`, 1);
    }
  }

  countFailedLogin(): void {
    this.#failedLogins++;
  }

  countLimited(): void {
    this.#limited++;
  }

  /** @param blocked the number of prefixes blocked now */
  text(blocked: number, sequence: number): string {
    const duration = 'mcblock_request_duration_seconds';
    return [
      ...head('mcblock_requests_total', 'counter', 'Requests answered.'),
      ...rows('mcblock_requests_total', this.#requests),
      ...head(duration, 'histogram', 'Duration of requests.'),
      ...BUCKETS.map(
        (end, index) => `${duration}_bucket{le="${end}"} ${this.#buckets[index] ?? 0}`,
      ),
      `${duration}_bucket{le="+Inf"} ${this.#count}`,
      `${duration}_sum ${this.#seconds}`,
      `${duration}_count ${this.#count}`,
      ...head('mcblock_reports_total', 'counter', 'Reports processed, by outcome.'),
      ...rows('mcblock_reports_total', this.#reports),
      ...head('mcblock_deferred_total', 'counter', 'Reports over the budget of a user.'),
      ...rows('mcblock_deferred_total', this.#deferred),
      ...single(
        'mcblock_failed_logins_total',
        'counter',
        'Logins with a wrong name or password.',
        this.#failedLogins,
      ),
      ...single('mcblock_limited_total', 'counter', 'Requests over the rate limit.', this.#limited),
      ...single('mcblock_blocked_prefixes', 'gauge', 'Prefixes blocked now.', blocked),
      ...single('mcblock_sequence', 'gauge', 'The number of the latest change.', sequence),
      '',
    ].join('\n');
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function head(name: string, type: 'counter' | 'gauge' | 'histogram', help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function rows(name: string, counts: ReadonlyMap<string, number>): string[] {
  return Array.from(counts, ([labels, count]) => `${name}{${labels}} ${count}`);
}

function single(name: string, type: 'counter' | 'gauge', help: string, value: number): string[] {
  return [...head(name, type, help), `${name} ${value}`];
}
