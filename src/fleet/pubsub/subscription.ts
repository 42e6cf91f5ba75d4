import { reasonOf } from '../../errors.ts';
import { createRedis, type Redis } from './connect.ts';
import { type RedisLocation, redisOptions } from './redis-options.ts';

export interface SubscriptionOptions {
  readonly onMessage: (channel: string, bytes: Uint8Array) => void;
  /** Every channel is subscribed to: from now on nothing is missed. */
  readonly onConnected: () => void;
  /** The connection is gone, or could not be made; it is tried again. */
  readonly onDisconnected: (reason: string) => void;
}

const RETRY_MILLISECONDS = 1000;

/** A connection that listens to channels, and comes back for ever. */
export class Subscription {
  readonly #client: Redis;
  readonly #channels: readonly string[];
  readonly #deps: SubscriptionOptions;
  #isSubscribed = false;
  #retry: NodeJS.Timeout | undefined;

  /** Throws McblockError('config') where messages would go over a network in the clear. */
  static async open(
    place: RedisLocation,
    channels: readonly string[],
    deps: SubscriptionOptions,
  ): Promise<Subscription> {
    return new Subscription(await createRedis(redisOptions(place)), channels, deps);
  }

  private constructor(client: Redis, channels: readonly string[], deps: SubscriptionOptions) {
    this.#client = client;
    this.#channels = channels;
    this.#deps = deps;
    client.on('ready', () => void this.#subscribe());
    client.on('error', (error) => {
      // What went wrong with a ping alone is no end of the connection.
      if (!client.isReady) deps.onDisconnected(reasonOf(error));
    });
    // It settles when it is connected, or closed before that; both are told otherwise.
    client.connect().catch(() => {});
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#client.removeAllListeners();
    this.#client.on('error', () => {});
    this.#client.destroy();
  }

  /** The client subscribes anew by itself, before it is ready; but not what failed the first time. */
  async #subscribe(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      if (!this.#isSubscribed) {
        await Promise.all(
          this.#channels.map((name) =>
            this.#client.subscribe(name, (bytes) => this.#deps.onMessage(name, bytes), true),
          ),
        );
        this.#isSubscribed = true;
      }
    } catch (error) {
      if (!this.#client.isReady) return;
      this.#deps.onDisconnected(`cannot subscribe: ${reasonOf(error)}`);
      this.#retry = setTimeout(() => void this.#subscribe(), RETRY_MILLISECONDS);
      return;
    }
    if (this.#client.isReady) this.#deps.onConnected();
  }
}
