import type { preValidationAsyncHookHandler } from 'fastify';
import { keepLatest } from './keep-latest.ts';
import type { Metrics } from './metrics.ts';
import { sendLater } from './send-later.ts';
import { may } from './user.ts';

interface Bucket {
  tokens: number;
  at: number;
}

/** A name whose bucket is dropped gets a full one. */
const MAX_BUCKETS = 50_000;

/** A token bucket for each name: that of a user, or a peer's source. */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * @param burstSeconds a name may save up this many seconds of the rate
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
   * capacity takes a full bucket, which then owes the rest.
   */
  take(name: string, cost: number): number {
    const now = this.#now();
    const known = this.#buckets.get(name);
    const bucket = known ?? { tokens: this.#capacity, at: now };
    if (known === undefined) keepLatest(this.#buckets, name, bucket, MAX_BUCKETS);
    const earned = ((now - bucket.at) / 1000) * this.#perSecond;
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + earned);
    bucket.at = now;
    const wanted = Math.min(cost, this.#capacity);
    if (bucket.tokens < wanted) return Math.ceil((wanted - bucket.tokens) / this.#perSecond);
    bucket.tokens -= cost;
    return 0;
  }

  /** Returns tokens that were taken. */
  giveBack(name: string, cost: number): void {
    const bucket = this.#buckets.get(name);
    if (bucket !== undefined) bucket.tokens += cost;
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
    return sendLater(reply, 429, seconds, 'too many requests');
  };
}

/** Each item of a list counts as a request. */
function costOf(body: unknown): number {
  const list = typeof body === 'object' && body !== null && 'reports' in body ? body.reports : body;
  return Array.isArray(list) ? Math.max(1, list.length) : 1;
}
