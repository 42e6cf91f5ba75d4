import { Listener } from '../../../src/fleet/bell/listener.ts';
import type { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

/** What is published, byte for byte. */
export class Ear {
  readonly heard: { readonly channel: string; readonly bytes: Buffer }[] = [];
  #listener: Listener | undefined;

  static async open(redis: RedisServer, ...channels: string[]): Promise<Ear> {
    const ear = new Ear();
    let isConnected = false;
    ear.#listener = await Listener.open(redis.place, channels, {
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
    this.#listener?.close();
  }
}
