import { hash, randomBytes } from 'node:crypto';
import type { FleetStore } from './fleet-store.ts';
import { isPassword, unmatchableHash } from './password.ts';
import type { User } from './user.ts';

/** How long the result of a password check is cached. */
const CHECK_MILLISECONDS = 10 * 60_000;
/** How long a user is cached, and so how long a disabled user can still log in. */
const USER_MILLISECONDS = 2000;
const MAX_KEPT = 10_000;
/** Each check takes a processor for a tenth of a second or more. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 200;

/** Too many passwords are waiting to be checked. */
export const BUSY = Symbol('busy');

/**
 * Checks names and passwords. The result of scrypt, which is expensive by design, is cached for a
 * short time under a digest that is of no use outside this process. An unknown name costs as much as
 * a known one.
 */
export class Credentials {
  readonly #store: FleetStore;
  readonly #now: () => number;
  readonly #secret = randomBytes(32).toString('base64url');
  readonly #unmatchable = unmatchableHash();
  readonly #checks = new Map<
    string,
    { readonly right: Promise<boolean>; readonly until: number }
  >();
  readonly #users = new Map<
    string,
    { readonly user: Promise<User | undefined>; readonly until: number }
  >();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param now milliseconds, rising */
  constructor(store: FleetStore, now: () => number = () => performance.now()) {
    this.#store = store;
    this.#now = now;
  }

  /** Undefined if the name or the password is wrong, or the user is disabled. */
  async userOf(name: string, password: string): Promise<User | typeof BUSY | undefined> {
    const user = await this.#user(name);
    const stored = user?.password ?? this.#unmatchable;
    const right = await this.#isRight(name, password, stored);
    if (right === BUSY) return BUSY;
    return right && user?.disabled === false ? user : undefined;
  }

  #user(name: string): Promise<User | undefined> {
    const now = this.#now();
    const known = this.#users.get(name);
    if (known !== undefined && now < known.until) return known.user;
    const user = this.#store.user(name);
    keep(this.#users, name, { user, until: now + USER_MILLISECONDS });
    user.catch(() => this.#users.delete(name));
    return user;
  }

  #isRight(name: string, password: string, stored: string): Promise<boolean> | typeof BUSY {
    // The stored hash is included, so that a new password invalidates cached results.
    const digest = hash('sha256', `${this.#secret}\0${stored}\0${name}\0${password}`, 'base64url');
    const now = this.#now();
    const known = this.#checks.get(digest);
    if (known !== undefined && now < known.until) return known.right;
    if (this.#waiting.length >= MAX_WAITING) return BUSY;
    const right = this.#inTurn(() => isPassword(password, stored));
    keep(this.#checks, digest, { right, until: now + CHECK_MILLISECONDS });
    right.catch(() => this.#checks.delete(digest));
    return right;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_AT_ONCE) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}

/** Adds an item, and drops the oldest if there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_KEPT) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

/** Name and password of an Authorization header (RFC 7617); undefined if it has none. */
export function parseBasic(
  header: string | undefined,
): { readonly name: string; readonly password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
