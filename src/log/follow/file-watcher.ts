import { type FSWatcher, type Stats, statSync, watch } from 'node:fs';

/** Lines written in quick succession are read together. */
const MIN_REST_MILLISECONDS = 5;

interface Watched {
  readonly watcher: FSWatcher;
  readonly stat: Stats;
}

/**
 * Reports that logs were written to. This is only a hint: where the system cannot tell (a network
 * file system, too many watches), nothing is reported, so logs must be polled as well.
 */
export class FileWatcher {
  readonly #watched = new Map<string, Watched>();
  #isChanged = false;
  #earliestAt = Number.POSITIVE_INFINITY;
  #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  /** Reports only what is written to these from now on. To be called before they are read. */
  reset(names: readonly string[]): void {
    clearTimeout(this.#timer);
    this.#isChanged = false;
    this.#earliestAt = Number.POSITIVE_INFINITY;
    this.#controller = new AbortController();
    const wanted = new Set(names);
    for (const name of this.#watched.keys()) if (!wanted.has(name)) this.#unwatch(name);
    for (const name of names) this.#watch(name);
  }

  /**
   * A signal that is aborted when a log was written to since the reset, but not before this time has
   * passed: reading after each write would leave no time for anything else.
   */
  signalAfter(restMilliseconds: number): AbortSignal {
    this.#earliestAt = performance.now() + Math.max(restMilliseconds, MIN_REST_MILLISECONDS);
    if (this.#isChanged) this.#abortInTime();
    return this.#controller.signal;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const name of this.#watched.keys()) this.#unwatch(name);
  }

  /** Watches the file, which may be another than before. */
  #watch(name: string): void {
    try {
      const stat = statSync(name, { throwIfNoEntry: false });
      const before = this.#watched.get(name)?.stat;
      if (stat !== undefined && before?.ino === stat.ino && before.dev === stat.dev) return;
      this.#unwatch(name);
      if (stat === undefined) return;
      const watcher = watch(name, { persistent: false }, () => this.#onChange());
      watcher.on('error', () => this.#unwatch(name));
      this.#watched.set(name, { watcher, stat });
    } catch {
      // It cannot be watched, only polled.
    }
  }

  #unwatch(name: string): void {
    this.#watched.get(name)?.watcher.close();
    this.#watched.delete(name);
  }

  #onChange(): void {
    if (this.#isChanged) return;
    this.#isChanged = true;
    if (this.#earliestAt < Number.POSITIVE_INFINITY) this.#abortInTime();
  }

  #abortInTime(): void {
    const wait = this.#earliestAt - performance.now();
    if (wait <= 0) this.#controller.abort();
    else this.#timer = setTimeout(() => this.#controller.abort(), wait);
  }
}
