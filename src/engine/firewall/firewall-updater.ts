import { reasonOf } from '../../errors.ts';

/** What expires leaves the firewall after so long at most. */
const EVERY_MILLISECONDS = 300_000;
const FIRST_WAIT_MILLISECONDS = 1000;
const MAX_WAIT_MILLISECONDS = 60_000;

/**
 * Brings the firewall up to date for a command that lasts: when it is asked to, now and then, and
 * again after it failed. One at a time; what is asked for meanwhile is done once more.
 */
export class Applier {
  readonly #apply: () => Promise<unknown>;
  readonly #remark: (text: string) => void;
  #running: Promise<void> | undefined;
  #isWanted = false;
  #waitMilliseconds = FIRST_WAIT_MILLISECONDS;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(apply: () => Promise<unknown>, remark: (text: string) => void) {
    this.#apply = apply;
    this.#remark = remark;
  }

  request(): void {
    this.#isWanted = true;
    this.#running ??= this.#run();
  }

  /** Does what was asked for, once more if it fails, and no more after that. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
    if (this.#isWanted) await this.#run();
  }

  async #run(): Promise<void> {
    // Not in the middle of what the caller does, nor before what it tells others is on its way: to
    // start a program takes longer.
    await new Promise(setImmediate);
    let failed = false;
    while (this.#isWanted && !failed) {
      this.#isWanted = false;
      try {
        await this.#apply();
        this.#waitMilliseconds = FIRST_WAIT_MILLISECONDS;
      } catch (error) {
        this.#remark(`mcblock: the firewall is not up to date: ${reasonOf(error)}`);
        this.#isWanted = true;
        failed = true;
      }
    }
    this.#running = undefined;
    this.#wait(failed);
  }

  #wait(failed: boolean): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const wait = failed ? this.#waitMilliseconds : EVERY_MILLISECONDS;
    if (failed) {
      this.#waitMilliseconds = Math.min(this.#waitMilliseconds * 2, MAX_WAIT_MILLISECONDS);
    }
    this.#timer = setTimeout(() => this.request(), wait);
    this.#timer.unref();
  }
}
