import { reasonOf } from '../../errors.ts';
import { createRedis, type Redis } from './connect.ts';
import { type RedisLocation, redisOptions } from './redis-options.ts';

export interface SubscriptionOptions {
  readonly onMessage: (channel: string, bytes: Uint8Array) => void;
  /** Every channel is subscribed to: nothing is missed from now on. */
  readonly onConnected: () => void;
  /** The connection failed or was lost. It is retried without end. */
  readonly onDisconnected: (reason: string) => void;
}

const RETRY_MILLISECONDS = 1000;

/** A connection subscribed to channels, which reconnects without end. */
export class Subscription {
  readonly #client: Redis;
  readonly #channels: readonly string[];
  readonly #options: SubscriptionOptions;
  #isSubscribed = false;
  #retry: NodeJS.Timeout | undefined;

  /** Throws McblockError('config') if messages would cross a network unencrypted. */
  static async open(
    location: RedisLocation,
    channels: readonly string[],
    options: SubscriptionOptions,
  ): Promise<Subscription> {
    return new Subscription(await createRedis(redisOptions(location)), channels, options);
  }

  private constructor(client: Redis, channels: readonly string[], options: SubscriptionOptions) {
    this.#client = client;
    this.#channels = channels;
    this.#options = options;
    client.on('ready', () => void this.#subscribe());
    client.on('error', (error) => {
      // A failed ping alone does not end the connection.
      if (!client.isReady) options.onDisconnected(reasonOf(error));
    });
    // Failures are reported by the events above.
    client.connect().catch(() => {});
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#client.removeAllListeners();
    this.#client.on('error', () => {});
    this.#client.destroy();
  }

  /** The client renews subscriptions before it is ready, but not one that failed the first time. */
  async #subscribe(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      if (!this.#isSubscribed) {
        await Promise.all(
          this.#channels.map((name) =>
            this.#client.subscribe(name, (bytes) => this.#options.onMessage(name, bytes), true),
          ),
        );
        this.#isSubscribed = true;
      }
    } catch (error) {
      if (!this.#client.isReady) return;
      this.#options.onDisconnected(`cannot subscribe: ${reasonOf(error)}`);
      this.#retry = setTimeout(() => void this.#subscribe(), RETRY_MILLISECONDS);
      return;
    }
    if (this.#client.isReady) this.#options.onConnected();
  }
}
