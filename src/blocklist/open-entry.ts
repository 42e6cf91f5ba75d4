import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import { dayOf, hitEntry, isPersistent, recallEntry } from './change.ts';
import {
  type Entry,
  type Expiry,
  laterExpiry,
  longestLasting,
  outlasts,
  type Seconds,
} from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import { EvidenceAggregator } from './evidence-aggregator.ts';
import { automaticRequest, type EvidenceSource } from './evidence-source.ts';
import type { Offence } from './offence.ts';
import { currentPenalty } from './penalty.ts';
import type { Policy } from './policy.ts';

/** Offences that are committed as one request. */
interface Batch {
  hits: number;
  at: Seconds;
  offender: Address;
}

/** Hits of one UTC day; `at` is the time of the last. */
interface Day {
  readonly day: number;
  hits: number;
  at: Seconds;
  /** Each hit prolongs the entry by this; 0 if none does. */
  readonly penalty: Seconds;
}

/**
 * An entry that collects offences and commits them as one request, with the same result as one by
 * one. Its expiry is always current.
 */
export class OpenEntry {
  readonly #repository: EntryRepository;
  readonly #policy: Policy;
  readonly #source: EvidenceSource;
  /** Includes the hits of all days but the last. */
  #entry: Entry;
  /** Includes all hits. */
  #expiresAt: Expiry;
  #day: Day | undefined;
  /** Hits that are not committed; `at` is the time of the last. */
  #hits: Batch | undefined;
  #hitAggregator: EvidenceAggregator | undefined;
  /** The expiry before them. */
  #expiredAt: Expiry;
  /** Offences before the latest activation; `at` is the time of the first. */
  #recalled: Batch | undefined;
  #recallAggregator: EvidenceAggregator | undefined;

  /** @param aggregator has the evidence for the latest activation, if it was made here */
  constructor(
    entry: Entry,
    repository: EntryRepository,
    policy: Policy,
    source: EvidenceSource,
    aggregator?: EvidenceAggregator,
  ) {
    this.#repository = repository;
    this.#policy = policy;
    this.#source = source;
    this.#entry = entry;
    this.#expiresAt = entry.expiresAt;
    this.#expiredAt = entry.expiresAt;
    this.#hitAggregator = aggregator;
  }

  /** Without the hits, times and expiry that are not committed. */
  get entry(): Entry {
    return this.#entry;
  }

  get activations(): number {
    return this.#entry.activations;
  }

  /** With those that are not committed. */
  get hits(): number {
    return this.#entry.hits + (this.#day?.hits ?? 0) + (this.#recalled?.hits ?? 0);
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

  /** An offence while it is active. */
  hit(offence: Offence, at: Seconds): void {
    const { address, count } = offence;
    const day = this.#dayOf(at);
    day.hits += count;
    if (at > day.at) day.at = at;
    if (day.penalty > 0) this.#expiresAt = laterExpiry(this.#expiresAt, at + day.penalty);
    this.#hits ??= { hits: 0, at, offender: address };
    const batch = this.#hits;
    batch.hits += count;
    if (at >= batch.at) {
      batch.at = at;
      batch.offender = address;
    }
    this.#hitAggregator ??= new EvidenceAggregator();
    this.#hitAggregator.add(offence, at);
  }

  /** An offence before its latest activation. */
  recall(offence: Offence, at: Seconds): void {
    const { address, count } = offence;
    this.#recalled ??= { hits: 0, at, offender: address };
    const batch = this.#recalled;
    batch.hits += count;
    if (at < batch.at) {
      batch.at = at;
      batch.offender = address;
    }
    this.#recallAggregator ??= new EvidenceAggregator();
    this.#recallAggregator.add(offence, at);
  }

  /** The entry was reactivated. Earlier offences must be committed. */
  activated(entry: Entry, aggregator: EvidenceAggregator): void {
    this.#entry = entry;
    this.#expiresAt = entry.expiresAt;
    this.#expiredAt = entry.expiresAt;
    this.#hitAggregator = aggregator;
  }

  commit(): void {
    this.#commitHits();
    const batch = this.#recalled;
    if (batch === undefined) return;
    this.#recalled = undefined;
    const entry = recallEntry(this.#entry, batch.hits, batch.at);
    this.#entry = entry;
    this.#repository.commit({
      request: automaticRequest(this.#source, batch),
      decision: { kind: 'evidence', entry },
      evidence: this.#recallAggregator?.take() ?? [],
    });
  }

  #commitHits(): void {
    this.#endDay();
    const batch = this.#hits;
    if (batch === undefined) return;
    this.#hits = undefined;
    const entry = this.#entry;
    const extended = entry.expiresAt !== this.#expiredAt;
    this.#expiredAt = entry.expiresAt;
    this.#repository.commit({
      request: automaticRequest(this.#source, batch),
      decision: { kind: 'covered', entry, extended },
      evidence: this.#hitAggregator?.take() ?? [],
    });
  }

  /** The day of this time, which becomes the current one. */
  #dayOf(at: Seconds): Day {
    const day = dayOf(at);
    if (this.#day?.day !== day) this.#endDay();
    this.#day ??= { day, hits: 0, at, penalty: this.#penaltyAt(at) };
    return this.#day;
  }

  #penaltyAt(at: Seconds): Seconds {
    if (!isPersistent(this.#entry, at, this.#policy)) return 0;
    return currentPenalty(this.#entry, this.#policy);
  }

  #endDay(): void {
    const day = this.#day;
    if (day === undefined) return;
    this.#day = undefined;
    this.#entry = hitEntry(this.#entry, day.hits, day.at, this.#policy);
  }
}

/** The active entry that lasts longest; of equals, the longest match. */
export function longestActive(supernets: readonly OpenEntry[], at: Seconds): OpenEntry | undefined {
  if (supernets.length > 1) return longestOf(supernets, at);
  const [only] = supernets;
  return only?.isActive(at) ? only : undefined;
}

function longestOf(supernets: readonly OpenEntry[], at: Seconds): OpenEntry | undefined {
  return longestLasting(supernets.filter((open) => open.isActive(at)));
}

export function isNarrower(
  { entry }: Pick<OpenEntry, 'entry'>,
  { prefix }: { readonly prefix: Prefix },
): boolean {
  return entry.prefix.length > prefix.length;
}

/** Whether it is the network's own entry: for others, what was judged goes on waiting. */
export function isOf(
  { entry }: Pick<OpenEntry, 'entry'>,
  { prefix }: { readonly prefix: Prefix },
): boolean {
  return entry.prefix.length === prefix.length;
}

/** Whether an active entry contains the whole network. */
export function isCovered(
  network: { readonly prefix: Prefix },
  supernets: readonly OpenEntry[],
  at: Seconds,
): boolean {
  return supernets.some((open) => open.isActive(at) && !isNarrower(open, network));
}
