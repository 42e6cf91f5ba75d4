import type { Entry, Origin, Seconds } from '../../blocklist/entry.ts';
import { reasonText } from '../../blocklist/message-counts.ts';
import type { PageData, ShownBan } from '../../fleet/pubsub/page-data.ts';
import { spaceMap } from '../../net/space-map.ts';
import type { Activation } from '../../store/history.ts';
import type { Store } from '../../store/store.ts';
import { type RulesPolicy, rulesAt } from '../rules-at.ts';

const LAST_BANS = 50;
/** Entries read before other work of the process gets its turn. */
const SLICE = 2000;
/** Reading the store takes at most this share of the time, and is repeated no sooner than this. */
const MAX_SHARE = 1 / 50;
const MIN_MILLISECONDS = 1000;

/** The data of the status page, cached because reading a large store takes long. */
export class PageSource {
  readonly #store: Store;
  readonly #policy: RulesPolicy;
  readonly #now: () => Seconds;
  #data: Promise<PageData> | undefined;
  #staleAt = 0;

  constructor(store: Store, policy: RulesPolicy, now: () => Seconds) {
    this.#store = store;
    this.#policy = policy;
    this.#now = now;
  }

  /** Whether `data` would read the store again. */
  isOld(): boolean {
    return this.#data === undefined || performance.now() >= this.#staleAt;
  }

  data(): Promise<PageData> {
    if (this.#data === undefined || this.isOld()) {
      this.#staleAt = Number.POSITIVE_INFINITY;
      this.#data = this.#read();
    }
    return this.#data;
  }

  async #read(): Promise<PageData> {
    let worked = 0;
    try {
      const byOrigin = new Map<Origin, number>();
      let latest: Entry[] = [];
      let active = 0;
      let active6 = 0;
      const at = this.#now();
      let startedAt = performance.now();
      for (const entry of this.#store.entries({ state: 'active', at })) {
        active++;
        if (entry.prefix.family === 6) active6++;
        byOrigin.set(entry.origin, (byOrigin.get(entry.origin) ?? 0) + 1);
        latest.push(entry);
        if (latest.length >= SLICE) latest = latestOf(latest);
        if (active % SLICE !== 0) continue;
        worked += performance.now() - startedAt;
        await new Promise(setImmediate);
        startedAt = performance.now();
      }
      const bans = latestOf(latest).map((entry) => shown(entry, this.#store.history(entry.prefix)));
      const map = spaceMap(rulesAt(this.#store, this.#policy, at)).levels;
      worked += performance.now() - startedAt;
      return { bans, active, active6, byOrigin, map };
    } finally {
      this.#staleAt = performance.now() + Math.max(MIN_MILLISECONDS, worked / MAX_SHARE);
    }
  }
}

function latestOf(entries: readonly Entry[]): Entry[] {
  return entries
    .toSorted((p, q) => (q.activatedAt ?? 0) - (p.activatedAt ?? 0))
    .slice(0, LAST_BANS);
}

function shown(entry: Entry, history: readonly Activation[]): ShownBan {
  const last = history.at(-1);
  const { by = '', origin = entry.origin, evidence = [], note = '' } = last ?? {};
  return {
    at: entry.activatedAt ?? 0,
    prefix: entry.prefix,
    // Earlier servers and versions did not say who it was.
    from: by || (origin === 'fleet' ? 'the fleet' : `this host (${origin})`),
    why: reasonText(evidence, note || entry.note),
    outcome: entry.activations > 1 ? 'reactivated' : 'new',
    expiresAt: entry.expiresAt,
  };
}
