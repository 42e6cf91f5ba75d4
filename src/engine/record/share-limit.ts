import {
  type Coverage,
  coverageOf,
  exceededFamily,
  mostAddresses,
  sizeOf,
} from '../../blocklist/coverage.ts';
import { CoveredSpace } from '../../blocklist/covered-space.ts';
import { type Entry, isActive, type Seconds } from '../../blocklist/entry.ts';
import { McblockError } from '../../errors.ts';
import type { Family } from '../../net/address.ts';
import { PrefixList } from '../../net/prefix-list.ts';
import { shortPrefix } from '../../net/prefix-text.ts';
import type { Store } from '../../store/store.ts';

/** The store's bounds are sums of doubles, which are rounded. */
const ROUNDING = 1 - 1e-9;

/**
 * Keeps what is active within a share of the address space, during one transaction. As long as the
 * store's upper bound is within it, an answer costs an addition; then all active entries are
 * counted, once.
 */
export class ShareLimit {
  readonly #store: Store;
  readonly #sharePercent: number;
  readonly #now: Seconds;
  readonly #bounds: Readonly<Record<Family, number>>;
  /** At most so many addresses are active; undefined until they are needed. */
  readonly #most: Partial<Record<Family, number>> = {};
  /** What is active exactly, once that is needed. */
  #exact: CoveredSpace | undefined;
  /** What was admitted before that. It may not be stored yet, and in a dry run never is. */
  #admitted = new PrefixList();
  #refused = 0;
  #recorded = 0;

  constructor(store: Store, sharePercent: number, now: Seconds) {
    this.#store = store;
    this.#sharePercent = sharePercent;
    this.#now = now;
    const boundOf = (family: Family) => Number(mostAddresses(family, sharePercent)) * ROUNDING;
    this.#bounds = { 4: boundOf(4), 6: boundOf(6) };
  }

  /** How many entries were refused. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * Whether an entry that becomes active, or for longer, leaves the share free. If so it counts from
   * now on; otherwise the refusal is counted.
   */
  admits(entry: Entry): boolean {
    // An old log activates much that has long expired.
    if (!isActive(entry, this.#now)) return true;
    if (this.#isWithinBound(entry) || this.#isWithinExactly(entry)) return true;
    this.#refused++;
    return false;
  }

  /** Like admits, for a request by hand. Throws McblockError('protected'). */
  require(entry: Entry): void {
    if (this.admits(entry)) return;
    throw new McblockError(
      'protected',
      `${shortPrefix(entry.prefix)} would bring the active entries ${aboveText(entry.prefix.family, this.#sharePercent)}; use --force to block it`,
    );
  }

  /** Keeps the count of automatic requests that were refused. To be called in a transaction. */
  recordRefusals(): void {
    this.#store.coverage.addRefusals(this.#refused - this.#recorded, this.#now);
    this.#recorded = this.#refused;
  }

  #isWithinBound({ prefix }: Entry): boolean {
    const { family } = prefix;
    if (this.#exact !== undefined) return false;
    const most = this.#most[family] ?? this.#store.coverage.most(family) ?? this.#countOnce(family);
    const next = most + Number(sizeOf(prefix));
    if (next > this.#bounds[family]) return false;
    this.#most[family] = next;
    this.#admitted.push(prefix);
    return true;
  }

  #isWithinExactly({ prefix }: Entry): boolean {
    this.#exact ??= this.#count();
    return this.#exact.addWithin(this.#sharePercent, prefix);
  }

  /** The bound that a new store, or one that was imported, does not have yet. */
  #countOnce(family: Family): number {
    const coverage = measured(this.#store, this.#now);
    this.#store.coverage.set(coverage);
    return Number(coverage[family]);
  }

  #count(): CoveredSpace {
    const active = this.#store.activePrefixes(this.#now);
    for (const prefix of this.#admitted) active.push(prefix);
    this.#admitted = new PrefixList();
    const exact = new CoveredSpace(active);
    this.#store.coverage.set(exact.coverage);
    return exact;
  }
}

/** `above 25 % of the IPv4 addresses (limits.share)`. */
function aboveText(family: Family, sharePercent: number): string {
  return `above ${sharePercent} % of the IPv${family} addresses (limits.share)`;
}

/**
 * Does what changes many entries at once. Throws McblockError('protected') if more is active
 * afterwards than before, and more than the share. To be called in a transaction, which that undoes.
 * @param what for the message: `feed spamhaus-drop`
 */
export function withinShare<T>(
  store: Store,
  sharePercent: number,
  now: Seconds,
  what: string,
  work: () => T,
): T {
  const before = measured(store, now);
  const result = work();
  const after = measured(store, now);
  store.coverage.set(after);
  const family = exceededFamily(after, sharePercent);
  if (family !== undefined && after[family] > before[family]) {
    throw new McblockError(
      'protected',
      `${what} would bring what is active ${aboveText(family, sharePercent)}; nothing changed`,
    );
  }
  return result;
}

function measured(store: Store, now: Seconds): Coverage {
  return coverageOf(store.activePrefixes(now));
}
