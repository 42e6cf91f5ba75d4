import type { Seconds } from '../../blocklist/entry.ts';
import type { Offence } from '../../blocklist/offence.ts';
import { isProbe } from '../../blocklist/probe.ts';
import { compareAddresses } from '../../net/address.ts';
import { contains, type Prefix } from '../../net/prefix.ts';
import type { Store } from '../../store/store.ts';
import { latestOf } from './latest-offences.ts';

/** Only the latest offences are kept, so that single attempts cannot fill the store. */
const MAX_PENDING = 65_536;

const NO_OFFENCES: readonly Offence[] = [];

/**
 * Offences of earlier logs that did not lead to a block, merged into the next log: two attempts
 * before a rotation and one after it make one block.
 */
export class PendingOffences {
  /** Sorted by address, then by time. */
  readonly #before: readonly Offence[];
  #next = 0;
  readonly #after: Offence[] = [];
  readonly #spentSince: Seconds;
  /** The latest offences that led to activations. */
  spent: Offence[] = [];

  /** @param spentSince offences before this time that led to activations are not kept */
  constructor(before: readonly Offence[], spentSince: Seconds) {
    this.#before = before;
    this.#spentSince = spentSince;
  }

  /**
   * The given offences and the pending ones in the same space, sorted by time, without what is over
   * before the first. Spaces must come in address order.
   */
  joined(space: Prefix, offences: Iterable<Offence>, windowSeconds: number): Iterable<Offence> {
    return joinByTime(this.#take(space), offences, windowSeconds);
  }

  /** Adds offences that are pending from now on. */
  keep(offences: Iterable<Offence>): void {
    for (const offence of offences) this.#after.push(offence);
  }

  /** Keeps offences that led to activations. */
  keepSpent(offences: readonly Offence[]): void {
    for (const offence of offences) {
      if (offence.at > this.#spentSince) this.spent.push(offence);
    }
    if (this.spent.length > MAX_PENDING) this.spent = [...latestOf(this.spent, MAX_PENDING / 4)];
  }

  /** What is pending at the end of a log that ends at `logEnd`, without what is too old to count. */
  rest(logEnd: Seconds, windowSeconds: number): readonly Offence[] {
    this.keep(this.#before.slice(this.#next));
    this.#next = this.#before.length;
    const newest = this.#after.reduce((at, offence) => Math.max(at, offence.at), logEnd);
    const live = this.#after.filter(({ at }) => at > newest - windowSeconds);
    return latestOf(live, MAX_PENDING);
  }

  /** Takes the pending offences in the space, sorted by time. Those before the space stay pending. */
  #take(space: Prefix): readonly Offence[] {
    if (this.#next === this.#before.length) return NO_OFFENCES;
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
 * The same for a log that is followed: pending offences stay in the store, and only those of
 * networks that offend are read and written, in the transaction that judges them.
 */
export class StoredPending {
  readonly #store: Store;
  /** The number of offences passed to `keep`. */
  kept = 0;
  /** Offences that led to activations. */
  readonly spent: Offence[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  joined(space: Prefix, offences: Iterable<Offence>, windowSeconds: number): Iterable<Offence> {
    const before = this.#store.takePending(space).toSorted((p, q) => p.at - q.at);
    return joinByTime(before, offences, windowSeconds);
  }

  keep(offences: readonly Offence[]): void {
    this.#store.addPending(offences);
    sharePending(this.#store, offences);
    this.kept += offences.length;
  }

  keepSpent(offences: readonly Offence[]): void {
    for (const offence of offences) this.spent.push(offence);
  }

  /** Drops offences that are too old to count, or too many. To be called now and then. */
  prune(windowSeconds: number): void {
    this.#store.prunePending(windowSeconds, MAX_PENDING);
  }
}

/** Tells the fleet of what is new of them. A probe proves too little. */
export function sharePending({ outbox }: Store, offences: readonly Offence[]): void {
  const fresh = offences.filter((one) => !(one.isJudged || isProbe(one)));
  if (fresh.length > 0) outbox.pending.put(fresh);
}

/** Both lists sorted by time; at equal times the pending offence comes first. */
function joinByTime(
  pending: readonly Offence[],
  offences: Iterable<Offence>,
  windowSeconds: number,
): Iterable<Offence> {
  return pending.length === 0 ? offences : inOrder(pending, offences, windowSeconds);
}

/** Those that were judged before are marked. */
function* inOrder(
  pending: readonly Offence[],
  offences: Iterable<Offence>,
  windowSeconds: number,
): Generator<Offence> {
  let live: readonly Offence[] | undefined;
  let next = 0;
  for (const offence of offences) {
    live ??= pending.filter(({ at }) => at > offence.at - windowSeconds);
    for (let first = live[next]; first && first.at <= offence.at; first = live[++next]) {
      yield { ...first, isJudged: true };
    }
    yield offence;
  }
  for (const last of (live ?? pending).slice(next)) yield { ...last, isJudged: true };
}
