import type { preValidationAsyncHookHandler } from 'fastify';
import type { Metrics } from './metrics.ts';
import { may } from './user.ts';

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each user. */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param burstSeconds a user may save up this many seconds of the rate
   * @param now milliseconds, never going back
   */
  constructor(
    perSecond: number,
    burstSeconds: number,
    now: () => number = () => performance.now(),
  ) {
    this.#perSecond = perSecond;
    this.#capacity = perSecond * burstSeconds;
    this.#now = now;
  }

  /**
   * Takes the tokens and returns 0, or returns the seconds to wait for them. A cost above the
   * capacity takes a full bucket, which then owes the rest. Names are those of existing users, which
   * bounds the number of buckets.
   */
  take(name: string, cost: number): number {
    const now = this.#now();
    const bucket = this.#buckets.get(name) ?? { tokens: this.#capacity, at: now };
    this.#buckets.set(name, bucket);
    const earned = ((now - bucket.at) / 1000) * this.#perSecond;
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + earned);
    bucket.at = now;
    const wanted = Math.min(cost, this.#capacity);
    if (bucket.tokens < wanted) return Math.ceil((wanted - bucket.tokens) / this.#perSecond);
    bucket.tokens -= cost;
    return 0;
  }
}

export interface Rates {
  /** Requests of one user a second; each item of a list counts as one. */
  readonly perSecond: number;
  /** Reports of one user who is no administrator. */
  readonly reportsPerMinute: number;
}

const BURST_SECONDS = 200;

/** A preValidation hook: it knows how long a list is, and saves validating one over the limit. */
export function limitRate(
  { perSecond, reportsPerMinute }: Rates,
  metrics: Metrics,
): preValidationAsyncHookHandler {
  const requests = new RateLimiter(perSecond, BURST_SECONDS);
  const reports = new RateLimiter(reportsPerMinute / 60, 60);
  return async ({ user, body, routeOptions }, reply) => {
    if (user === undefined) return;
    const cost = costOf(body);
    const isReport = routeOptions.config.access === 'report' && !may(user, 'admin');
    const seconds =
      requests.take(user.name, cost) || (isReport ? reports.take(user.name, cost) : 0);
    if (seconds === 0) return;
    metrics.countLimited();
    return reply
      .code(429)
      .header('retry-after', String(seconds))
      .send({ error: 'too many requests' });
  };
}

/** Each item of a list counts as a request. */
function costOf(body: unknown): number {
  const list = typeof body === 'object' && body !== null && 'reports' in body ? body.reports : body;
  return Array.isArray(list) ? Math.max(1, list.length) : 1;
}
