import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MILLISECONDS = 20;

/**
 * Waits until the condition holds. Throws after `seconds`, with the condition and what `instead`
 * says is the case.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { seconds = 100, instead = () => '' }: { seconds?: number; instead?: () => string } = {},
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) {
      throw new Error(`not within ${seconds} seconds: ${condition.toString()}\n${instead()}`);
    }
    await pause(LOOK_MILLISECONDS);
  }
}
