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
  #distinct: DistinctCounts | undefined;
  readonly #entries: () => readonly { readonly entry: Entry }[];

  /** @param entries those that contain the address */
  constructor(
    offence: Offence,
    at: Seconds,
    origin: Origin,
    window: Window,
    entries: () => readonly { readonly entry: Entry }[],
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
    let most = 0;
    for (const { entry } of this.#entries()) most = Math.max(most, entry.activations);
    return most;
  }

  get hits(): number {
    let most = 0;
    for (const { entry } of this.#entries()) most = Math.max(most, entry.hits);
    return most;
  }

  get users(): number {
    return this.#counts().users;
  }

  get services(): number {
    return this.#counts().services;
  }

  get hosts(): number {
    return this.#counts().hosts;
  }

  #counts(): DistinctCounts {
    this.#distinct ??= this.#window.distinctWith(this.#offence);
    return this.#distinct;
  }
}
