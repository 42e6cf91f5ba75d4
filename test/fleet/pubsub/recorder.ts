import { Subscription } from '../../../src/fleet/pubsub/subscription.ts';
import { until } from '../../support/until.ts';
import type { RedisServer } from './redis-server.ts';

/** Records what is published, byte for byte. */
export class Recorder {
  readonly #messages: { readonly channel: string; readonly bytes: Buffer }[] = [];
  #subscription: Subscription | undefined;

  static async open(redis: RedisServer, ...channels: string[]): Promise<Recorder> {
    const recorder = new Recorder();
    let isConnected = false;
    recorder.#subscription = await Subscription.open(redis.location, channels, {
      onMessage: (channel, bytes) =>
        recorder.#messages.push({ channel, bytes: Buffer.from(bytes) }),
      onConnected: () => {
        isConnected = true;
      },
      onDisconnected: () => {},
    });
    await until(() => isConnected);
    return recorder;
  }

  /** The messages of one channel, once there are this many. */
  async texts(channel: string, count: number): Promise<string[]> {
    const received = () => this.#messages.filter((message) => message.channel === channel);
    await until(() => received().length >= count);
    return received().map(({ bytes }) => bytes.toString('latin1'));
  }

  close(): void {
    this.#subscription?.close();
  }
}
