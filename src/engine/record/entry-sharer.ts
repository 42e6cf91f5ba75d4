import { type Entry, isActive, type Seconds } from '../../blocklist/entry.ts';
import { isWiderThan, type WidestLengths } from '../../net/wide.ts';
import type { Store } from '../../store/store.ts';

/**
 * What became of an entry that was to be shared: `known` if the outbox had it before, `fleet` if it came
 * from the fleet, `full` if the outbox has no room for it.
 */
export type Sharing = 'shared' | 'known' | 'fleet' | 'too wide' | 'expired' | 'full';

/**
 * Puts active entries into the outbox, in a transaction that the caller began: as a block until the
 * expiry that they have here, with the evidence for their latest activation.
 */
export class EntrySharer {
  readonly #store: Store;
  readonly #widest: WidestLengths | undefined;
  readonly #now: Seconds;
  #room: number;
  /** How many entries became what. */
  readonly counts: Record<Sharing, number> = {
    shared: 0,
    known: 0,
    fleet: 0,
    'too wide': 0,
    expired: 0,
    full: 0,
  };

  /** @param widest what this machine may have blocked in the fleet; undefined: the server will say */
  constructor(store: Store, widest: WidestLengths | undefined, now: Seconds) {
    this.#store = store;
    this.#widest = widest;
    this.#now = now;
    this.#room = store.outbox.room();
  }

  share(entry: Entry): Sharing {
    const sharing = this.#share(entry);
    this.counts[sharing]++;
    return sharing;
  }

  #share(entry: Entry): Sharing {
    const { prefix, expiresAt: until } = entry;
    if (!isActive(entry, this.#now)) return 'expired';
    const activation = this.#store.history(prefix).at(-1);
    if (activation === undefined) return 'expired';
    if (activation.origin === 'fleet') return 'fleet';
    if (this.#store.outbox.has(entry)) return 'known';
    if (this.#widest !== undefined && isWiderThan(prefix, this.#widest)) return 'too wide';
    const { evidence, note } = activation;
    const reports = 1 + evidence.length;
    if (reports > this.#room) return 'full';
    this.#room -= reports;
    const { outbox } = this.#store;
    outbox.share({ type: 'block', prefix, until, exact: true, note: entry.note || note });
    outbox.shareOffences(prefix, evidence);
    return 'shared';
  }
}
