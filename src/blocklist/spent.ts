import type { Seconds } from './entry.ts';
import type { Offence } from './offence.ts';
import { keyOfAddress } from './trust.ts';

const NONE: readonly Offence[] = [];

/**
 * The offences that led to the latest activation around one network, and its first hits: with a
 * login that comes later, they are judged again.
 */
export class SpentOffences {
  readonly #mostPoints: number;
  #offences: Offence[] = [];
  /** The points of each address. */
  #points = new Map<string, number>();
  /** Hits at this time or later are not kept; undefined if nothing is. */
  #until: Seconds | undefined;

  /** @param mostPoints beyond these points of an address, more change nothing */
  constructor(mostPoints: number) {
    this.#mostPoints = mostPoints;
  }

  /** An activation by these offences. */
  activated(offences: Iterable<Offence>, at: Seconds, windowSeconds: number): void {
    this.#offences = [];
    this.#points = new Map();
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
    const offences = this.#offences;
    if (offences.length === 0) return NONE;
    this.#offences = [];
    this.#points = new Map();
    this.#until = undefined;
    return offences;
  }

  /** Keeps a copy. */
  #add(offence: Offence, at: Seconds): void {
    const { address, points, count, port, kind, user } = offence;
    const who = keyOfAddress(address);
    const before = this.#points.get(who) ?? 0;
    if (before >= this.#mostPoints) return;
    const sum = before + points;
    this.#points.set(who, sum);
    if (sum < this.#mostPoints) {
      this.#offences.push({ at, address, points, count, port, user, kind });
      return;
    }
    // So many are one: they block a trusted address, whoever logs in.
    this.#offences = this.#offences.filter((other) => keyOfAddress(other.address) !== who);
    this.#offences.push({ at, address, points: sum, count, port, user: undefined, kind });
  }
}
