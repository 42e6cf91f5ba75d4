import type { Seconds } from '../blocklist/entry.ts';
import type { FleetStore } from './fleet-store.ts';
import { needOf, type Results, type Rules, type Submission, settle } from './process-reports.ts';

/** So many reports are settled in one transaction; one submission may hold more. */
const MAX_REPORTS = 20_000;

interface Job {
  readonly submission: Submission;
  readonly resolve: (results: Results) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Brings submissions into the store, one transaction after the other. What comes while one is under
 * way shares the next: the disk is waited for once for all of them. A submission is answered when
 * it is on the disk, and not before.
 */
export class Writer {
  readonly #store: FleetStore;
  readonly #rules: Rules;
  readonly #clock: () => Seconds;
  #waiting: Job[] = [];
  #running: Promise<void> | undefined;

  constructor(store: FleetStore, rules: Rules, clock: () => Seconds) {
    this.#store = store;
    this.#rules = rules;
    this.#clock = clock;
  }

  submit(submission: Submission): Promise<Results> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ submission, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all that was submitted is answered. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever comes in the same turn of the loop still takes part.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) await this.#settle(this.#take());
    this.#running = undefined;
  }

  #take(): Job[] {
    let reports = 0;
    let count = 0;
    for (const { submission } of this.#waiting) {
      reports += submission.reports.length;
      if (count > 0 && reports > MAX_REPORTS) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #settle(jobs: readonly Job[]): Promise<void> {
    const submissions = jobs.map(({ submission }) => submission);
    const now = this.#clock();
    let results: readonly Results[] = [];
    try {
      await this.#store.change(needOf(submissions, now), (past) => {
        const settled = settle(past, submissions, this.#rules, now);
        results = settled.results;
        return settled.change;
      });
    } catch (error) {
      // One of them must not make the others fail; nothing was written.
      if (jobs.length === 1) jobs[0]?.reject(error);
      else for (const job of jobs) await this.#settle([job]);
      return;
    }
    jobs.forEach(({ resolve }, index) => {
      resolve(results[index] ?? []);
    });
  }
}
