import { expect, it } from 'vitest';
import { BanPublisher } from '../../../src/engine/publish/publish-bans.ts';
import { McblockError } from '../../../src/errors.ts';
import type { Ban } from '../../../src/fleet/pubsub/ban.ts';
import { hostPrefix } from '../../../src/net/prefix.ts';

function ban(number: number): Ban {
  const address = { family: 4, a: number, b: 0, c: 0, d: 0 } as const;
  const [prefix, evidence] = [hostPrefix(address), []];
  return { prefix, address, expiresAt: 'forever', origin: 'grok', evidence, note: '' };
}

/** A Redis that does what the test says with each ban. */
class Publisher {
  readonly asked: number[] = [];
  #answer: (error?: Error) => void = () => {};

  publish({ address }: Ban): Promise<number> {
    this.asked.push(address?.a ?? 0);
    return new Promise((resolve, reject) => {
      this.#answer = (error) => (error === undefined ? resolve(1) : reject(error));
    });
  }

  async answer(error?: Error): Promise<void> {
    this.#answer(error);
    await new Promise(setImmediate);
  }

  async close(): Promise<void> {}
}

const AWAY = new McblockError('program', 'Redis was not told');

it('rings in order, and never says later what it could not say', async () => {
  const publisher = new Publisher();
  const remarks: string[] = [];
  const bell = new BanPublisher(publisher, (text) => remarks.push(text));
  bell.ring([ban(1), ban(2)]);
  bell.ring([ban(3)]);
  await publisher.answer();
  await publisher.answer(AWAY);
  expect(publisher.asked).toEqual([1, 2]);
  bell.ring([]);
  bell.ring([ban(4)]);
  await publisher.answer();
  await bell.close();
  expect(publisher.asked).toEqual([1, 2, 4]);
  expect(remarks).toEqual([
    'mcblock: the other machines were not told at once: Redis was not told',
  ]);
});

it('keeps a thousand waiting, the latest, however long Redis takes to answer', async () => {
  const publisher = new Publisher();
  const bell = new BanPublisher(publisher, () => {});
  for (let number = 0; number < 5000; number++) bell.ring([ban(number)]);
  for (let answers = 0; answers <= 1000; answers++) await publisher.answer();
  await bell.close();
  expect(publisher.asked).toEqual([0, ...Array.from({ length: 1000 }, (_, n) => 4000 + n)]);
});
