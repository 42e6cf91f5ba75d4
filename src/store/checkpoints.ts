import { once } from 'node:events';
import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import THREAD from './checkpoint-thread.cjs?raw';

/** As SQLite's own, which is 1,000 pages. */
const CHECKPOINT_BYTES = 4 * 2 ** 20;

/**
 * Moves what was committed from the write-ahead log into the database, in a thread: it waits for the
 * disk twice, which holds up all else that a process does.
 */
export class Checkpoints {
  readonly #log: string;
  readonly #thread: Worker;
  #isRunning = false;

  /**
   * Throws what keeps the thread from its work.
   * @param module the native module of better-sqlite3
   * @param onFailure the thread has ended since
   */
  static async start(path: string, module: string, onFailure: () => void): Promise<Checkpoints> {
    const thread = new Worker(THREAD, { eval: true, workerData: { path, module } });
    await once(thread, 'message');
    thread.on('error', onFailure);
    thread.unref();
    return new Checkpoints(`${path}-wal`, thread);
  }

  private constructor(log: string, thread: Worker) {
    this.#log = log;
    this.#thread = thread;
    thread.on('message', () => {
      this.#isRunning = false;
    });
  }

  /** To be called after each commit. */
  committed(): void {
    if (this.#isRunning) return;
    const { size = 0 } = statSync(this.#log, { throwIfNoEntry: false }) ?? {};
    if (size < CHECKPOINT_BYTES) return;
    this.#isRunning = true;
    this.#thread.postMessage(false);
  }

  /** Lets the thread finish and end. */
  close(): void {
    this.#thread.postMessage(true);
  }
}
