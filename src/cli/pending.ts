import type { Seconds } from '../blocklist/entry.ts';
import type { Offence } from '../blocklist/offence.ts';
import { compareAddresses } from '../net/address.ts';
import { contains, type Prefix } from '../net/prefix.ts';

/** So many are kept at most, the latest: nobody fills the store with single attempts. */
const LIMIT = 65_536;

/**
 * What earlier logs told that made no block, on its way through the next log: where an offender
 * tried twice before the log was turned over and once after, the three make one block.
 */
export class PendingOffences {
  /** By address, then by time. */
  readonly #before: readonly Offence[];
  #next = 0;
  readonly #after: Offence[] = [];

  constructor(before: readonly Offence[]) {
    this.#before = before;
  }

  /** These and those of the space, by time. Spaces must come in order of their addresses. */
  joined(space: Prefix, offences: Iterable<Offence>): Iterable<Offence> {
    const pending = this.#take(space);
    return pending.length === 0 ? offences : inOrder(pending, offences);
  }

  /** What is pending after them. */
  keep(offences: Iterable<Offence>): void {
    for (const offence of offences) this.#after.push(offence);
  }

  /** What is pending at the end of a log that ends at this time, less what is too old to count. */
  rest(logEnd: Seconds, windowSeconds: number): readonly Offence[] {
    this.keep(this.#before.slice(this.#next));
    this.#next = this.#before.length;
    const newest = this.#after.reduce((at, offence) => Math.max(at, offence.at), logEnd);
    const live = this.#after.filter(({ at }) => at > newest - windowSeconds);
    if (live.length <= LIMIT) return live;
    return live.toSorted((p, q) => q.at - p.at).slice(0, LIMIT);
  }

  /** The pending ones in the space, by time; those before it are kept as they are. */
  #take(space: Prefix): readonly Offence[] {
    const taken: Offence[] = [];
    for (let one = this.#before[this.#next]; one; one = this.#before[++this.#next]) {
      if (contains(space, one.address)) taken.push(one);
      else if (compareAddresses(one.address, space) > 0) break;
      else this.#after.push(one);
    }
    return taken.toSorted((p, q) => p.at - q.at);
  }
}

/** Those of both by time, as far as they are in order. */
function* inOrder(pending: readonly Offence[], offences: Iterable<Offence>): Generator<Offence> {
  let next = 0;
  for (const offence of offences) {
    for (let first = pending[next]; first && first.at <= offence.at; first = pending[++next]) {
      yield first;
    }
    yield offence;
  }
  yield* pending.slice(next);
}
