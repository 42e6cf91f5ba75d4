import { type FSWatcher, type Stats, statSync, watch } from 'node:fs';

/** What is written in quick succession is read together. */
const LEAST_REST_MILLISECONDS = 5;

interface Watched {
  readonly watcher: FSWatcher;
  readonly stat: Stats;
}

/**
 * Tells when a log is written to. It is a hint and no more: where the system cannot tell (a file on
 * another machine, too many that are watched), nothing comes, and logs are to be looked at now and
 * then all the same.
 */
export class Alarm {
  readonly #names: readonly string[];
  readonly #watched = new Map<string, Watched>();
  #isWritten = false;
  #earliestAt = Number.POSITIVE_INFINITY;
  #rung = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** From now on it is for what is written after this. To be called before the logs are read. */
  set(): void {
    clearTimeout(this.#timer);
    this.#isWritten = false;
    this.#earliestAt = Number.POSITIVE_INFINITY;
    this.#rung = new AbortController();
    for (const name of this.#names) this.#see(name);
  }

  /**
   * Aborted when something was written since it was set, but not before so many milliseconds have
   * passed: whoever reads at each word has no time for anything else.
   */
  after(restMilliseconds: number): AbortSignal {
    this.#earliestAt = performance.now() + Math.max(restMilliseconds, LEAST_REST_MILLISECONDS);
    if (this.#isWritten) this.#ringInTime();
    return this.#rung.signal;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const name of this.#names) this.#forget(name);
  }

  /** Another file may have the name by now. */
  #see(name: string): void {
    try {
      const stat = statSync(name, { throwIfNoEntry: false });
      const before = this.#watched.get(name)?.stat;
      if (stat !== undefined && before?.ino === stat.ino && before.dev === stat.dev) return;
      this.#forget(name);
      if (stat === undefined) return;
      const watcher = watch(name, { persistent: false }, () => this.#hear());
      watcher.on('error', () => this.#forget(name));
      this.#watched.set(name, { watcher, stat });
    } catch {
      // It cannot be told; then it is looked at.
    }
  }

  #forget(name: string): void {
    this.#watched.get(name)?.watcher.close();
    this.#watched.delete(name);
  }

  #hear(): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    if (this.#earliestAt < Number.POSITIVE_INFINITY) this.#ringInTime();
  }

  #ringInTime(): void {
    const wait = this.#earliestAt - performance.now();
    if (wait <= 0) this.#rung.abort();
    else this.#timer = setTimeout(() => this.#rung.abort(), wait);
  }
}
