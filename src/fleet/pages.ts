import type { Seconds } from '../blocklist/entry.ts';
import { CachedBody } from './cached-body.ts';
import type { FleetStore } from './fleet-store.ts';
import { changedJson } from './wire.ts';

/** The changes that all cached pages together may have: a full copy of 1,000,000 entries, some 500 MB. */
const MAX_CACHED_CHANGES = 1_000_000;
/** A page before the last one is sent again for so long, though entries on it may have changed. */
const MAX_AGE_SECONDS = 60;

interface Page {
  /** The number to ask with next. */
  readonly next: number;
  /** Whether other changes follow. */
  readonly more: boolean;
  readonly body: CachedBody;
}

interface CachedPage {
  /** The store's latest change number when the page was made. */
  readonly sequence: number;
  readonly at: Seconds;
  /** The most changes that it may have. */
  readonly limit: number;
  /** Whether others follow it: what changes later has a higher number and comes after them. */
  isFull: boolean;
  readonly page: Promise<Page>;
}

/**
 * Pages of changes after a number, cached. Pages end at the multiples of their size, so that machines
 * which ask with different numbers get the same ones from the second on.
 */
export class Pages {
  readonly #store: FleetStore;
  readonly #identity: string;
  readonly #sequence: () => Promise<number>;
  readonly #clock: () => Seconds;
  /** The latest last. */
  readonly #pages = new Map<string, CachedPage>();
  /** The sum of their limits. */
  #cachedChanges = 0;

  /**
   * @param identity of the store
   * @param sequence returns the latest change number
   */
  constructor(
    store: FleetStore,
    identity: string,
    sequence: () => Promise<number>,
    clock: () => Seconds,
  ) {
    this.#store = store;
    this.#identity = identity;
    this.#sequence = sequence;
    this.#clock = clock;
  }

  /**
   * Undefined if the number is of another store: no change has it yet, or the client says so.
   * @param identity of the store that the number is from; undefined where the client does not know
   */
  async since(
    since: number,
    limit: number,
    identity: string | undefined,
  ): Promise<Page | undefined> {
    const sequence = await this.#sequence();
    if (since > sequence) return undefined;
    if (since > 0 && identity !== undefined && identity !== this.#identity) return undefined;
    const key = `${since} ${limit}`;
    const known = this.#pages.get(key);
    const now = this.#clock();
    if (known?.sequence === sequence) return known.page;
    const isYoung = known !== undefined && now < known.at + MAX_AGE_SECONDS;
    if (known?.isFull && isYoung && known.at <= now) return known.page;
    const page = this.#read(since, limit, sequence);
    const cached: CachedPage = { sequence, at: now, limit, isFull: false, page };
    this.#keep(key, cached);
    page.then(
      ({ more }) => {
        cached.isFull = more;
        return more;
      },
      () => this.#drop(key),
    );
    return page;
  }

  /** Keeps a page, and drops the oldest if there are too many. */
  #keep(key: string, page: CachedPage): void {
    this.#drop(key);
    this.#pages.set(key, page);
    this.#cachedChanges += page.limit;
    for (const oldest of this.#pages.keys()) {
      if (this.#cachedChanges <= MAX_CACHED_CHANGES) return;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    const page = this.#pages.get(key);
    if (page === undefined) return;
    this.#pages.delete(key);
    this.#cachedChanges -= page.limit;
  }

  async #read(since: number, limit: number, sequence: number): Promise<Page> {
    // Reads one more than it sends, to know whether there are more.
    const changes = since < sequence ? await this.#store.changesSince(since, limit + 1) : [];
    const end = since - (since % limit) + limit;
    const within = changes.filter(({ value }) => value.sequence <= end);
    const sent = within.length > 0 ? within : changes.slice(0, limit);
    const more = changes.length > sent.length;
    const last = sent.at(-1)?.value.sequence;
    // Later changes have higher numbers: a client that has all goes on from the latest.
    const next = more ? (last ?? since) : Math.max(sequence, last ?? 0);
    const latest = Math.max(sequence, next);
    const page = { store: this.#identity, next, more, latest, changes: sent.map(changedJson) };
    return { next, more, body: new CachedBody(`${JSON.stringify(page)}\n`) };
  }
}
