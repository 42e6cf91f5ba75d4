import type { Seconds } from '../../blocklist/entry.ts';
import { reasonOf } from '../../errors.ts';
import { RepeatingTask } from '../../fleet/pubsub/repeating-task.ts';
import type { ServerLog } from '../../fleet/server-log.ts';
import type { CaughtUp } from '../sync/catch-up.ts';
import type { Sent } from '../sync/send-outbox.ts';

/** Whoever does not hear the bell asks so often. */
const DEAF_SECONDS = 10;
/** And so long after it is heard again: what was missed may be told to the API only now. */
const UNSETTLED_SECONDS = 30;
/** So often it is looked whether anything waits for the API. */
const POST_SECONDS = 1;
const RETRY_SECONDS = 5;

/** After how many seconds the API is to be asked again. @param usual where the bell is heard */
export function askSeconds(
  connectedSince: Seconds | undefined,
  now: Seconds,
  usual: number,
): number {
  const isSettled = connectedSince !== undefined && now >= connectedSince + UNSETTLED_SECONDS;
  return isSettled ? usual : Math.min(DEAF_SECONDS, usual);
}

/** Asks the API for everything since the last number. */
export function catchUpErrand(
  work: () => Promise<CaughtUp>,
  onDone: (result: CaughtUp) => void,
  onFailure: (reason: string) => void,
  everySeconds: () => number,
): RepeatingTask<CaughtUp> {
  return new RepeatingTask({
    work,
    onDone,
    everySeconds,
    retrySeconds: RETRY_SECONDS,
    onFailure: (error) => onFailure(reasonOf(error)),
  });
}

/** Tells the API what waits in the outbox, whichever command put it there. */
export function postErrand(work: () => Promise<Sent>, log: ServerLog): RepeatingTask<Sent> {
  return new RepeatingTask({
    work,
    everySeconds: () => POST_SECONDS,
    retrySeconds: RETRY_SECONDS,
    onDone: ({ reported, refused }) => {
      if (reported + refused > 0) log.write('info', 'posted', { reported, refused });
    },
    onFailure: (error) => log.write('warning', 'not posted', { reason: reasonOf(error) }),
  });
}
