import { beforeEach, describe, expect, it } from 'vitest';
import { BUSY, Credentials, parseBasic } from '../../src/fleet/credentials.ts';
import {
  hashPassword,
  isPassword,
  makePassword,
  unmatchableHash,
} from '../../src/fleet/password.ts';
import type { User } from '../../src/fleet/user.ts';
import { MemoryFleetStore } from '../reference/memory-fleet-store.ts';

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
    expect(await credentials.userOf('gate1', 'correct horse')).toEqual(user);
    expect(await credentials.userOf('gate1', 'wrong')).toBeUndefined();
    expect(await credentials.userOf('nobody', 'correct horse')).toBeUndefined();
    expect(await credentials.userOf('', '')).toBeUndefined();
    // What separates the two in memory cannot be forged.
    expect(await credentials.userOf('gate1\0correct', 'horse')).toBeUndefined();
  });

  it('are cached, the user only for a moment', async () => {
    expect(await credentials.userOf('gate1', 'correct horse')).toEqual(user);
    await store.putUser({ ...user, disabled: true });
    now = 1999;
    expect(await credentials.userOf('gate1', 'correct horse')).toEqual(user);
    now = 2000;
    expect(await credentials.userOf('gate1', 'correct horse')).toBeUndefined();
    await store.putUser(user);
    now = 4000;
    expect(await credentials.userOf('gate1', 'correct horse')).toEqual(user);
    await store.putUser({ ...user, password: await hashPassword('another one', CHEAP) });
    now = 6000;
    expect(await credentials.userOf('gate1', 'correct horse')).toBeUndefined();
    expect(await credentials.userOf('gate1', 'another one')).toMatchObject({ name: 'gate1' });
    await store.removeUser('gate1');
    now = 8000;
    expect(await credentials.userOf('gate1', 'another one')).toBeUndefined();
  });

  it('are refused if too many checks wait, unless they are cached', async () => {
    await credentials.userOf('gate1', 'correct horse');
    const guesses = Array.from({ length: 400 }, (_, guess) =>
      credentials.userOf('gate1', `guess ${guess}`),
    );
    expect(await credentials.userOf('gate1', 'correct horse')).toEqual(user);
    const answers = await Promise.all(guesses);
    expect(answers).toContain(BUSY);
    expect(new Set(answers)).toEqual(new Set([BUSY, undefined]));
    // When they are through there is room again.
    expect(await credentials.userOf('gate1', 'one more guess')).toBeUndefined();
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
