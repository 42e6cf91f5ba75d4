import { beforeEach, describe, expect, it } from 'vitest';
import { Credentials, type LoginResult, parseBasic } from '../../src/fleet/credentials.ts';
import { BUSY, FairQueue } from '../../src/fleet/fair-queue.ts';
import {
  hashMadePassword,
  hashPassword,
  isMadePassword,
  isPassword,
  makePassword,
  unmatchableHash,
} from '../../src/fleet/password.ts';
import type { User } from '../../src/fleet/user.ts';
import { MemoryFleetStore } from '../reference/memory-fleet-store.ts';
import { countEach } from '../support/count-each.ts';

const CHEAP = { N: 16, r: 1, p: 1 };

let store: MemoryFleetStore;
let now = 0;
let credentials: Credentials;
let user: User;

beforeEach(async () => {
  now = 0;
  store = new MemoryFleetStore();
  credentials = new Credentials(store, () => now);
  user = {
    name: 'gate1',
    password: await hashPassword('correct horse', CHEAP),
    scopes: ['read'],
    widest4: 8,
    widest6: 19,
    longest: 'forever',
    disabled: false,
    createdAt: 0,
  };
  await store.putUser(user);
});

const peer = (source = '192.0.2.7/32', isConnected = () => true) => ({
  source: () => source,
  isConnected,
});
const login = (name: string, password: string, from = peer()) =>
  credentials.login(name, password, from);
/** How many logins ended in each way. */
const kinds = (logins: readonly LoginResult[]) => countEach(logins.map(({ kind }) => kind));
const guesses = (count: number, from = peer()) =>
  Array.from({ length: count }, (_, guess) => login('gate1', `guess ${guess}`, from));

const RIGHT = { kind: 'right', user: { name: 'gate1' } };
const WRONG = { kind: 'wrong' };

const cost = (kept: string) => kept.split('$').slice(0, 4);
const header = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('passwords', () => {
  it('match their own hash only', async () => {
    const kept = await hashPassword('pässword', CHEAP);
    expect(kept).toMatch(/^scrypt\$16\$1\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(await isPassword('pässword', kept)).toBe(true);
    // The same letters, composed otherwise.
    expect(await isPassword('pa\u0308ssword', kept)).toBe(true);
    for (const wrong of ['', 'passwort', 'pässword '])
      expect(await isPassword(wrong, kept)).toBe(false);
    for (const odd of ['', 'scrypt', 'scrypt$16$1$1$$', 'md5$16$1$1$YQ$YQ']) {
      expect(await isPassword('pässword', odd)).toBe(false);
    }
    expect(await hashPassword('pässword', CHEAP)).not.toBe(kept);
  });

  it('that the program made match their own hash only', async () => {
    const made = makePassword();
    const kept = hashMadePassword(made);
    expect(kept).toMatch(/^hmac-sha256\$[\w-]{22}\$[\w-]{43}$/);
    expect(isMadePassword(made, kept)).toBe(true);
    expect(hashMadePassword(made)).not.toBe(kept);
    expect(isMadePassword(makePassword(), kept)).toBe(false);
    for (const odd of ['', 'hmac-sha256$', 'hmac-sha256$$', kept.slice(0, -4), kept.slice(1)]) {
      expect(isMadePassword(made, odd)).toBe(false);
    }
    expect(await isPassword(made, kept)).toBe(false);
  });

  it('of unknown users cost as much to check as others, and never match', async () => {
    expect(cost(unmatchableHash())).toEqual(cost(await hashPassword('x')));
    expect(await isPassword('', unmatchableHash())).toBe(false);
  });

  it('are random and long if they are generated', () => {
    const made = new Set(Array.from({ length: 100 }, makePassword));
    expect(made.size).toBe(100);
    for (const password of made) expect(password).toMatch(/^[\w-]{24}$/);
  });
});

describe('credentials', () => {
  it('are those of the user with this name and password', async () => {
    expect(await login('gate1', 'correct horse')).toEqual({ kind: 'right', user });
    expect(await login('gate1', 'wrong')).toEqual(WRONG);
    expect(await login('nobody', 'correct horse')).toEqual(WRONG);
    expect(await login('', '')).toEqual(WRONG);
    // What separates the two in memory cannot be forged.
    expect(await login('gate1\0correct', 'horse')).toEqual(WRONG);
  });

  it('are cached, the user only for a moment', async () => {
    expect(await login('gate1', 'correct horse')).toMatchObject(RIGHT);
    await store.putUser({ ...user, disabled: true });
    now = 1999;
    expect(await login('gate1', 'correct horse')).toMatchObject(RIGHT);
    now = 2000;
    expect(await login('gate1', 'correct horse')).toEqual(WRONG);
    await store.putUser(user);
    now = 4000;
    expect(await login('gate1', 'correct horse')).toMatchObject(RIGHT);
    await store.putUser({ ...user, password: await hashPassword('another one', CHEAP) });
    now = 6000;
    expect(await login('gate1', 'correct horse')).toEqual(WRONG);
    expect(await login('gate1', 'another one')).toMatchObject(RIGHT);
    await store.removeUser('gate1');
    now = 8000;
    expect(await login('gate1', 'another one')).toEqual(WRONG);
  });

  it('that the program made are right at once, and others cost as much as an unknown name', async () => {
    const made = makePassword();
    await store.putUser({ ...user, password: hashMadePassword(made) });
    const order: string[] = [];
    await Promise.all([
      login('nobody', 'x').then(() => order.push('unknown')),
      login('gate1', 'x').then(() => order.push('wrong')),
      login('gate1', made).then(() => order.push('right')),
    ]);
    expect(order[0]).toBe('right');
    await store.putUser({ ...user, name: 'anna' });
    const others = Array.from({ length: 30 }, (_, guess) => login('anna', `guess ${guess}`));
    expect(kinds(await Promise.all(others))).toEqual({ wrong: 18, limited: 12 });
    expect(await login('anna', 'correct horse')).toEqual({ kind: 'limited', seconds: 6 });
    expect(await login('gate1', made)).toMatchObject(RIGHT);
    await store.putUser({ ...user, password: hashMadePassword(made), disabled: true });
    now = 6001;
    expect(await login('gate1', made)).toEqual(WRONG);
  });

  it('are refused for a source that sent too many wrong ones, unless they are cached', async () => {
    expect(await login('gate1', 'correct horse')).toMatchObject(RIGHT);
    expect(kinds(await Promise.all(guesses(50)))).toEqual({ wrong: 20, limited: 30 });
    expect(await login('gate1', 'correct horse')).toMatchObject(RIGHT);
    now = 600_001;
    // One more each six seconds, but not more than 20.
    expect(kinds(await Promise.all(guesses(50)))).toEqual({ wrong: 20, limited: 30 });
    expect(await login('gate1', 'correct horse')).toEqual({ kind: 'limited', seconds: 6 });
    expect(await login('gate1', 'correct horse', peer('192.0.2.8/32'))).toMatchObject(RIGHT);
    now += 6000;
    expect(kinds(await Promise.all(guesses(3)))).toEqual({ wrong: 1, limited: 2 });
  });

  it('are checked once for all who send them at the same time', async () => {
    const same = Array.from({ length: 100 }, () => login('gate1', 'correct horse'));
    expect(kinds(await Promise.all(same))).toEqual({ right: 100 });
  });

  it('are not checked for connections that are closed', async () => {
    let asked = 0;
    const closing = peer('192.0.2.7/32', () => ++asked <= 2);
    expect(kinds(await Promise.all(guesses(20, closing)))).toEqual({ wrong: 2, busy: 18 });
    // Those that were not checked cost nothing.
    expect(kinds(await Promise.all(guesses(50)))).toEqual({ wrong: 18, limited: 32 });
  });
});

describe('the queue', () => {
  it('takes one job of each source by turns', async () => {
    const queue = new FairQueue({ running: 1, waiting: 100, waitingOfSource: 50 });
    const done: string[] = [];
    const add = (source: string) =>
      queue.run(
        source,
        () => true,
        async () => done.push(source),
      );
    await Promise.all([...Array.from({ length: 20 }, () => add('many')), add('one'), add('two')]);
    expect(done.slice(0, 4)).toEqual(['many', 'many', 'one', 'two']);
    expect(done).toHaveLength(22);
  });

  it('drops what comes above the limit of a source, or of the source with most when it is full', async () => {
    const queue = new FairQueue({ running: 1, waiting: 6, waitingOfSource: 5 });
    const dropped: string[] = [];
    const add = async (source: string) => {
      if (
        (await queue.run(
          source,
          () => true,
          () => new Promise(setImmediate),
        )) === BUSY
      )
        dropped.push(source);
    };
    const names = 'aaaaaaabcd'.split('');
    await Promise.all(names.map(add));
    // One runs and five wait; b takes the last place, c and d those of others.
    expect(dropped).toEqual(['a', 'a', 'a']);
  });

  it('goes on after a job that fails', async () => {
    const queue = new FairQueue({ running: 1, waiting: 6, waitingOfSource: 5 });
    const failed = queue.run(
      'a',
      () => true,
      () => Promise.reject(new Error('no')),
    );
    const next = queue.run(
      'a',
      () => true,
      async () => 7,
    );
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe(7);
  });
});

describe('the Authorization header', () => {
  it('is parsed as in RFC 7617', () => {
    expect(parseBasic(header('test:a:b:ü'))).toEqual({ name: 'test', password: 'a:b:ü' });
    expect(parseBasic(header(':'))).toEqual({ name: '', password: '' });
    expect(parseBasic(header('test:x').replace('Basic', 'bASIC  '))).toMatchObject({
      name: 'test',
    });
    for (const odd of [undefined, '', 'Basic', 'Basic ?', header('test'), 'Bearer dGVzdDp4']) {
      expect(parseBasic(odd)).toBeUndefined();
    }
  });
});
