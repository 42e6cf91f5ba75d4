import type { Address } from '../net/address.ts';
import type { DistinctCounts } from './distinct.ts';
import type { Entry, Origin, Seconds } from './entry.ts';
import type { Offence, OffenceKind } from './offence.ts';
import type { RuleFacts } from './policy-rules.ts';
import type { Window } from './window.ts';

/** What rules may ask about an offence. Entries and window are looked at only if they do. */
export class EventFacts implements RuleFacts {
  readonly origin: Origin;
  readonly at: Seconds;
  readonly address: Address;
  readonly kind: OffenceKind;
  readonly #offence: Offence;
  readonly #window: Window;
  readonly #entries: () => readonly EntryCounts[];
  #most: EntryCounts | undefined;
  #distinct: DistinctCounts | undefined;

  /** @param entries those that contain the address */
  constructor(
    offence: Offence,
    at: Seconds,
    origin: Origin,
    window: Window,
    entries: () => readonly EntryCounts[],
  ) {
    this.origin = origin;
    this.at = at;
    this.address = offence.address;
    this.kind = offence.kind;
    this.#offence = offence;
    this.#window = window;
    this.#entries = entries;
  }

  get activations(): number {
    return this.#entryCounts().activations;
  }

  get hits(): number {
    return this.#entryCounts().hits;
  }

  get users(): number {
    return this.#distinctCounts().users;
  }

  get services(): number {
    return this.#distinctCounts().services;
  }

  get hosts(): number {
    return this.#distinctCounts().hosts;
  }

  #entryCounts(): EntryCounts {
    this.#most ??= mostOf(this.#entries());
    return this.#most;
  }

  #distinctCounts(): DistinctCounts {
    this.#distinct ??= this.#window.distinctWith(this.#offence, this.at);
    return this.#distinct;
  }
}

type EntryCounts = Pick<Entry, 'activations' | 'hits'>;

/** The most activations and the most hits of one of these entries. */
export function mostOf(entries: readonly EntryCounts[]): EntryCounts {
  let [activations, hits] = [0, 0];
  for (const entry of entries) {
    activations = Math.max(activations, entry.activations);
    hits = Math.max(hits, entry.hits);
  }
  return { activations, hits };
}
