import type { Entry, Seconds } from '../../blocklist/entry.ts';
import { reasonText } from '../../blocklist/message-counts.ts';
import type { PageData, ShownBan } from '../../fleet/pubsub/page-data.ts';
import { PageSummary } from '../../fleet/pubsub/page-summary.ts';
import { spaceMap } from '../../net/space-map.ts';
import { type Aside, inSlices, PacedRead } from '../../paced-read.ts';
import type { Activation } from '../../store/history.ts';
import type { Store } from '../../store/store.ts';
import { type RulesPolicy, rulesAt } from '../rules-at.ts';

/** The data of the status page, kept for a while because reading a large store takes long. */
export class PageSource {
  readonly #store: Store;
  readonly #policy: RulesPolicy;
  readonly #now: () => Seconds;
  readonly #data = new PacedRead((aside) => this.#read(aside));

  constructor(store: Store, policy: RulesPolicy, now: () => Seconds) {
    this.#store = store;
    this.#policy = policy;
    this.#now = now;
  }

  /** Whether `data` would read the store again. */
  isOld(): boolean {
    return this.#data.isOld();
  }

  data(): Promise<PageData> {
    return this.#data.get();
  }

  async #read(aside: Aside): Promise<PageData> {
    const summary = new PageSummary<Entry>(({ activatedAt = 0 }) => activatedAt);
    const at = this.#now();
    const entries = this.#store.entries({ state: 'active', at });
    await inSlices(entries, aside, (entry) => summary.add(entry, entry));
    const bans = summary.latest().map((entry) => shown(entry, this.#store.history(entry.prefix)));
    const map = spaceMap(rulesAt(this.#store, this.#policy, at)).levels;
    return { ...summary.counts, bans, map };
  }
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
