/** Keeps numbers below 2^53 until the year 2039. */
const PROCESSES = 4096;

/**
 * The numbers of a sender's messages. They rise with time, so that they need no file, and two
 * processes of one host share none unless their ids are the same modulo 4096.
 */
export class MessageNumbers {
  readonly #process: number;
  readonly #now: () => number;
  #last = 0;

  /** @param now milliseconds since 1970 */
  constructor(processId: number, now: () => number) {
    this.#process = processId % PROCESSES;
    this.#now = now;
  }

  next(): number {
    // More than one in a millisecond run ahead of the clock.
    this.#last = Math.max(this.#last + 1, this.#now());
    return this.#last * PROCESSES + this.#process;
  }
}
