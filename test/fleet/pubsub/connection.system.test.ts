import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Publisher, type PublisherOptions } from '../../../src/fleet/pubsub/publisher.ts';
import { redisOptions } from '../../../src/fleet/pubsub/redis-options.ts';
import { SigningKey } from '../../../src/fleet/pubsub/signing-key.ts';
import { Subscription } from '../../../src/fleet/pubsub/subscription.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { until } from '../../support/until.ts';
import { REDIS_MISSING, RedisServer } from './redis-server.ts';

const OPTIONS: PublisherOptions = {
  sender: 'a.example.net',
  key: new SigningKey(),
  channel: 'mcblock',
  plainChannel: 'block',
  timeLimitMilliseconds: 5000,
  now: Date.now,
};

const BAN = {
  prefix: parsePrefix('198.51.100.0/24'),
  address: parsePrefix('198.51.100.7'),
  expiresAt: 'forever',
  origin: 'grok',
  evidence: [],
  note: '',
} as const;

describe.skipIf(REDIS_MISSING)(`with a Redis server (${REDIS_MISSING ?? 'TLS'})`, () => {
  let redis: RedisServer;
  const open: { close(): unknown }[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  afterAll(() => redis.remove());

  it('is subscribed whenever it reports that it is connected', async () => {
    const subscribers: number[] = [];
    const reasons: string[] = [];
    const messages: string[] = [];
    const subscription = await Subscription.open(redis.location, ['block', 'mcblock'], {
      onMessage: (channel, bytes) => messages.push(`${channel} ${Buffer.from(bytes).toString()}`),
      onConnected: () => subscribers.push(redis.subscribers('mcblock')),
      onDisconnected: (reason) => reasons.push(reason),
    });
    open.push(subscription);
    await until(() => subscribers.length === 1);
    await redis.kill();
    await until(() => reasons.length > 0);
    await redis.start();
    await until(() => subscribers.length === 2);
    expect(subscribers).toEqual([1, 1]);
    redis.publish('block', '192.0.2.1');
    await until(() => messages.length === 1);
    expect(messages).toEqual(['block 192.0.2.1']);
  });

  it('loses nothing that arrived while this process was stopped', async () => {
    const messages: string[] = [];
    const events: string[] = [];
    open.push(
      await Subscription.open(redis.location, ['block'], {
        onMessage: (_, bytes) => messages.push(Buffer.from(bytes).toString()),
        onConnected: () => events.push('connected'),
        onDisconnected: (reason) => events.push(reason),
      }),
    );
    await until(() => events.length === 1);
    const sent = Array.from({ length: 5 }, (_, index) => `192.0.2.${index}`);
    for (const address of sent) redis.publish('block', address);
    // As with SIGSTOP: timers are overdue before the socket is read.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 6000);
    await until(() => messages.length === 5);
    expect(messages).toEqual(sent);
    expect(events).toEqual(['connected']);
  });

  it('loses nothing that waits while this process is busy with what arrived before', async () => {
    let received = 0;
    const events: string[] = [];
    open.push(
      await Subscription.open(redis.location, ['block'], {
        onMessage: () => {
          received++;
          // All of them take longer than a server may be silent, those of one read do not.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        },
        onConnected: () => events.push('connected'),
        onDisconnected: (reason) => events.push(reason),
      }),
    );
    await until(() => events.length === 1);
    for (let sent = 0; sent < 60; sent++) redis.publish('block', 'x'.repeat(16_384));
    await until(() => received === 60);
    expect(events).toEqual(['connected']);
  });

  it('drops the connection to a server that does not answer, and reconnects', async () => {
    const events: string[] = [];
    open.push(
      await Subscription.open(redis.location, ['block'], {
        onMessage: () => {},
        onConnected: () => events.push('connected'),
        onDisconnected: (reason) => events.push(reason),
      }),
    );
    await until(() => events.length === 1);
    redis.freeze();
    await until(() => events.length > 1);
    expect(events[1]).toBe('no answer for 3.5 seconds');
    redis.thaw();
    await until(() => events.at(-1) === 'connected');
  });

  it('publishes the message first, then the plain address', async () => {
    const received: string[] = [];
    let isConnected = false;
    open.push(
      await Subscription.open(redis.location, ['block', 'mcblock'], {
        onMessage: (channel, bytes) => received.push(`${channel} ${Buffer.from(bytes).toString()}`),
        onConnected: () => {
          isConnected = true;
        },
        onDisconnected: () => {},
      }),
    );
    const publisher = new Publisher(redis.location, OPTIONS);
    open.push(publisher);
    await until(() => isConnected);
    expect(await publisher.publish(BAN)).toBe(1);
    await publisher.publish({ ...BAN, address: undefined });
    await publisher.publish({ ...BAN, address: undefined, prefix: parsePrefix('2001:db8::1') });
    await until(() => received.length === 5);
    const forms = received.map((message) => message.replace(/\{.*\}/, 'message'));
    expect(forms).toEqual([
      'mcblock message',
      'block 198.51.100.7',
      'mcblock message',
      'mcblock message',
      'block 2001:db8::1',
    ]);
  });

  it('gives up on a server that does not answer, and does not publish later', async () => {
    const publisher = new Publisher(redis.location, { ...OPTIONS, timeLimitMilliseconds: 300 });
    open.push(publisher);
    await publisher.publish(BAN).catch(() => undefined);
    redis.freeze();
    await expect(publisher.publish(BAN)).rejects.toThrow('cannot publish to Redis');
    redis.thaw();
    await redis.kill();
    await expect(publisher.publish(BAN)).rejects.toThrow('cannot publish to Redis');
    await redis.start();
    let count = 0;
    await until(async () => {
      count = await publisher.publish(BAN).catch(() => -1);
      return count >= 0;
    });
    expect(count).toBe(0);
  });
});

it('connects without TLS only to this host', () => {
  const clear = { identity: undefined };
  const tcp = (host: string) => ({
    ...clear,
    endpoint: { kind: 'tcp', host, port: 6379 } as const,
  });
  for (const host of ['redis.example.net', '192.0.2.1', '10.0.0.1', '0.0.0.0', '::']) {
    expect(() => redisOptions(tcp(host))).toThrow('mutual TLS');
  }
  for (const host of ['127.0.0.1', '127.5.0.1', '::1', 'localhost']) redisOptions(tcp(host));
  redisOptions({ ...clear, endpoint: { kind: 'unix', path: '/run/redis.sock' } });
});
