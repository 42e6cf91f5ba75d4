import type { Seconds } from '../blocklist/entry.ts';
import type { FleetStore } from './fleet-store.ts';
import { processReports, type ReportRules } from './process-reports.ts';
import type { Report, Reporter } from './report.ts';
import { type Submission, type SubmissionResults, snapshotQueryOf } from './submission.ts';

/** Reports in one transaction; a single submission may hold more. */
const MAX_REPORTS = 20_000;
/** What a user over budget has active is counted again after this time. */
const COUNT_SECONDS = 60;

interface Job {
  readonly submission: Submission;
  readonly resolve: (results: SubmissionResults) => void;
  readonly reject: (error: unknown) => void;
}

/** Writes reports, and counts their results for the metrics and for the user. */
export type ReportCounted = (
  by: Reporter,
  reports: readonly Report[],
) => Promise<SubmissionResults>;

/**
 * Writes submissions to the store, one transaction after the other. Those that arrive during one
 * share the next, and so a single wait for the disk. A submission is answered once it is on disk.
 */
export class Writer {
  readonly #store: FleetStore;
  readonly #rules: ReportRules;
  readonly #clock: () => Seconds;
  #waiting: Job[] = [];
  /** When what these users have active was last counted. */
  readonly #countedAt = new Map<string, Seconds>();
  #running: Promise<void> | undefined;

  constructor(store: FleetStore, rules: ReportRules, clock: () => Seconds) {
    this.#store = store;
    this.#rules = rules;
    this.#clock = clock;
  }

  submit(submission: Submission): Promise<SubmissionResults> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ submission, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when every submission is answered. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Submissions of the same turn of the event loop share the first transaction too.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) await this.#process(this.#take());
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

  async #process(jobs: readonly Job[]): Promise<void> {
    const submissions = jobs.map(({ submission }) => submission);
    const now = this.#clock();
    let results: readonly SubmissionResults[] = [];
    try {
      results = await this.#write(submissions, now, []);
    } catch (error) {
      // Nothing was written. One submission must not make the others fail.
      if (jobs.length === 1) jobs[0]?.reject(error);
      else for (const job of jobs) await this.#process([job]);
      return;
    }
    jobs.forEach(({ resolve }, index) => {
      resolve(results[index] ?? []);
    });
  }

  /** @param counted the users of whom all that they have active is read */
  async #write(
    submissions: readonly Submission[],
    now: Seconds,
    counted: readonly string[],
  ): Promise<readonly SubmissionResults[]> {
    let results: readonly SubmissionResults[] = [];
    try {
      await this.#store.change(
        snapshotQueryOf(submissions, this.#rules.policy, now, counted),
        (snapshot) => {
          const processed = processReports(snapshot, submissions, this.#rules, now);
          const uncounted = this.#toBeCounted(processed.uncounted, now);
          // Thrown, so that nothing is written.
          if (uncounted.length > 0) throw new Uncounted(uncounted);
          results = processed.results;
          return processed.change;
        },
      );
    } catch (error) {
      if (!(error instanceof Uncounted)) throw error;
      for (const user of error.users) this.#countedAt.set(user, now);
      return this.#write(submissions, now, error.users);
    }
    return results;
  }

  /** What a user has active is not counted for each report again. */
  #toBeCounted(users: ReadonlySet<string>, now: Seconds): string[] {
    return [...users].filter((user) => {
      const at = this.#countedAt.get(user);
      return at === undefined || now < at || now >= at + COUNT_SECONDS;
    });
  }
}

class Uncounted extends Error {
  readonly users: readonly string[];

  constructor(users: readonly string[]) {
    super('what users have active is not counted');
    this.users = users;
  }
}
