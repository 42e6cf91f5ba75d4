import { once } from 'node:events';
import { McblockError, reasonOf } from '../../errors.ts';
import { addressText, type Ban } from './ban.ts';
import { createRedis, type Redis } from './connect.ts';
import { MessageNumbers } from './message-numbers.ts';
import { messageText } from './message-text.ts';
import { type RedisLocation, redisOptions } from './redis-options.ts';
import type { SigningKey } from './signing-key.ts';

export interface PublisherOptions {
  /** The name of this machine. */
  readonly sender: string;
  /** Signs the messages; undefined: they are unsigned. */
  readonly key: SigningKey | undefined;
  readonly channel: string;
  /** Where acacia's daemons receive plain addresses; undefined: none are published. */
  readonly plainChannel: string | undefined;
  readonly timeLimitMilliseconds: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Commands that may wait for Redis; beyond this number publishing fails at once. */
const MAX_WAITING = 4096;

/**
 * A server that is gone is noticed after a ping and this time, which must be longer than the interval
 * of pings, or every quiet second would count as a failure.
 */
const SOCKET_TIMEOUT_MILLISECONDS = 2500;

/** Publishes bans over a connection of its own. */
export class Publisher {
  readonly #client: Promise<Redis>;
  readonly #options: PublisherOptions;
  readonly #numbers: MessageNumbers;
  #lastError: unknown;

  /** Connects at once. Throws McblockError('config') if that would be unencrypted. */
  constructor(location: RedisLocation, options: PublisherOptions) {
    this.#options = options;
    this.#numbers = new MessageNumbers(process.pid, options.now);
    this.#client = this.#open(redisOptions(location, SOCKET_TIMEOUT_MILLISECONDS));
    // `publish` throws it.
    this.#client.catch(() => {});
  }

  /**
   * Publishes the ban as a message and, right after it, as the plain address of the offender, if
   * there is one. Returns the number of subscribers that received the message. Throws
   * McblockError('program') if Redis does not confirm it in time; it may be published all the same.
   */
  publish(ban: Ban): Promise<number> {
    return this.#inTime('cannot publish to Redis', (client) => this.#send(client, ban));
  }

  /** Throws McblockError('program') if Redis does not answer in time. */
  async ping(): Promise<void> {
    await this.#inTime('no answer from Redis', (client) => client.ping());
  }

  async close(): Promise<void> {
    const client = await this.#client.catch(() => undefined);
    client?.destroy();
  }

  async #inTime<T>(failure: string, work: (client: Redis) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#options.timeLimitMilliseconds);
    try {
      const done = this.#connected(limit.signal).then(work);
      return await Promise.race([done, aborted(limit.signal)]);
    } catch (error) {
      const cause = limit.signal.aborted ? (this.#lastError ?? error) : error;
      const timeout = limit.signal.aborted ? 'no answer in time: ' : '';
      throw new McblockError('program', `${failure}: ${timeout}${reasonOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
      limit.abort();
    }
  }

  async #open(options: ReturnType<typeof redisOptions>): Promise<Redis> {
    const client = await createRedis({
      ...options,
      // A ban that cannot be published now must not be published an hour later.
      disableOfflineQueue: true,
      commandsQueueMaxLength: MAX_WAITING,
    });
    client.on('error', (error) => {
      this.#lastError = error;
    });
    client.connect().catch(() => {});
    return client;
  }

  async #connected(limit: AbortSignal): Promise<Redis> {
    const client = await this.#client;
    if (!client.isReady) await ready(client, limit);
    return client;
  }

  async #send(client: Redis, ban: Ban): Promise<number> {
    const { sender, key, channel, plainChannel, now } = this.#options;
    const number = this.#numbers.next();
    const at = Math.floor(now() / 1000);
    const sent = [client.publish(channel, messageText({ ban, sender, channel, number, at }, key))];
    // acacia's daemons and their commands take single addresses.
    const address = addressText(ban);
    if (address !== undefined && plainChannel !== undefined) {
      sent.push(client.publish(plainChannel, address));
    }
    const [subscribers = 0] = await Promise.all(sent);
    return subscribers;
  }
}

/** Waits through failed attempts to connect, until the limit. */
async function ready(client: Redis, limit: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      client.off('ready', done);
      limit.removeEventListener('abort', done);
      resolve();
    };
    client.on('ready', done);
    limit.addEventListener('abort', done);
  });
  if (limit.aborted) throw new Error('not connected');
}

async function aborted(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  throw new Error('timed out');
}
