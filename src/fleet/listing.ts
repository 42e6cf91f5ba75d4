import { outlasts, type Seconds } from '../blocklist/entry.ts';
import { type Prefix } from '../net/prefix.ts';
import { PrefixList } from '../net/prefix-list.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { subtract } from '../net/subtract.ts';
import { CachedBody } from './cached-body.ts';
import type { Changed, FleetEntry, FleetStore } from './fleet-store.ts';
import { SharedRead } from './shared-read.ts';

export type ListOrder = 'insertion' | 'ip';

const PAGE = 50_000;

/** The prefixes that are blocked at one time, as version 1 lists them. */
export interface Listed {
  readonly count: number;
  body(order: ListOrder): CachedBody;
}

interface CachedListing extends Listed {
  readonly sequence: number;
  /** When the first of them expires. */
  readonly until: Seconds;
}

/**
 * The blocked prefixes in memory, updated from the store's changes, so that a request costs no more
 * than a look at the latest change number.
 */
export class Listing {
  readonly #store: FleetStore;
  readonly #clock: () => Seconds;
  readonly #latest: SharedRead<number>;
  readonly #entries = new PrefixMap<FleetEntry>();
  readonly #allowed = new PrefixMap<Prefix>();
  #sequence = 0;
  #updating: Promise<void> | undefined;
  #cached: CachedListing | undefined;

  constructor(store: FleetStore, clock: () => Seconds) {
    this.#store = store;
    this.#clock = clock;
    this.#latest = new SharedRead(() => store.sequence());
  }

  /** The number of the latest change. */
  sequence(): Promise<number> {
    return this.#latest.get();
  }

  async now(): Promise<Listed> {
    const wanted = await this.sequence();
    while (this.#sequence < wanted) {
      this.#updating ??= this.#update(wanted).finally(() => {
        this.#updating = undefined;
      });
      await this.#updating;
    }
    const at = this.#clock();
    const cached = this.#cached;
    if (cached?.sequence === this.#sequence && at < cached.until) return cached;
    this.#cached = this.#make(at);
    return this.#cached;
  }

  /** The entries that are active now, in any order. */
  async active(): Promise<readonly FleetEntry[]> {
    await this.now();
    const at = this.#clock();
    return Array.from(this.#entries.values()).filter(({ entry }) => outlasts(entry.expiresAt, at));
  }

  async #update(wanted: number): Promise<void> {
    while (this.#sequence < wanted) {
      const changes = await this.#store.changesSince(this.#sequence, PAGE);
      for (const change of changes) this.#take(change);
      // The number of an entry that changed again in the meantime is missing.
      this.#sequence =
        changes.length < PAGE ? Math.max(wanted, this.#lastOf(changes)) : this.#lastOf(changes);
    }
  }

  #lastOf(changes: readonly Changed[]): number {
    return changes.at(-1)?.value.sequence ?? 0;
  }

  #take({ kind, value }: Changed): void {
    if (kind === 'entry') this.#entries.set(value.entry.prefix, value);
    else if (value.removed) this.#allowed.delete(value.prefix);
    else this.#allowed.set(value.prefix, value.prefix);
  }

  #make(at: Seconds): CachedListing {
    let until = Number.POSITIVE_INFINITY;
    const active: FleetEntry[] = [];
    for (const { value } of this.#entries.walk()) {
      const { expiresAt } = value.entry;
      // An expired entry comes back only by a change.
      if (!outlasts(expiresAt, at)) this.#entries.delete(value.entry.prefix);
      else {
        active.push(value);
        if (expiresAt !== 'forever') until = Math.min(until, expiresAt);
      }
    }
    const texts = (entries: readonly FleetEntry[]) =>
      entries.flatMap(({ entry }) => partsOf(entry.prefix, this.#allowed)).map(formatPrefix);
    const bodies = new Map<ListOrder, CachedBody>();
    return {
      sequence: this.#sequence,
      until,
      count: active.length,
      body(order) {
        const made = bodies.get(order);
        if (made !== undefined) return made;
        // PrefixMap.walk is sorted by address.
        const sorted =
          order === 'ip'
            ? active
            : active.toSorted((p, q) => p.activatedSequence - q.activatedSequence);
        const body = new CachedBody(`${JSON.stringify(texts(sorted).map((text) => [text]))}\n`);
        bodies.set(order, body);
        return body;
      },
    };
  }
}

/** The prefix minus the allow-list; nearly always itself. */
function partsOf(prefix: Prefix, allowed: PrefixMap<Prefix>): readonly Prefix[] {
  if (allowed.size === 0) return [prefix];
  const holes = [...allowed.supernets(prefix), ...allowed.subnets(prefix)];
  if (holes.length === 0) return [prefix];
  return [
    ...subtract(PrefixList.from([prefix]), PrefixList.from(holes.map((hole) => hole.prefix))),
  ];
}
