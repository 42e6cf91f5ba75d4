import type { Seconds } from '../blocklist/entry.ts';
import { MAX_AHEAD_SECONDS, SteadyClock, TOLERANCE_SECONDS } from '../engine/steady-clock.ts';
import { McblockError } from '../errors.ts';
import type { Stretch } from '../log/time/stretches.ts';
import type { Sink } from './sink.ts';
import { parseTime, shortTime } from './text/time.ts';

/** While the clock is far ahead of a running command, the system is asked no more often than this. */
const ASK_SECONDS = 60;

interface Clocks {
  readonly clock: () => Seconds;
  /** Whether the clock is known to be right; default: ask the system. */
  readonly isClockSynchronised?: () => Promise<boolean>;
  readonly stderr: Sink;
}

interface TimeOptions {
  readonly now?: string;
  readonly yes?: true;
}

/** The time at which a command acts, as far as the system's clock can be believed. */
export class PresentTime {
  readonly #clocks: Clocks;
  readonly #options: () => TimeOptions;
  readonly #steady: SteadyClock;
  #now: Seconds | undefined;
  #doubtfulSince: Seconds | undefined;
  /** When the system was last asked about a clock that jumped, by the uptime. */
  #askedAt: number | undefined;

  constructor(clocks: Clocks, options: () => TimeOptions) {
    this.#clocks = clocks;
    this.#options = options;
    this.#steady = new SteadyClock(clocks.clock, uptime, () => this.#jumped());
  }

  /**
   * The time at which the command acts; fixed from its start to its end, but for a clock that is
   * behind the store, which is known once the store is open.
   */
  get now(): Seconds {
    const { now } = this.#options();
    this.#now ??= now === undefined ? this.present : parseTime(now, '--now');
    return this.#now;
  }

  /**
   * The present time, for commands that keep running: never before the latest that the store has
   * seen, and steady while the clock is back or far ahead of it. Fixed with --now.
   */
  get present(): Seconds {
    return this.#options().now === undefined ? this.#steady.now() : this.now;
  }

  /**
   * If the system's clock is so far ahead that it may be wrong: the latest time before, at which
   * rules are not removed yet. Known once the store is open.
   */
  get doubtfulSince(): Seconds | undefined {
    return this.#doubtfulSince;
  }

  /** Not after `now`, also if the clock is ahead: what begins or ends then has done so now. */
  get certain(): Seconds {
    return this.#doubtfulSince ?? this.now;
  }

  /**
   * The time to record in the store; undefined while it is in doubt. One given with --now counts as
   * far as the system's clock confirms it.
   */
  get toRecord(): Seconds | undefined {
    if (this.#doubtfulSince !== undefined) return undefined;
    return this.#options().now === undefined
      ? this.present
      : Math.min(this.now, this.#clocks.clock());
  }

  /** Throws McblockError('system') while the time is in doubt: automatic requests wait. */
  require(): void {
    if (this.#doubtfulSince === undefined) return;
    throw new McblockError('system', 'nothing recorded: the time is in doubt');
  }

  /** Compares the system's clock with the latest time that the store has seen. */
  async check(latest: Seconds | undefined): Promise<void> {
    const { now, yes } = this.#options();
    if (now !== undefined || latest === undefined) return;
    const clock = this.#clocks.clock();
    const ahead = clock - latest;
    const recorded = `${shortTime(latest)} UTC, the latest time recorded in the store`;
    if (ahead < 0) {
      this.#now = latest;
      this.#steady.startAt(latest);
    }
    if (ahead <= -TOLERANCE_SECONDS) {
      this.#warn(`the system clock (${shortTime(clock)} UTC) is behind; using ${recorded}`);
    }
    if (ahead <= MAX_AHEAD_SECONDS || yes) return;
    if (await this.isSynchronised()) return;
    this.#doubtfulSince = latest;
    this.#warn(
      `the system clock (${shortTime(clock)} UTC) is more than 30 days ahead of ${recorded}; if it is right, use --yes`,
    );
  }

  /**
   * Logs confirm a clock that is far ahead if their lines lead from the latest time recorded to the
   * present, never with more than 30 days between two: a clock that jumped leaves a gap.
   */
  confirmBy(stretches: readonly Stretch[]): void {
    if (this.#doubtfulSince === undefined) return;
    let reached = this.#doubtfulSince;
    for (const { first, last } of stretches.toSorted((p, q) => p.first - q.first)) {
      if (first <= reached + MAX_AHEAD_SECONDS) reached = Math.max(reached, last);
    }
    if (this.#clocks.clock() > reached + MAX_AHEAD_SECONDS) return;
    this.#doubtfulSince = undefined;
    this.#warn('the logs confirm the system clock');
  }

  /** While the clock is far ahead of a running command, which goes on without it. */
  #jumped(): void {
    if (this.#options().yes) {
      this.#steady.accept();
      return;
    }
    const now = uptime();
    if (this.#askedAt === undefined) {
      this.#warn('the system clock jumped more than 30 days ahead; ignoring it');
    } else if (now < this.#askedAt + ASK_SECONDS) return;
    this.#askedAt = now;
    void this.#acceptIfSynchronised();
  }

  async #acceptIfSynchronised(): Promise<void> {
    if (!(await this.isSynchronised()) || !this.#steady.isAhead) return;
    this.#steady.accept();
    this.#askedAt = undefined;
    this.#warn('the system clock is synchronised; using it again');
  }

  /** Whether the system says that its clock is synchronised. */
  async isSynchronised(): Promise<boolean> {
    const { isClockSynchronised } = this.#clocks;
    if (isClockSynchronised !== undefined) return isClockSynchronised();
    // Loaded here, as few commands run a program and all pay for what is loaded at the start.
    return (await import('../engine/synchronised-clock.ts')).isClockSynchronised();
  }

  #warn(text: string): void {
    this.#clocks.stderr.write(`mcblock: ${text}\n`);
  }
}

/** In seconds, whatever happens to the clock. It does not load node:perf_hooks, as `performance` does. */
function uptime(): number {
  return process.uptime();
}
