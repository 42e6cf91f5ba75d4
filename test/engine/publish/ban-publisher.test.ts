import { expect, it } from 'vitest';
import { BanPublisher } from '../../../src/engine/publish/ban-publisher.ts';
import { McblockError } from '../../../src/errors.ts';
import type { Ban } from '../../../src/fleet/pubsub/ban.ts';
import { hostPrefix } from '../../../src/net/prefix.ts';

function ban(number: number): Ban {
  const address = { family: 4, a: number, b: 0, c: 0, d: 0 } as const;
  const [prefix, evidence] = [hostPrefix(address), []];
  return { prefix, address, expiresAt: 'forever', origin: 'grok', evidence, note: '' };
}

/** A Redis that answers when the test says so. */
class FakePublisher {
  readonly published: number[] = [];
  #answer: (error?: Error) => void = () => {};

  publish({ address }: Ban): Promise<number> {
    this.published.push(address?.a ?? 0);
    return new Promise((resolve, reject) => {
      this.#answer = (error) => (error === undefined ? resolve(1) : reject(error));
    });
  }

  /** Answers the ban that is being published, once that has begun. */
  async answer(error?: Error): Promise<void> {
    await new Promise(setImmediate);
    this.#answer(error);
    await new Promise(setImmediate);
  }

  async close(): Promise<void> {}
}

const AWAY = new McblockError('program', 'Redis was not told');

it('publishes in order, and drops what is waiting when Redis fails', async () => {
  const redis = new FakePublisher();
  const warnings: string[] = [];
  const publisher = new BanPublisher(redis, (text) => warnings.push(text));
  publisher.publish([ban(1), ban(2)]);
  publisher.publish([ban(3)]);
  await redis.answer();
  await redis.answer(AWAY);
  expect(redis.published).toEqual([1, 2]);
  publisher.publish([]);
  publisher.publish([ban(4)]);
  await redis.answer();
  await publisher.close();
  expect(redis.published).toEqual([1, 2, 4]);
  expect(warnings).toEqual(['mcblock: bans not published: Redis was not told']);
});

it('keeps the latest thousand waiting, however long Redis takes to answer', async () => {
  const redis = new FakePublisher();
  const publisher = new BanPublisher(redis, () => {});
  publisher.publish([ban(0)]);
  await new Promise(setImmediate);
  for (let number = 1; number < 5000; number++) publisher.publish([ban(number)]);
  for (let answers = 0; answers <= 1000; answers++) await redis.answer();
  await publisher.close();
  expect(redis.published).toEqual([0, ...Array.from({ length: 1000 }, (_, n) => 4000 + n)]);
});
