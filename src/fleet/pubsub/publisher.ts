import { once } from 'node:events';
import { McblockError, reasonOf } from '../../errors.ts';
import { FAMILY_BITS } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';
import type { Ban } from './ban.ts';
import { createRedis, type Redis } from './connect.ts';
import type { FleetKey } from './fleet-key.ts';
import { messageText } from './message-text.ts';
import { Numbers } from './numbers.ts';
import { type RedisLocation, redisOptions } from './redis-options.ts';

export interface PublisherOptions {
  /** The name of this host. */
  readonly sender: string;
  /** Signs the messages; undefined: they bear no signature. */
  readonly key: FleetKey | undefined;
  readonly channel: string;
  /** Where acacia's daemons listen for plain addresses; undefined: they are not told. */
  readonly plainChannel: string | undefined;
  readonly timeLimitMilliseconds: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The most that may wait for an answer of Redis; beyond it publishing fails at once. */
const MAX_WAITING = 4096;

/** Tells the others of bans, over a connection of its own. */
export class Publisher {
  readonly #client: Promise<Redis>;
  readonly #options: PublisherOptions;
  readonly #numbers: Numbers;
  #lastError: unknown;

  /** Connects at once. Throws McblockError('config') where it would be in the clear. */
  constructor(place: RedisLocation, options: PublisherOptions) {
    this.#options = options;
    this.#numbers = new Numbers(process.pid, options.now);
    this.#client = this.#open(redisOptions(place));
    // Whoever publishes hears of it.
    this.#client.catch(() => {});
  }

  /**
   * Publishes the ban as a message of ours, and right after it as the plain address of the
   * offender, if there is one. Returns how many heard the message. Throws McblockError('program')
   * where Redis does not say within the time limit that it was done; it may have been all the same.
   */
  async publish(ban: Ban): Promise<number> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#options.timeLimitMilliseconds);
    try {
      return await Promise.race([this.#send(ban, limit.signal), aborted(limit.signal)]);
    } catch (error) {
      const cause = limit.signal.aborted ? (this.#lastError ?? error) : error;
      const why = limit.signal.aborted ? 'it did not answer in time: ' : '';
      throw new McblockError('program', `Redis was not told: ${why}${reasonOf(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
      limit.abort();
    }
  }

  async close(): Promise<void> {
    const client = await this.#client.catch(() => undefined);
    client?.destroy();
  }

  async #open(options: ReturnType<typeof redisOptions>): Promise<Redis> {
    const client = await createRedis({
      ...options,
      // What cannot be said now must not be said an hour later.
      disableOfflineQueue: true,
      commandsQueueMaxLength: MAX_WAITING,
    });
    client.on('error', (error) => {
      this.#lastError = error;
    });
    client.connect().catch(() => {});
    return client;
  }

  async #send(ban: Ban, limit: AbortSignal): Promise<number> {
    const client = await this.#client;
    if (!client.isReady) await ready(client, limit);
    const { sender, key, channel, plainChannel, now } = this.#options;
    const number = this.#numbers.next();
    const at = Math.floor(now() / 1000);
    const sent = [client.publish(channel, messageText({ ban, sender, number, at }, key))];
    const address = plainAddress(ban);
    if (address !== undefined && plainChannel !== undefined) {
      sent.push(client.publish(plainChannel, address));
    }
    const [heard = 0] = await Promise.all(sent);
    return heard;
  }
}

/** acacia's daemons and their commands take one address. */
function plainAddress({ prefix, address }: Ban): string | undefined {
  if (address !== undefined) return formatAddress(address);
  return prefix.length === FAMILY_BITS[prefix.family] ? formatAddress(prefix) : undefined;
}

/** Failed attempts to connect are no end of it, until the limit. */
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
  if (limit.aborted) throw new Error('it is not connected');
}

async function aborted(signal: AbortSignal): Promise<never> {
  await once(signal, 'abort');
  throw new Error('no answer');
}
