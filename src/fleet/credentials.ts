import { hash, randomBytes } from 'node:crypto';
import type { FleetStore } from './fleet-store.ts';
import { isPassword, nobodysHash } from './password.ts';
import type { User } from './user.ts';

/** What was found out about a password holds so long. */
const VERDICT_MILLISECONDS = 10 * 60_000;
/** What the store says of a user holds so long: then he who was disabled is out. */
const USER_MILLISECONDS = 2000;
const MAX_KEPT = 10_000;
/** Each takes a processor for a tenth of a second or more; the rest wait, and not too many. */
const MAX_AT_ONCE = 2;
const MAX_WAITING = 200;

/** Too many passwords wait to be checked. */
export const BUSY = Symbol('busy');

/**
 * Who it is that gives a name and a password. What is expensive by design (scrypt) is done once for
 * each; that is remembered for a short time under a digest that is of no use outside this process.
 * An unknown name costs what a known one does.
 */
export class Credentials {
  readonly #store: FleetStore;
  readonly #now: () => number;
  readonly #secret = randomBytes(32).toString('base64url');
  readonly #nobody = nobodysHash();
  readonly #verdicts = new Map<
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

  /** Undefined where the name or the password is wrong, or the user is disabled. */
  async userOf(name: string, password: string): Promise<User | typeof BUSY | undefined> {
    const user = await this.#user(name);
    const kept = user?.password ?? this.#nobody;
    const right = await this.#isRight(name, password, kept);
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

  #isRight(name: string, password: string, kept: string): Promise<boolean> | typeof BUSY {
    // The kept hash is part of it: a new password makes what is known of the old one void.
    const digest = hash('sha256', `${this.#secret}\0${kept}\0${name}\0${password}`, 'base64url');
    const now = this.#now();
    const known = this.#verdicts.get(digest);
    if (known !== undefined && now < known.until) return known.right;
    if (this.#waiting.length >= MAX_WAITING) return BUSY;
    const right = this.#inTurn(() => isPassword(password, kept));
    keep(this.#verdicts, digest, { right, until: now + VERDICT_MILLISECONDS });
    right.catch(() => this.#verdicts.delete(digest));
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

/** Puts it in, and what was put in first out where there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= MAX_KEPT) return;
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
}

/** Name and password of an Authorization header (RFC 7617); undefined where it has none. */
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
