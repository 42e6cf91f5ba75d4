import { hash, randomBytes } from 'node:crypto';
import { BUSY, FairQueue } from './fair-queue.ts';
import type { FleetStore } from './fleet-store.ts';
import { keepLatest } from './keep-latest.ts';
import { isMadeHash, isMadePassword, isPassword, unmatchableHash } from './password.ts';
import { RateLimiter } from './rate-limit.ts';
import { isUserName, type User } from './user.ts';

/** How long a right password is cached after its last use. */
const CHECK_MILLISECONDS = 10 * 60_000;
/** How long a user is cached, and so how long a disabled user can still log in. */
const USER_MILLISECONDS = 2000;
const MAX_KEPT = 10_000;
/** Each check takes a processor for a tenth of a second or more. */
const QUEUE_LIMITS = { running: 2, waiting: 200, waitingOfSource: 20 };
/** Wrong passwords of one source: so many at once, and one more each time. */
const GUESSES = 20;
const GUESS_SECONDS = 6;

/** Who sends name and password. */
export interface Peer {
  /** See {@link peerNetwork}. */
  readonly source: () => string;
  readonly isConnected: () => boolean;
}

export type LoginResult =
  | { readonly kind: 'right'; readonly user: User }
  | { readonly kind: 'wrong' }
  /** Too many passwords wait to be checked. */
  | { readonly kind: 'busy' }
  /** The source has sent too many wrong ones. */
  | { readonly kind: 'limited'; readonly seconds: number };

/** A check that runs or waits. */
interface Check {
  /** The callers who wait for its result. */
  readonly peers: Peer[];
  readonly isRight: Promise<boolean | typeof BUSY>;
}

/**
 * Checks names and passwords. A password that the program made is checked at once. Others take scrypt,
 * which is expensive by design: each source has a budget for wrong ones and its own turn, and an unknown
 * name costs as much as a known one. Right ones are cached for a while under a digest that is of no use
 * outside this process.
 */
export class Credentials {
  readonly #store: FleetStore;
  readonly #now: () => number;
  readonly #secret = randomBytes(32).toString('base64url');
  readonly #unmatchable = unmatchableHash();
  readonly #queue = new FairQueue(QUEUE_LIMITS);
  readonly #guesses: RateLimiter;
  /** By digest, as the next. */
  readonly #checks = new Map<string, Check>();
  /** Until when a password counts as right. */
  readonly #right = new Map<string, number>();
  readonly #users = new Map<
    string,
    { readonly user: Promise<User | undefined>; readonly until: number }
  >();

  /** @param now milliseconds, rising */
  constructor(store: FleetStore, now: () => number = () => performance.now()) {
    this.#store = store;
    this.#now = now;
    this.#guesses = new RateLimiter(1 / GUESS_SECONDS, GUESSES * GUESS_SECONDS, now);
  }

  /** Wrong if the name or the password is, or the user is disabled. */
  async login(name: string, password: string, peer: Peer): Promise<LoginResult> {
    const user = isUserName(name) ? await this.#user(name) : undefined;
    const active = user?.disabled === false ? user : undefined;
    if (active !== undefined && isMadePassword(password, active.password)) {
      return { kind: 'right', user: active };
    }
    const stored =
      user === undefined || isMadeHash(user.password) ? this.#unmatchable : user.password;
    // The stored hash is included, so that a new password invalidates cached results.
    const digest = hash('sha256', `${this.#secret}\0${stored}\0${name}\0${password}`, 'base64url');
    if (active !== undefined && this.#now() < (this.#right.get(digest) ?? 0)) {
      this.#right.set(digest, this.#rightUntil());
      return { kind: 'right', user: active };
    }
    const isNew = !this.#checks.has(digest);
    const source = peer.source();
    const seconds = isNew ? this.#guesses.take(source, 1) : 0;
    if (seconds > 0) return { kind: 'limited', seconds };
    const isRight = await this.#check(digest, password, stored, peer);
    if (isNew && isRight !== false) this.#guesses.giveBack(source, 1);
    if (isRight === BUSY) return { kind: 'busy' };
    return isRight && active !== undefined ? { kind: 'right', user: active } : { kind: 'wrong' };
  }

  #user(name: string): Promise<User | undefined> {
    const now = this.#now();
    const known = this.#users.get(name);
    if (known !== undefined && now < known.until) return known.user;
    const user = this.#store.user(name);
    keepLatest(this.#users, name, { user, until: now + USER_MILLISECONDS }, MAX_KEPT);
    user.catch(() => this.#users.delete(name));
    return user;
  }

  /** Equal checks at the same time are one. */
  #check(digest: string, password: string, stored: string, peer: Peer): Check['isRight'] {
    const same = this.#checks.get(digest);
    if (same !== undefined) {
      same.peers.push(peer);
      return same.isRight;
    }
    const peers = [peer];
    const isWanted = () => peers.some(({ isConnected }) => isConnected());
    const isRight = this.#queue
      .run(peer.source(), isWanted, () => isPassword(password, stored))
      .then((result) => {
        if (result === true) keepLatest(this.#right, digest, this.#rightUntil(), MAX_KEPT);
        return result;
      })
      .finally(() => this.#checks.delete(digest));
    this.#checks.set(digest, { peers, isRight });
    return isRight;
  }

  #rightUntil(): number {
    return this.#now() + CHECK_MILLISECONDS;
  }
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
