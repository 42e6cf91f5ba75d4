import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../../errors.ts';

export interface RepeatingTaskOptions<Result> {
  readonly work: () => Promise<Result>;
  readonly onDone: (result: Result) => void;
  /** The same failure again and again is told once. */
  readonly onFailure: (error: unknown) => void;
  /** It is done without being asked for, too: about so long after the last time. */
  readonly everySeconds?: () => number;
  readonly retrySeconds: number;
}

/** A random part of each wait, so that the machines of a fleet do not all come at once. */
const SPREAD = 0.25;

/**
 * What is to be done at another host: when it is asked for, now and then, and again after a
 * failure; never twice at the same time.
 */
export class RepeatingTask<Result> {
  readonly #deps: RepeatingTaskOptions<Result>;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** Ends the wait after a failure. */
  #wake = new AbortController();
  #isWanted = false;
  #running: Promise<void> | undefined;
  #lastFailure: string | undefined;

  constructor(deps: RepeatingTaskOptions<Result>) {
    this.#deps = deps;
    this.#wait();
  }

  /**
   * If it is being done already, it is done once more after that; if it failed and waits, now:
   * whoever asks has reason to think that it could go well.
   */
  soon(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    this.#wake.abort();
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    this.#wake.abort();
    await this.#running;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer);
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      try {
        this.#deps.onDone(await this.#deps.work());
        this.#lastFailure = undefined;
      } catch (error) {
        if (this.#isStopped) break;
        this.#tell(error);
        await this.#pause();
        this.#isWanted = true;
      }
    }
    this.#running = undefined;
    this.#wait();
  }

  /** Not at all where it was asked for once more while it failed. */
  async #pause(): Promise<void> {
    if (this.#isWanted) return;
    this.#wake = new AbortController();
    const { signal } = this.#wake;
    const milliseconds = spread(this.#deps.retrySeconds);
    await pause(milliseconds, undefined, { signal }).catch(() => {});
  }

  #wait(): void {
    const seconds = this.#deps.everySeconds?.();
    if (seconds === undefined) return;
    this.#timer = setTimeout(() => this.soon(), spread(seconds));
  }

  #tell(error: unknown): void {
    const failure = reasonOf(error);
    if (failure !== this.#lastFailure) this.#deps.onFailure(error);
    this.#lastFailure = failure;
  }
}

/** In milliseconds. */
function spread(seconds: number): number {
  return seconds * 1000 * (1 + SPREAD * (2 * Math.random() - 1));
}
