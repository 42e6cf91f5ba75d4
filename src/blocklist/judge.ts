import type { Address } from '../net/address.ts';
import { comparePrefixes } from '../net/prefix.ts';
import { decide, isEligible, pointsNeeded } from './decide.ts';
import { laterExpiry, type Seconds } from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import { EvidenceAggregator } from './evidence-aggregator.ts';
import { automaticRequest, type EvidenceSource } from './evidence-source.ts';
import type { Offence } from './offence.ts';
import { type OffenderNetwork, OffenderNetworks } from './offender-networks.ts';
import { OpenEntry } from './open-entry.ts';
import type { Policy } from './policy.ts';
import type { ProtectedSpace } from './protect.ts';
import { type Spared, SparedAddresses } from './spared.ts';

export interface JudgeSummary {
  /** The number of offences, including spared ones. */
  readonly offences: number;
  readonly spared: readonly Spared[];
  /** Offences that have not led to a block, and may do so with more within the window. */
  readonly pending: readonly Offence[];
}

/**
 * Turns offences into requests and decides them: an offence against an active entry is a hit, one
 * before the latest activation is evidence, and a prefix whose points within the window reach the
 * policy's is blocked. Offences come roughly in order of time. Memory is bounded by the number of
 * prefixes that offended since the last settle(), with at most 256 rows of evidence each, and of
 * protected addresses that offended.
 */
export class Judge {
  readonly #repository: EntryRepository;
  readonly #space: ProtectedSpace;
  readonly #policy: Policy;
  readonly #clock: () => Seconds;
  readonly #source: EvidenceSource;
  readonly #networks: OffenderNetworks;
  readonly #spared = new SparedAddresses();
  #offences = 0;
  #now: Seconds;
  /** The time of the latest offence since the last settle(). */
  #latestAt = Number.NEGATIVE_INFINITY;

  /** @param space what is always protected; logins come from the repository */
  constructor(
    repository: EntryRepository,
    space: ProtectedSpace,
    policy: Policy,
    clock: () => Seconds,
    source: EvidenceSource = 'log',
  ) {
    this.#repository = repository;
    this.#space = space;
    this.#policy = policy;
    this.#clock = clock;
    this.#source = source;
    this.#networks = new OffenderNetworks(repository, space, policy, source);
    this.#now = clock();
  }

  /** One object may be reused for all offences: none is kept. */
  offendAll(offences: Iterable<Offence>): void {
    for (const offence of offences) this.offend(offence);
  }

  offend(offence: Offence): void {
    const at = this.#timeOf(offence);
    this.#offences += offence.count;
    this.#latestAt = Math.max(this.#latestAt, at);
    const network = this.#networks.at(offence.address);
    const protection = this.#networks.protection(network, offence.address, at);
    if (protection !== undefined) {
      this.#spared.add(offence, protection.reason);
      return;
    }
    const supernets = this.#networks.supernets(network);
    const active = longestLasting(supernets, at);
    if (active !== undefined) {
      active.hit(offence, at);
      return;
    }
    const eligible =
      supernets.length === 0
        ? supernets
        : supernets.filter((open) => this.#isEligible(open, network));
    const later = eligible.find(({ entry }) => (entry.activatedAt ?? at) > at);
    if (later !== undefined) later.recall(offence, at);
    else if (this.#source === 'log') this.#count(network, eligible, offence, at);
    else if (eligible.length > 0) this.#bringBack(network, eligible, offence, at);
  }

  /**
   * Commits what was collected, and drops what was read from the repository, so that changes by
   * others are seen. To be called at the end of a log, and now and then while following one.
   */
  settle(): void {
    this.#networks.settle(this.#latestAt - this.#policy.offence.windowSeconds);
    this.#latestAt = Number.NEGATIVE_INFINITY;
  }

  /** Settles, returns a summary, and starts over. */
  finish(): JudgeSummary {
    this.settle();
    const offences = this.#offences;
    this.#offences = 0;
    return { offences, spared: this.#spared.take(), pending: this.#networks.takePending() };
  }

  /** A time in the future counts as now. */
  #timeOf({ at }: Offence): Seconds {
    if (at > this.#now) this.#now = this.#clock();
    return Math.min(at, this.#now);
  }

  #isEligible({ entry }: OpenEntry, { prefix }: OffenderNetwork): boolean {
    return isEligible(entry, prefix, this.#source === 'pf', this.#policy);
  }

  /** An offence that no active entry contains; a request if it reaches the points. */
  #count(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
  ): void {
    const { offence: limit } = this.#policy;
    const { window } = network;
    window.add(offence, at, limit.windowSeconds);
    const { points } = window;
    const proven = eligible.filter(({ entry }) => points >= pointsNeeded(entry, this.#policy));
    if (proven.length === 0 && points < limit.points) return;
    this.#request(network, proven, offence.address, at);
  }

  /** A packet from an expired entry. */
  #bringBack(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
  ): void {
    network.window.add(offence, at, this.#policy.offence.windowSeconds);
    this.#request(network, eligible, offence.address, at);
  }

  #request(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offender: Address,
    at: Seconds,
  ): void {
    const { window } = network;
    for (const open of eligible) open.commit();
    const request = automaticRequest(this.#source, { offender, at, hits: window.count });
    // Entries that are active or not eligible have no say here, and the offender is not protected.
    const entries = eligible.map(({ entry }) => entry);
    const decision = decide(entries, this.#space, request, this.#policy, this.#now);
    const aggregator = new EvidenceAggregator();
    window.emptyInto(aggregator);
    this.#repository.commit({ request, decision, evidence: aggregator.take() });
    if (decision.kind === 'refused') return;
    const { entry } = decision;
    const open = eligible.find((other) => comparePrefixes(other.entry.prefix, entry.prefix) === 0);
    if (open !== undefined) open.activated(entry, aggregator);
    else {
      const added = new OpenEntry(entry, this.#repository, this.#policy, this.#source, aggregator);
      this.#networks.add(network, added);
    }
  }
}

/** The active entry that lasts longest; of equals, the longest match. */
function longestLasting(supernets: readonly OpenEntry[], at: Seconds): OpenEntry | undefined {
  // There is usually one, and a loop would cost more than the check.
  const only = supernets[0];
  if (supernets.length < 2) return only?.isActive(at) ? only : undefined;
  let best: OpenEntry | undefined;
  for (const open of supernets) {
    if (!open.isActive(at)) continue;
    if (best === undefined || laterExpiry(best.expiresAt, open.expiresAt) === open.expiresAt) {
      best = open;
    }
  }
  return best;
}
