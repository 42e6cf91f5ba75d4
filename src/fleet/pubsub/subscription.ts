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
const CHECK_MILLISECONDS = 250;
/** A check later than this means that this process was stopped, not the server. */
const LATE_MILLISECONDS = 1000;
/** The client pings every second. */
const SILENCE_SECONDS = 3.5;

/**
 * A connection subscribed to channels, which reconnects without end. Before it gives up on a server, it
 * reads the socket: nothing that arrived while this process was stopped is lost.
 */
export class Subscription {
  readonly #open: () => Promise<Redis>;
  readonly #channels: readonly string[];
  readonly #options: SubscriptionOptions;
  readonly #checks: NodeJS.Timeout;
  #client: Redis;
  #isSubscribed = false;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;
  /** When the server last answered, by performance.now(); undefined without a connection. */
  #activeAt: number | undefined;
  #checkedAt = performance.now();

  /** Throws McblockError('config') if messages would cross a network unencrypted. */
  static async open(
    location: RedisLocation,
    channels: readonly string[],
    options: SubscriptionOptions,
  ): Promise<Subscription> {
    const open = () => createRedis(redisOptions(location));
    return new Subscription(await open(), open, channels, options);
  }

  private constructor(
    client: Redis,
    open: () => Promise<Redis>,
    channels: readonly string[],
    options: SubscriptionOptions,
  ) {
    this.#open = open;
    this.#channels = channels;
    this.#options = options;
    this.#client = client;
    this.#connect();
    this.#checks = setInterval(() => this.#check(), CHECK_MILLISECONDS);
    this.#checks.unref();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#checks);
    this.#drop();
  }

  #connect(): void {
    const client = this.#client;
    const noteActivity = () => this.#noteActivity();
    client.on('connect', noteActivity);
    client.on('ping-interval', noteActivity);
    client.on('ready', () => {
      noteActivity();
      void this.#subscribe();
    });
    client.on('error', (error) => {
      // A failed ping alone does not end the connection.
      if (client.isReady) return;
      this.#activeAt = undefined;
      this.#options.onDisconnected(reasonOf(error));
    });
    // Failures are reported by the events above.
    client.connect().catch(() => {});
  }

  #noteActivity(): void {
    this.#activeAt = performance.now();
  }

  #drop(): void {
    clearTimeout(this.#retry);
    this.#client.removeAllListeners();
    this.#client.on('error', () => {});
    this.#client.destroy();
    this.#activeAt = undefined;
    this.#isSubscribed = false;
  }

  #received(channel: string, bytes: Uint8Array): void {
    // The answer to a ping stands behind all messages that wait to be read.
    this.#noteActivity();
    this.#options.onMessage(channel, bytes);
  }

  /** Replaces a connection on which nothing arrived for too long. */
  #check(): void {
    const now = performance.now();
    const isLate = now - this.#checkedAt > LATE_MILLISECONDS;
    this.#checkedAt = now;
    if (this.#activeAt === undefined) return;
    if (isLate) this.#activeAt = now;
    if (now - this.#activeAt < SILENCE_SECONDS * 1000) return;
    this.#drop();
    this.#options.onDisconnected(`no answer for ${SILENCE_SECONDS} seconds`);
    void this.#reopen();
  }

  async #reopen(): Promise<void> {
    const client = await this.#open();
    if (this.#isClosed) return;
    this.#client = client;
    this.#connect();
  }

  /** The client renews subscriptions before it is ready, but not one that failed the first time. */
  async #subscribe(): Promise<void> {
    clearTimeout(this.#retry);
    const client = this.#client;
    try {
      if (!this.#isSubscribed) {
        await Promise.all(
          this.#channels.map((name) =>
            client.subscribe(name, (bytes) => this.#received(name, bytes), true),
          ),
        );
        this.#isSubscribed = true;
      }
    } catch (error) {
      if (!client.isReady || client !== this.#client) return;
      this.#options.onDisconnected(`cannot subscribe: ${reasonOf(error)}`);
      this.#retry = setTimeout(() => void this.#subscribe(), RETRY_MILLISECONDS);
      return;
    }
    if (client.isReady) this.#options.onConnected();
  }
}
