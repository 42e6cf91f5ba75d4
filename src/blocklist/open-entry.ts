import type { Address } from '../net/address.ts';
import { dayOf, hitEntry, isPersistent, recallEntry } from './change.ts';
import { type Entry, type Expiry, laterExpiry, outlasts, type Seconds } from './entry.ts';
import type { Memory } from './memory.ts';
import type { Offence } from './offence.ts';
import { penaltySeconds } from './penalty.ts';
import type { Policy } from './policy.ts';
import type { Login } from './protect.ts';
import { type Kind, Tally } from './tally.ts';

/** Offences that will be carried out as one request. */
interface Batch {
  hits: number;
  at: Seconds;
  offender: Address;
}

/**
 * An entry while offences come in: those of one day are gathered, and carried out as one request
 * with the same result as one by one. The entry's expiry is known at once all the same.
 */
export class OpenEntry {
  readonly #memory: Memory;
  readonly #policy: Policy;
  /** As it was carried out last. */
  #entry: Entry;
  /** With the hits that were not carried out yet. */
  #expiresAt: Expiry;
  /** Hits of one day; `at` is the time of the last. */
  #hits: (Batch & { readonly day: number; readonly extends: boolean }) | undefined;
  #hitTally: Tally | undefined;
  /** Offences from before the latest activation; `at` is the time of the first. */
  #recalled: Batch | undefined;
  #recallTally: Tally | undefined;
  #latestLogin: Login | 'none' | undefined;

  /** The tally holds what brought about the latest activation, if that was seen. */
  constructor(entry: Entry, memory: Memory, policy: Policy, tally?: Tally) {
    this.#memory = memory;
    this.#policy = policy;
    this.#entry = entry;
    this.#expiresAt = entry.expiresAt;
    this.#hitTally = tally;
  }

  /** Right in all but the hits, times and expiry that were not carried out yet. */
  get entry(): Entry {
    return this.#entry;
  }

  get expiresAt(): Expiry {
    return this.#expiresAt;
  }

  isActive(at: Seconds): boolean {
    return (
      outlasts(this.#expiresAt, at) &&
      this.#entry.activatedAt !== undefined &&
      this.#entry.activatedAt <= at
    );
  }

  /** The latest login from an address in it. */
  latestLogin(): Login | undefined {
    this.#latestLogin ??=
      this.#memory
        .loginsWithin(this.#entry.prefix)
        .reduce<Login | undefined>((p, q) => (p === undefined || q.at > p.at ? q : p), undefined) ??
      'none';
    return this.#latestLogin === 'none' ? undefined : this.#latestLogin;
  }

  /** An offence while it is active. */
  hit({ address, count }: Offence, kind: Kind, at: Seconds): void {
    const day = dayOf(at);
    if (this.#hits?.day !== day) this.#carryOutHits();
    this.#hits ??= {
      day,
      hits: 0,
      at,
      offender: address,
      extends: isPersistent(this.#entry, at, this.#policy),
    };
    const batch = this.#hits;
    batch.hits += count;
    if (at >= batch.at) {
      batch.at = at;
      batch.offender = address;
    }
    if (batch.extends) {
      const penalty = penaltySeconds(this.#entry.activations, this.#policy);
      this.#expiresAt = laterExpiry(this.#expiresAt, at + penalty);
    }
    this.#hitTally ??= new Tally();
    this.#hitTally.add(address, kind, at, count);
  }

  /** An offence from before its latest activation. */
  recall({ address, count }: Offence, kind: Kind, at: Seconds): void {
    this.#recalled ??= { hits: 0, at, offender: address };
    const batch = this.#recalled;
    batch.hits += count;
    if (at < batch.at) {
      batch.at = at;
      batch.offender = address;
    }
    this.#recallTally ??= new Tally();
    this.#recallTally.add(address, kind, at, count);
  }

  /** The entry was brought back. Whatever came before must have been carried out. */
  activated(entry: Entry, tally: Tally): void {
    this.#entry = entry;
    this.#expiresAt = entry.expiresAt;
    this.#hitTally = tally;
  }

  carryOut(): void {
    this.#carryOutHits();
    const batch = this.#recalled;
    if (batch === undefined) return;
    this.#recalled = undefined;
    const entry = recallEntry(this.#entry, batch.hits, batch.at);
    this.#entry = entry;
    this.#memory.carryOut({
      request: { kind: 'automatic', origin: 'grok', ...batch, external: false },
      decision: { kind: 'evidence', entry },
      evidence: this.#recallTally?.take() ?? [],
    });
  }

  #carryOutHits(): void {
    const batch = this.#hits;
    if (batch === undefined) return;
    this.#hits = undefined;
    const before = this.#entry;
    const entry = hitEntry(before, batch.hits, batch.at, this.#policy);
    this.#entry = entry;
    const { hits, at, offender } = batch;
    this.#memory.carryOut({
      request: { kind: 'automatic', origin: 'grok', offender, at, hits, external: false },
      decision: { kind: 'covered', entry, extended: entry.expiresAt !== before.expiresAt },
      evidence: this.#hitTally?.take() ?? [],
    });
  }
}
