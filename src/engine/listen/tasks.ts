import type { Seconds } from '../../blocklist/entry.ts';
import { reasonOf } from '../../errors.ts';
import type { ServerLog } from '../../fleet/server-log.ts';
import { RepeatingTask } from '../../repeating-task.ts';
import type { SentPending } from '../sync/pending-sender.ts';
import type { SentReports } from '../sync/send-outbox.ts';

/** The API is asked at this interval while Redis is not connected. */
const DISCONNECTED_SECONDS = 10;
/** And this long after it is connected again: the API may learn only now of what was missed. */
const UNSETTLED_SECONDS = 30;
/** The outbox is checked at this interval. */
const POST_SECONDS = 1;
const RETRY_SECONDS = 5;
/** The random part of each wait, so that the machines of a fleet do not all ask at once. */
const SPREAD = 0.25;

/**
 * The interval at which the API is to be asked.
 * @param usual the interval while Redis is connected
 */
export function catchUpSeconds(
  connectedSince: Seconds | undefined,
  now: Seconds,
  usual: number,
): number {
  const isSettled = connectedSince !== undefined && now >= connectedSince + UNSETTLED_SECONDS;
  return isSettled ? usual : Math.min(DISCONNECTED_SECONDS, usual);
}

/** Fetches something from the API, again and again. */
export function fetchTask<T>(
  work: () => Promise<T>,
  onDone: (result: T) => void,
  onFailure: (reason: string) => void,
  everySeconds: () => number,
): RepeatingTask {
  return new RepeatingTask({
    work: async () => onDone(await work()),
    onFailure: (error) => onFailure(reasonOf(error)),
    everySeconds: () => spread(everySeconds()),
    retrySeconds: () => spread(RETRY_SECONDS),
  });
}

export type PostedReports = SentReports & { readonly pending: SentPending };

/**
 * Sends to the API what any command of this machine has put into the outbox.
 * @param onBlock offences of several machines have become a block
 */
export function postTask(
  work: () => Promise<PostedReports>,
  onBlock: () => void,
  log: ServerLog,
): RepeatingTask {
  let wait = 0;
  return new RepeatingTask({
    work: async () => {
      const { reported, refused, waitSeconds, pending } = await work();
      wait = waitSeconds;
      if (reported + refused > 0) log.write('info', 'posted', { reported, refused });
      if (pending.reported > 0) log.write('info', 'posted offences', { ...pending });
      if (pending.blocks > 0) onBlock();
    },
    onFailure: (error) => log.write('warning', 'not posted', { reason: reasonOf(error) }),
    everySeconds: () => wait + spread(POST_SECONDS),
    retrySeconds: () => spread(RETRY_SECONDS),
  });
}

function spread(seconds: number): number {
  return seconds * (1 + SPREAD * (2 * Math.random() - 1));
}
