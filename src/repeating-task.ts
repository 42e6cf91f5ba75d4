import { reasonOf } from './errors.ts';

export interface RepeatingTaskOptions {
  readonly work: () => Promise<unknown>;
  /** Called on failure; not again while the same failure repeats. */
  readonly onFailure: (error: unknown) => void;
  /** Seconds until the work is done again without a request. Absent: never. */
  readonly everySeconds?: () => number;
  /** Seconds until the work is tried again after so many failures in a row. Absent: it is not. */
  readonly retrySeconds?: (failures: number) => number;
}

/**
 * Work that is done on request, at intervals, and again after a failure, but never twice at once.
 * Requests made while it runs lead to one more run.
 */
export class RepeatingTask {
  readonly #options: RepeatingTaskOptions;
  #state: 'open' | 'closing' | 'stopped' = 'open';
  #isRequested = false;
  /** The request does not wait for the retry. */
  #isUrgent = false;
  #failures = 0;
  #lastFailure: string | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RepeatingTaskOptions) {
    this.#options = options;
    this.#wait();
  }

  /** Does the work soon; after a failure, when the retry is due. */
  request(): void {
    if (this.#state !== 'open') return;
    this.#isRequested = true;
    if (this.#failures === 0 || this.#timer === undefined) this.#start();
  }

  /** Does the work soon, without waiting for a retry: the cause of the failure may be gone. */
  requestNow(): void {
    if (this.#state !== 'open') return;
    this.#isRequested = true;
    this.#isUrgent = true;
    this.#start();
  }

  /** Does the work once more if that was requested or is to be retried, then ends. */
  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    clearTimeout(this.#timer);
    await this.#running;
    if (this.#isRequested) await this.#run();
  }

  /** Ends after the run in progress. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    await this.#running;
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // The caller finishes first, and its further requests join this run.
    await new Promise(setImmediate);
    let isWell = true;
    while (this.#isRequested && (isWell || this.#isUrgent) && this.#state !== 'stopped') {
      this.#isRequested = false;
      this.#isUrgent = false;
      isWell = await this.#work();
    }
    this.#running = undefined;
    this.#wait();
  }

  /** Whether the work need not be retried. */
  async #work(): Promise<boolean> {
    const { work, onFailure, retrySeconds } = this.#options;
    try {
      await work();
      this.#failures = 0;
      this.#lastFailure = undefined;
      return true;
    } catch (error) {
      if (this.#state === 'stopped') return true;
      const failure = reasonOf(error);
      if (failure !== this.#lastFailure) onFailure(error);
      this.#lastFailure = failure;
      if (retrySeconds === undefined) return true;
      this.#failures++;
      this.#isRequested = true;
      return false;
    }
  }

  #wait(): void {
    if (this.#state !== 'open') return;
    const { everySeconds, retrySeconds } = this.#options;
    const wait = this.#failures > 0 ? retrySeconds?.(this.#failures) : everySeconds?.();
    if (wait === undefined) return;
    this.#timer = setTimeout(() => this.requestNow(), wait * 1000);
    this.#timer.unref();
  }
}

/** A wait that doubles with each failure in a row, in seconds. */
export function doubling(firstSeconds: number, maxSeconds: number): (failures: number) => number {
  return (failures) => Math.min(firstSeconds * 2 ** (failures - 1), maxSeconds);
}
