import type { Seconds } from '../../blocklist/entry.ts';

/** A clock that jumped leaves a longer gap than this between two lines. */
const MAX_GAP_SECONDS = 30 * 86_400;
/** Further ones are left out. */
const MAX_STRETCHES = 100;

/** A period of lines, no two of which are more than 30 days apart. */
export interface Stretch {
  readonly first: Seconds;
  readonly last: Seconds;
}

/** The periods in which a log has lines with a year. */
export class Stretches {
  readonly #all: { first: Seconds; last: Seconds }[] = [];
  #current: { first: Seconds; last: Seconds } | undefined;

  get all(): readonly Stretch[] {
    return this.#all;
  }

  add(at: Seconds): void {
    const current = this.#current;
    if (current !== undefined && at >= current.first && at <= current.last + MAX_GAP_SECONDS) {
      if (at > current.last) current.last = at;
      return;
    }
    if (this.#all.length >= MAX_STRETCHES) return;
    this.#current = { first: at, last: at };
    this.#all.push(this.#current);
  }
}
