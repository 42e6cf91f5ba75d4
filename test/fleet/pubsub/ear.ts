import { Subscription } from '../../../src/fleet/pubsub/subscription.ts';
import { until } from '../../support/until.ts';
import type { RedisServer } from './redis-server.ts';

/** What is published, byte for byte. */
export class Ear {
  readonly heard: { readonly channel: string; readonly bytes: Buffer }[] = [];
  #subscription: Subscription | undefined;

  static async open(redis: RedisServer, ...channels: string[]): Promise<Ear> {
    const ear = new Ear();
    let isConnected = false;
    ear.#subscription = await Subscription.open(redis.place, channels, {
      onMessage: (channel, bytes) => ear.heard.push({ channel, bytes: Buffer.from(bytes) }),
      onConnected: () => {
        isConnected = true;
      },
      onDisconnected: () => {},
    });
    await until(() => isConnected);
    return ear;
  }

  /** Of one channel, once there are so many of them. */
  async texts(channel: string, count: number): Promise<string[]> {
    const of = () => this.heard.filter((one) => one.channel === channel);
    await until(() => of().length >= count);
    return of().map(({ bytes }) => bytes.toString('latin1'));
  }

  close(): void {
    this.#subscription?.close();
  }
}
