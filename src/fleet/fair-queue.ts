/** The work was not done. */
export const BUSY = Symbol('busy');

interface Job {
  readonly isWanted: () => boolean;
  readonly start: () => void;
  readonly drop: () => void;
}

export interface QueueLimits {
  /** Jobs that run at the same time. */
  readonly running: number;
  /** Jobs that wait. */
  readonly waiting: number;
  /** Jobs of one source that wait. */
  readonly waitingOfSource: number;
}

/** Runs expensive work: one job of each source by turns. */
export class FairQueue {
  readonly #limits: QueueLimits;
  /** The source whose turn it is comes first. No list is empty. */
  readonly #waiting = new Map<string, Job[]>();
  #waitingCount = 0;
  #running = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /**
   * Resolves to BUSY if too many jobs wait, or if nobody wants the result when it is the job's turn. A
   * full queue drops a job of the source that has most in it.
   */
  run<T>(
    source: string,
    isWanted: () => boolean,
    work: () => Promise<T>,
  ): Promise<T | typeof BUSY> {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#running++;
        work()
          .then(resolve, reject)
          .finally(() => {
            this.#running--;
            this.#startNext();
          });
      };
      this.#add(source, { isWanted, start, drop: () => resolve(BUSY) });
      this.#startNext();
    });
  }

  #add(source: string, job: Job): void {
    const jobs = this.#waiting.get(source) ?? [];
    this.#waiting.set(source, jobs);
    jobs.push(job);
    this.#waitingCount++;
    if (jobs.length > this.#limits.waitingOfSource) this.#dropLast(source, jobs);
    if (this.#waitingCount <= this.#limits.waiting) return;
    const [longest, most] = [...this.#waiting].reduce((one, other) =>
      other[1].length > one[1].length ? other : one,
    );
    this.#dropLast(longest, most);
  }

  #dropLast(source: string, jobs: Job[]): void {
    jobs.pop()?.drop();
    this.#waitingCount--;
    if (jobs.length === 0) this.#waiting.delete(source);
  }

  #startNext(): void {
    while (this.#running < this.#limits.running) {
      const job = this.#next();
      if (job === undefined) return;
      if (job.isWanted()) job.start();
      else job.drop();
    }
  }

  #next(): Job | undefined {
    const first = this.#waiting.entries().next();
    if (first.done) return undefined;
    const [source, jobs] = first.value;
    this.#waiting.delete(source);
    const job = jobs.shift();
    if (jobs.length > 0) this.#waiting.set(source, jobs);
    this.#waitingCount--;
    return job;
  }
}
