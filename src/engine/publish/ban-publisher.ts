import { reasonOf } from '../../errors.ts';
import type { Ban } from '../../fleet/pubsub/ban.ts';
import type { Publisher, PublisherOptions } from '../../fleet/pubsub/publisher.ts';
import type { RedisLocation } from '../../fleet/pubsub/redis-options.ts';
import { RepeatingTask } from '../../repeating-task.ts';

/** How to publish to the fleet. */
export interface PublisherSettings extends PublisherOptions {
  readonly location: RedisLocation;
}

/** A connection to Redis, made at once so that the first ban goes out quickly. */
export async function openPublisher({
  location,
  ...options
}: PublisherSettings): Promise<Publisher> {
  const { Publisher: RedisPublisher } = await import('../../fleet/pubsub/publisher.ts');
  return new RedisPublisher(location, options);
}

/** Publishes bans and waits until that is done. Failures are warnings. Returns whether there was none. */
export async function publishBans(
  settings: PublisherSettings | undefined,
  bans: readonly Ban[],
  warn: (text: string) => void,
): Promise<boolean> {
  if (settings === undefined || bans.length === 0) return false;
  let isPublished = true;
  const publisher = new BanPublisher(await openPublisher(settings), (text) => {
    isPublished = false;
    warn(text);
  });
  publisher.publish(bans);
  await publisher.close();
  return isPublished;
}

/** More than this many bans do not wait; the oldest are left to the API. */
const MAX_WAITING = 1000;

/**
 * Publishes bans of this machine to the fleet, in order. A failure is only a warning: the other
 * machines get from the API what they missed.
 */
export class BanPublisher {
  readonly #publisher: Pick<Publisher, 'publish' | 'close'>;
  readonly #task: RepeatingTask;
  #waiting: Ban[] = [];

  constructor(publisher: Pick<Publisher, 'publish' | 'close'>, warn: (text: string) => void) {
    this.#publisher = publisher;
    this.#task = new RepeatingTask({
      work: () => this.#publishWaiting(),
      onFailure: (error) => warn(`mcblock: bans not published: ${reasonOf(error)}`),
    });
  }

  publish(bans: readonly Ban[]): void {
    if (bans.length === 0) return;
    this.#waiting = [...this.#waiting, ...bans].slice(-MAX_WAITING);
    this.#task.request();
  }

  /** Publishes what is waiting, then disconnects. */
  async close(): Promise<void> {
    await this.#task.close();
    await this.#publisher.close();
  }

  async #publishWaiting(): Promise<void> {
    try {
      for (let ban = this.#waiting.shift(); ban !== undefined; ban = this.#waiting.shift()) {
        await this.#publisher.publish(ban);
      }
    } finally {
      // After a failure the rest would fail too, and by the next attempt it is old news.
      this.#waiting = [];
    }
  }
}
