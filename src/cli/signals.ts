import { setTimeout as pause } from 'node:timers/promises';

/** The signals of a program that runs until it is stopped. */
export class Signals {
  readonly #listeners = {
    SIGTERM: () => this.stop(),
    SIGINT: () => this.stop(),
    SIGHUP: () => {
      this.#isHungUp = true;
      this.#wake.abort();
    },
  };
  #isStopped = false;
  #isHungUp = false;
  /** Ends the current pause. */
  #wake = new AbortController();

  constructor() {
    for (const [name, listener] of Object.entries(this.#listeners)) process.on(name, listener);
  }

  /** Whether SIGTERM or SIGINT was received. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Whether SIGHUP came since the last call. */
  takeHangUp(): boolean {
    const isHungUp = this.#isHungUp;
    this.#isHungUp = false;
    return isHungUp;
  }

  /** Waits that long, or until a signal comes or `early` is aborted. */
  async pause(milliseconds: number, early?: AbortSignal): Promise<void> {
    if (this.#isStopped || this.#isHungUp) return;
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#wake.signal, ...(early ? [early] : [])]);
    await pause(milliseconds, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** Removes the signal handlers. */
  close(): void {
    for (const [name, listener] of Object.entries(this.#listeners)) process.off(name, listener);
  }

  /** As a signal that ends the program. */
  stop(): void {
    this.#isStopped = true;
    this.#wake.abort();
  }
}
