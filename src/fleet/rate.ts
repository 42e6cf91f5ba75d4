/** Bursts of so many seconds are let through. */
const BURST_SECONDS = 200;

interface Bucket {
  left: number;
  at: number;
}

/** How much each user may ask for: a bucket that fills by so much a second. */
export class Rate {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds, rising */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /**
   * 0 where so much may be had, and then it is taken; else in how many seconds it may. Names are
   * those of users that exist, so that there are no more buckets than users.
   */
  take(name: string, cost: number): number {
    const now = this.#now();
    const most = this.#perSecond * BURST_SECONDS;
    const bucket = this.#buckets.get(name) ?? { left: most, at: now };
    this.#buckets.set(name, bucket);
    bucket.left = Math.min(most, bucket.left + ((now - bucket.at) / 1000) * this.#perSecond);
    bucket.at = now;
    // What costs more than the whole bucket would wait for ever.
    const wanted = Math.min(cost, most);
    if (bucket.left < wanted) return Math.ceil((wanted - bucket.left) / this.#perSecond);
    bucket.left -= wanted;
    return 0;
  }
}
