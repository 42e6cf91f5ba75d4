import { reasonOf } from '../../errors.ts';
import { doubling, RepeatingTask } from '../../repeating-task.ts';

/** Expired entries leave the firewall within this time. */
const EVERY_SECONDS = 300;
const FIRST_RETRY_SECONDS = 1;
const MAX_RETRY_SECONDS = 60;

/** Keeps the firewall up to date: on request, as entries expire, and again after a failure. */
export function firewallUpdater(
  apply: () => Promise<unknown>,
  warn: (text: string) => void,
): RepeatingTask {
  return new RepeatingTask({
    work: apply,
    onFailure: (error) => warn(`mcblock: the firewall is not up to date: ${reasonOf(error)}`),
    everySeconds: () => EVERY_SECONDS,
    retrySeconds: doubling(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS),
  });
}
