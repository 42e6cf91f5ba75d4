import type { Entry, Origin } from '../../blocklist/entry.ts';
import type { PageData } from './page-data.ts';

const LAST_BANS = 50;
/** How many are kept until all but the latest are dropped. */
const MAX_KEPT = 2000;

/** Counts active entries for a page, and keeps the latest. */
export class PageSummary<T> {
  readonly #orderOf: (item: T) => number;
  readonly #byOrigin = new Map<Origin, number>();
  #active = 0;
  #active6 = 0;
  #kept: T[] = [];

  /** @param orderOf rises with each activation */
  constructor(orderOf: (item: T) => number) {
    this.#orderOf = orderOf;
  }

  /** @param item the entry with what else is shown of it */
  add({ prefix, origin }: Entry, item: T): void {
    this.#active++;
    if (prefix.family === 6) this.#active6++;
    this.#byOrigin.set(origin, (this.#byOrigin.get(origin) ?? 0) + 1);
    this.#kept.push(item);
    if (this.#kept.length >= MAX_KEPT) this.#kept = this.latest();
  }

  get counts(): Pick<PageData, 'active' | 'active6' | 'byOrigin'> {
    return { active: this.#active, active6: this.#active6, byOrigin: this.#byOrigin };
  }

  /** The latest first. */
  latest(): T[] {
    return this.#kept.toSorted((p, q) => this.#orderOf(q) - this.#orderOf(p)).slice(0, LAST_BANS);
  }
}
