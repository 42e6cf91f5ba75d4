import { setTimeout as pause } from 'node:timers/promises';
import type { CaughtUp } from './status.ts';

export interface CatchUpDeps {
  /** Asks the API for everything since the last number, and stores it. */
  readonly work: () => Promise<CaughtUp>;
  readonly onDone: (result: CaughtUp) => void;
  readonly onFailure: (error: unknown) => void;
  /** Whoever hears every message asks all the same, now and then. */
  readonly everySeconds: number;
  readonly retrySeconds: number;
}

/** Asks the API: when it is told to, and every few minutes; never twice at the same time. */
export class CatchUp {
  readonly #deps: CatchUpDeps;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #isWanted = false;
  #running: Promise<void> | undefined;

  constructor(deps: CatchUpDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.soon(), deps.everySeconds * 1000);
  }

  /** What happens until now is asked for: if it is being done already, once more after that. */
  soon(): void {
    if (this.#stop.signal.aborted) return;
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false;
      try {
        this.#deps.onDone(await this.#deps.work());
      } catch (error) {
        this.#deps.onFailure(error);
        this.#isWanted = true;
        await pause(this.#deps.retrySeconds * 1000, undefined, { signal }).catch(() => {});
      }
    }
  }
}
