import type { Seconds } from '../../blocklist/entry.ts';
import type { Offence } from '../../blocklist/offence.ts';
import { compareAddresses } from '../../net/address.ts';
import { contains, type Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';

/** So many are kept at most, the latest: nobody fills the store with single attempts. */
const LIMIT = 65_536;

const NOTHING: readonly Offence[] = [];

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
    return joinByTime(this.#take(space), offences);
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
    if (this.#next === this.#before.length) return NOTHING;
    const taken: Offence[] = [];
    for (let one = this.#before[this.#next]; one; one = this.#before[++this.#next]) {
      if (contains(space, one.address)) taken.push(one);
      else if (compareAddresses(one.address, space) > 0) break;
      else this.#after.push(one);
    }
    return taken.toSorted((p, q) => p.at - q.at);
  }
}

/**
 * The same for a log that is followed: what is pending stays in the store, and only that of the
 * places that offended is read and written. Within the transaction in which they are judged.
 */
export class StoredPending {
  readonly #store: Store;
  /** How many offences it was given to keep. */
  kept = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  joined(space: Prefix, offences: Iterable<Offence>): Iterable<Offence> {
    const before = this.#store.takePending(space).toSorted((p, q) => p.at - q.at);
    return joinByTime(before, offences);
  }

  keep(offences: readonly Offence[]): void {
    this.#store.addPending(offences);
    this.kept += offences.length;
  }

  /** Now and then: drops what is too old to count, or too much. */
  prune(windowSeconds: number): void {
    this.#store.prunePending(windowSeconds, LIMIT);
  }
}

/** The pending ones, by time, each before the first offence that is later. */
function joinByTime(pending: readonly Offence[], offences: Iterable<Offence>): Iterable<Offence> {
  return pending.length === 0 ? offences : inOrder(pending, offences);
}

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
