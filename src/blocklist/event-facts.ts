import type { Address } from '../net/address.ts';
import type { DistinctCounts } from './distinct.ts';
import type { Entry, Origin, Seconds } from './entry.ts';
import type { Offence, OffenceKind } from './offence.ts';
import type { RuleFacts } from './rule-conditions.ts';
import type { Window } from './window.ts';

/**
 * What rules may ask about an offence. Entries and window are looked at only if they do. One object is
 * for all offences, one after the other.
 */
export class EventFacts implements RuleFacts {
  readonly origin: Origin;
  readonly #entries: (address: Address) => readonly EntryCounts[];
  #offence!: Offence;
  #at: Seconds = 0;
  #window!: Window;
  #around: readonly EntryCounts[] | undefined;
  #distinct: DistinctCounts | undefined;

  /** @param entries those that contain the address */
  constructor(origin: Origin, entries: (address: Address) => readonly EntryCounts[]) {
    this.origin = origin;
    this.#entries = entries;
  }

  /** @param window of the network, with the offence or without */
  of(offence: Offence, at: Seconds, window: Window): this {
    this.#offence = offence;
    this.#at = at;
    this.#window = window;
    this.#around = undefined;
    this.#distinct = undefined;
    return this;
  }

  get at(): Seconds {
    return this.#at;
  }

  get address(): Address {
    return this.#offence.address;
  }

  get kind(): OffenceKind {
    return this.#offence.kind;
  }

  get activations(): number {
    return mostActivations(this.#entriesAround());
  }

  get hits(): number {
    return mostHits(this.#entriesAround());
  }

  get mostDistinct(): number {
    return this.#window.moments.length + 1;
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

  #entriesAround(): readonly EntryCounts[] {
    this.#around ??= this.#entries(this.#offence.address);
    return this.#around;
  }

  #distinctCounts(): DistinctCounts {
    this.#distinct ??= this.#window.distinctWith(this.#offence, this.#at);
    return this.#distinct;
  }
}

/**
 * What rules may ask where no event is known.
 * @param entries those that contain the address
 */
export function factsWithoutEvent(
  origin: Origin,
  address: RuleFacts['address'],
  at: Seconds,
  entries: readonly EntryCounts[],
): RuleFacts {
  const [activations, hits] = [mostActivations(entries), mostHits(entries)];
  return { ...NO_EVENT, origin, address, at, activations, hits };
}

const NO_EVENT = { kind: undefined, mostDistinct: 0, users: 0, services: 0, hosts: 0 };

type EntryCounts = Pick<Entry, 'activations' | 'hits'>;

// Loops: they run for each line that counts, where there are rules on entries.

function mostActivations(entries: readonly EntryCounts[]): number {
  let most = 0;
  for (const { activations } of entries) if (activations > most) most = activations;
  return most;
}

function mostHits(entries: readonly EntryCounts[]): number {
  let most = 0;
  for (const { hits } of entries) if (hits > most) most = hits;
  return most;
}
