import type { Seconds } from '../blocklist/entry.ts';
import { DAY_SECONDS } from '../blocklist/policy.ts';

/** A clock that is set back by less than this, as NTP does, is followed at once. */
export const TOLERANCE_SECONDS = 60;
/** Further ahead than this, a clock may be wrong. */
export const MAX_AHEAD_SECONDS = 30 * DAY_SECONDS;

/**
 * The present time for a process that keeps running: that of the system's clock, until that jumps
 * back, or far ahead. From then on the time goes on as it was, until the clock is near it again or
 * the jump is accepted. It never goes back.
 */
export class SteadyClock {
  readonly #clock: () => Seconds;
  readonly #uptime: () => number;
  readonly #onJump: () => void;
  /** The time when the uptime was zero. */
  #origin: number | undefined;
  #latest = Number.NEGATIVE_INFINITY;
  #isAhead = false;

  /**
   * @param uptime seconds that no change of the clock affects
   * @param onJump called with each look at the time while the clock is far ahead
   */
  constructor(clock: () => Seconds, uptime: () => number, onJump: () => void) {
    this.#clock = clock;
    this.#uptime = uptime;
    this.#onJump = onJump;
  }

  /** The clock is far ahead of the time. */
  get isAhead(): boolean {
    return this.#isAhead;
  }

  now(): Seconds {
    const [clock, uptime] = [this.#clock(), this.#uptime()];
    this.#origin ??= clock - uptime;
    const steady = this.#origin + uptime;
    this.#isAhead = clock > steady + MAX_AHEAD_SECONDS;
    const isNear = !this.#isAhead && clock > steady - TOLERANCE_SECONDS;
    if (isNear) this.#origin = clock - uptime;
    this.#latest = Math.max(this.#latest, isNear ? clock : Math.floor(steady));
    if (this.#isAhead) this.#onJump();
    return this.#latest;
  }

  /** It is at least this late: a machine may start without a clock. */
  startAt(time: Seconds): void {
    this.#origin = time - this.#uptime();
    this.#latest = time;
  }

  /** The system's clock is right. */
  accept(): void {
    this.#origin = undefined;
    this.#isAhead = false;
  }
}
