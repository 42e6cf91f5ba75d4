import { hasCode } from './store-error.ts';

const STEP_MILLISECONDS = 1;
const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Does the work again each millisecond while another process has locked the database, for so long.
 * SQLite's own waits grow to a tenth of a second, and so miss the moments between the transactions of a
 * process that writes all the time.
 */
export function whileBusy<T>(milliseconds: number, work: () => T): T {
  const giveUpAt = performance.now() + milliseconds;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!hasCode(error, /^SQLITE_BUSY/) || performance.now() >= giveUpAt) throw error;
      Atomics.wait(pause, 0, 0, STEP_MILLISECONDS);
    }
  }
}
