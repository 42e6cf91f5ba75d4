import type { preValidationAsyncHookHandler } from 'fastify';
import type { Metrics } from './metrics.ts';

/** A user may save up this many seconds of requests for a burst. */
const BURST_SECONDS = 200;

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each user. */
export class RateLimiter {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds, never going back */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /**
   * Takes the tokens and returns 0, or returns the seconds to wait for them. Names are those of
   * existing users, which bounds the number of buckets.
   */
  take(name: string, cost: number): number {
    const now = this.#now();
    const capacity = this.#perSecond * BURST_SECONDS;
    const bucket = this.#buckets.get(name) ?? { tokens: capacity, at: now };
    this.#buckets.set(name, bucket);
    const earned = ((now - bucket.at) / 1000) * this.#perSecond;
    bucket.tokens = Math.min(capacity, bucket.tokens + earned);
    bucket.at = now;
    // A cost above the capacity would never be met.
    const wanted = Math.min(cost, capacity);
    if (bucket.tokens < wanted) return Math.ceil((wanted - bucket.tokens) / this.#perSecond);
    bucket.tokens -= wanted;
    return 0;
  }
}

/** A preValidation hook: it knows how long a list is, and saves validating one over the limit. */
export function limitRate(limiter: RateLimiter, metrics: Metrics): preValidationAsyncHookHandler {
  return async ({ user, body }, reply) => {
    const seconds = user === undefined ? 0 : limiter.take(user.name, costOf(body));
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
