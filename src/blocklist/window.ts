import { compareAddresses } from '../net/address.ts';
import { contains, type Prefix } from '../net/prefix.ts';
import type { Seconds } from './entry.ts';
import type { EvidenceAggregator } from './evidence-aggregator.ts';
import type { Offence } from './offence.ts';

/** Offences of one kind from one address in one second. */
interface Moment extends Offence {
  points: number;
  count: number;
}

/**
 * The offences of one prefix that are less than `windowSeconds` before the latest. Time may go back a
 * little; if it goes back by a window or more, another log begins, and later offences are dropped.
 * Invariant: in order of time, distinct, all within one window.
 */
export class Window {
  #moments: Moment[] = [];
  #points = 0;

  /** The points of all offences in the window. */
  get points(): number {
    return this.#points;
  }

  /** The number of offences in the window from this prefix. */
  countFrom(prefix: Prefix): number {
    const own = this.#moments.filter(({ address }) => contains(prefix, address));
    return own.reduce((sum, { count }) => sum + count, 0);
  }

  /** In order of time. */
  get moments(): readonly Offence[] {
    return this.#moments;
  }

  /** Undefined if the window is empty. */
  get firstAt(): Seconds | undefined {
    return this.#moments[0]?.at;
  }

  /** Undefined if the window is empty. */
  get latestAt(): Seconds | undefined {
    return this.#moments[this.#moments.length - 1]?.at;
  }

  /** Keeps a copy. @param at the time of the offence, or now if that is in the future */
  add(offence: Offence, at: Seconds, windowSeconds: number): void {
    const { address, points, count, port, user, kind, isJudged } = offence;
    const moment: Moment = { at, address, points, count, port, user, kind, isJudged };
    const latestAt = this.latestAt;
    if (latestAt === undefined || latestAt <= at - windowSeconds) {
      // The usual case: the only offence in its window.
      this.#moments = [moment];
      this.#points = moment.points;
      return;
    }
    this.#points += moment.points;
    this.#insert(moment);
    this.#keep(at - windowSeconds, at + windowSeconds);
    this.#keep((this.latestAt ?? at) - windowSeconds, Number.POSITIVE_INFINITY);
  }

  /** Adds the offences from this prefix to the aggregator. */
  addTo(aggregator: EvidenceAggregator, prefix: Prefix): void {
    for (const moment of this.#moments) {
      if (contains(prefix, moment.address)) aggregator.add(moment, moment.at);
    }
  }

  clear(): void {
    this.#moments = [];
    this.#points = 0;
  }

  /** Equal moments are merged. */
  #insert(moment: Moment): void {
    let index = this.#moments.length;
    for (; index > 0; index--) {
      const before = this.#moments[index - 1];
      if (before === undefined || before.at < moment.at) break;
      if (isAlike(before, moment)) {
        moment.points += before.points;
        moment.count += before.count;
        this.#moments[index - 1] = moment;
        return;
      }
    }
    this.#moments.splice(index, 0, moment);
  }

  /** Drops all offences that are not between the two times, exclusive. */
  #keep(after: Seconds, before: Seconds): void {
    const first = this.#moments[0];
    const last = this.#moments.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.at > after && last.at < before) return;
    this.#moments = this.#moments.filter(({ at }) => at > after && at < before);
    this.#points = this.#moments.reduce((sum, { points }) => sum + points, 0);
  }
}

function isAlike(p: Moment, q: Moment): boolean {
  return (
    p.at === q.at &&
    p.kind === q.kind &&
    p.user === q.user &&
    compareAddresses(p.address, q.address) === 0
  );
}
