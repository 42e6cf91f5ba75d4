import { setTimeout as pause } from 'node:timers/promises';

/** Waits until it is so; the time limit of the test is the only one. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(20);
}
