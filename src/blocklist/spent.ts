import type { Address } from '../net/address.ts';
import type { Seconds } from './entry.ts';
import type { Offence, UserHash } from './offence.ts';
import { keyOfAddress } from './trust.ts';

const NONE: readonly Offence[] = [];

/** Further offences of an address are added to its last one. */
const MAX_OFFENCES = 4;

/** An offence, or the sum of several. */
interface Sum extends Offence {
  at: Seconds;
  points: number;
  count: number;
  port: number | undefined;
  user: UserHash;
  isJudged: true | undefined;
}

/** The offences of one address. */
interface Offender {
  points: number;
  readonly offences: Sum[];
}

/**
 * The offences that led to the latest activation around one network, and its first hits: with a
 * login that comes later, they are judged again. At most four for each address.
 */
export class SpentOffences {
  readonly #mostPoints: number;
  #offenders = new Map<number | string, Offender>();
  /** The last address: offences often repeat. */
  #lastAddress: Address | undefined;
  #last: Offender | undefined;
  /** Hits at this time or later are not kept; undefined if nothing is. */
  #until: Seconds | undefined;

  /** @param mostPoints beyond these points of an address, more change nothing */
  constructor(mostPoints: number) {
    this.#mostPoints = mostPoints;
  }

  /** An activation by these offences. */
  activated(offences: Iterable<Offence>, at: Seconds, windowSeconds: number): void {
    this.#clear();
    this.#until = at + windowSeconds;
    for (const offence of offences) this.#add(offence, offence.at);
  }

  /** A hit on an entry that was activated at this time. */
  hit(offence: Offence, at: Seconds, activatedAt: Seconds, windowSeconds: number): void {
    this.#until ??= activatedAt + windowSeconds;
    if (at < this.#until) this.#add(offence, at);
  }

  /** Removes and returns all. */
  take(): readonly Offence[] {
    if (this.#offenders.size === 0) return NONE;
    const all: Offence[] = [];
    for (const { offences } of this.#offenders.values()) {
      for (const offence of offences) all.push(offence);
    }
    this.#clear();
    this.#until = undefined;
    return all;
  }

  /** Keeps a copy. */
  #add(offence: Offence, at: Seconds): void {
    const offender = this.#offenderOf(offence.address);
    if (offender.points >= this.#mostPoints) return;
    const { address, points, count, port, kind, user, isJudged } = offence;
    offender.points += points;
    const last = offender.offences.at(-1);
    if (offender.offences.length < MAX_OFFENCES || last === undefined) {
      offender.offences.push({ at, address, points, count, port, user, kind, isJudged });
      return;
    }
    last.at = Math.max(last.at, at);
    last.points += points;
    last.count += count;
    last.port = port;
    if (last.user !== user) last.user = undefined;
    if (!isJudged) last.isJudged = undefined;
  }

  #offenderOf(address: Address): Offender {
    if (this.#lastAddress === address && this.#last !== undefined) return this.#last;
    const key = keyOfAddress(address);
    const known = this.#offenders.get(key) ?? { points: 0, offences: [] };
    this.#offenders.set(key, known);
    this.#lastAddress = address;
    this.#last = known;
    return known;
  }

  #clear(): void {
    this.#offenders = new Map();
    this.#lastAddress = undefined;
    this.#last = undefined;
  }
}
