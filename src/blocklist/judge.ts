import { isEligible, pointsNeeded } from './eligible.ts';
import type { Seconds } from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import { EventFacts } from './event-facts.ts';
import { type EvidenceSource, originOf } from './evidence-source.ts';
import type { Offence } from './offence.ts';
import { type OffenderNetwork, OffenderNetworks } from './offender-networks.ts';
import { isCovered, isNarrower, isOf, longestActive, type OpenEntry } from './open-entry.ts';
import { type PolicyFor, windowOf } from './policy.ts';
import type { PolicyRules } from './policy-rules.ts';
import type { ProtectedSpace } from './protect.ts';
import { Requester } from './requester.ts';
import { type Spared, SparedAddresses } from './spared.ts';
import { isExcused } from './trust.ts';
import type { Window } from './window.ts';

export interface JudgeSummary {
  /** The number of offences, including spared ones. */
  readonly offences: number;
  /** How many of them came from an address that was blocked then. */
  readonly hits: number;
  readonly spared: readonly Spared[];
  /** Offences that have not led to a block, and may do so with more within the window. */
  readonly pending: readonly Offence[];
  /** Offences that led to an activation, and its first hits; for a login that comes later. */
  readonly spent: readonly Offence[];
}

/**
 * Turns offences into requests and decides them: an offence against an active entry is a hit, one
 * before the latest activation is evidence, and a prefix whose points within the window reach the
 * policy's is blocked. A trusted address has points of its own, and loses its trust with them.
 * Offences come roughly in order of time. Memory is bounded by the number of prefixes that offended
 * since the last settle(), with at most 256 rows of evidence each, and of protected addresses that
 * offended.
 */
export class Judge {
  readonly #clock: () => Seconds;
  readonly #source: EvidenceSource;
  readonly #isLive: boolean;
  readonly #networks: OffenderNetworks;
  readonly #requester: Requester;
  readonly #spared = new SparedAddresses();
  readonly #facts: EventFacts;
  #offences = 0;
  #hits = 0;
  #now: Seconds;
  /** The time of the latest offence since the last settle(). */
  #latestAt = Number.NEGATIVE_INFINITY;

  /**
   * @param space what is always protected; logins come from the repository
   * @param isLive a login is known from its time on; by default all are
   */
  constructor(
    repository: EntryRepository,
    space: ProtectedSpace,
    policyFor: PolicyFor,
    clock: () => Seconds,
    source: EvidenceSource = 'log',
    isLive = false,
  ) {
    this.#clock = clock;
    this.#source = source;
    this.#isLive = isLive;
    this.#networks = new OffenderNetworks(repository, space, policyFor, source);
    this.#requester = new Requester(repository, space, source, this.#networks);
    this.#facts = new EventFacts(originOf(source), (address) =>
      this.#networks.supernets(this.#networks.at(address), address),
    );
    this.#now = clock();
  }

  /** One object may be reused for all offences: none is kept. */
  offendAll(offences: Iterable<Offence>): void {
    for (const offence of offences) this.offend(offence);
  }

  offend(reported: Offence): void {
    const at = this.#timeOf(reported);
    const network = this.#networks.at(reported.address);
    const { rules } = network.policy;
    const offence = rules === undefined ? reported : this.#counted(network, rules, reported, at);
    if (offence === undefined) return;
    this.#offences += offence.count;
    this.#latestAt = Math.max(this.#latestAt, at);
    const protection = this.#networks.protection(network, offence.address);
    if (protection !== undefined) {
      this.#spared.add(offence, protection.reason);
      return;
    }
    if (!network.isClear) {
      const now = this.#isLive ? at : this.#now;
      const logins = this.#networks.trustedLogins(network, offence.address, at, now);
      if (logins.length > 0) {
        this.#offendTrusted(network, offence, at, !isExcused(offence.user, logins, at));
        return;
      }
    }
    const supernets = this.#networks.supernets(network, offence.address);
    const active = longestActive(supernets, at);
    const isNew = !offence.isJudged;
    if (active !== undefined) {
      if (isNew) this.#hits += offence.count;
      const isWhole = !isNarrower(active, network);
      if (isNew || isOf(active, network)) active.hit(offence, at);
      else if (isWhole) network.window.add(offence, at, windowOf(offence.kind, network.policy));
      if (isWhole && isNew) this.#keepHit(network, active, offence, at);
      if (isWhole || isCovered(network, supernets, at)) return;
    }
    this.#offendUncovered(network, supernets, active, offence, at);
  }

  /** The offence as the rules of the policy count it; they were applied to one that was judged. */
  #counted(
    network: OffenderNetwork,
    rules: PolicyRules,
    offence: Offence,
    at: Seconds,
  ): Offence | undefined {
    if (offence.isJudged || !rules.mayChange(offence.kind)) return offence;
    return rules.counted(offence, this.#facts.of(offence, at, network.window));
  }

  /**
   * An offence while no active entry contains the whole network. Not a part of offend(), which is
   * called for each line and allocates nothing for most.
   */
  #offendUncovered(
    network: OffenderNetwork,
    supernets: readonly OpenEntry[],
    active: OpenEntry | undefined,
    offence: Offence,
    at: Seconds,
  ): void {
    const isNew = !offence.isJudged;
    const eligible =
      supernets.length === 0
        ? supernets
        : supernets.filter((open) => this.#isEligible(open, network));
    const later =
      active === undefined
        ? eligible.find(({ entry }) => (entry.activatedAt ?? at) > at)
        : undefined;
    if (later !== undefined) {
      const isWhole = !isNarrower(later, network);
      if (isNew || isOf(later, network)) later.recall(offence, at);
      else if (isWhole) network.window.add(offence, at, windowOf(offence.kind, network.policy));
      if (isWhole) return;
    }
    const isKnown = (active ?? later) !== undefined;
    if (offence.kind.isWitness) {
      if (!isKnown) this.#bringBackProven(network, eligible, offence, at);
    } else if (this.#source === 'log')
      this.#count(network, eligible, offence, at, isKnown || !isNew);
    else if (!isKnown && eligible.length > 0) this.#bringBack(network, eligible, offence, at);
  }

  /**
   * Commits what was collected, and drops what was read from the repository, so that changes by
   * others are seen. To be called at the end of a log, and now and then while following one.
   */
  settle(): void {
    this.#networks.settle(this.#latestAt);
    this.#latestAt = Number.NEGATIVE_INFINITY;
  }

  /** Settles, returns a summary, and starts over. */
  finish(): JudgeSummary {
    const spent = this.#networks.takeSpent();
    this.settle();
    const [offences, hits] = [this.#offences, this.#hits];
    [this.#offences, this.#hits] = [0, 0];
    const pending = this.#networks.takePending();
    return { offences, hits, spared: this.#spared.take(), pending, spent };
  }

  /** A time in the future counts as now. */
  #timeOf({ at }: Offence): Seconds {
    if (at > this.#now) this.#now = this.#clock();
    return Math.min(at, this.#now);
  }

  #isEligible({ entry }: OpenEntry, { prefix, policy }: OffenderNetwork): boolean {
    return isEligible(entry, prefix, this.#source === 'pf', policy);
  }

  /** An offence from a trusted address. A packet proves nothing, as its source can be forged. */
  #offendTrusted(network: OffenderNetwork, offence: Offence, at: Seconds, counts: boolean): void {
    if (offence.isJudged === undefined) this.#spared.add(offence, 'login');
    if (!counts || this.#source !== 'log' || offence.kind.isWitness) return;
    const window = this.#networks.trustedWindow(network, offence.address);
    window.add(offence, at, windowOf(offence.kind, network.policy));
    if (window.pointsOf(offence.address) < network.policy.trust.points) return;
    // They count after all.
    for (const one of window.moments) {
      if (one.isJudged === undefined) this.#spared.remove(one, 'login');
    }
    this.#networks.distrust(network, offence.address, at);
    this.#blockTrusted(network, window, offence, at);
  }

  /** Keeps a hit that comes within the window of the activation. */
  #keepHit(network: OffenderNetwork, active: OpenEntry, offence: Offence, at: Seconds): void {
    const { windowSeconds } = network.policy.offence;
    const { activatedAt = at } = active.entry;
    if (this.#source !== 'log' || offence.kind.isWitness) return;
    if (at >= activatedAt + windowSeconds) return;
    this.#networks.spentOf(network).hit(offence, at, activatedAt, windowSeconds);
  }

  /** The offences of an address that lost its trust by them count as one at this time. */
  #blockTrusted(network: OffenderNetwork, window: Window, offence: Offence, at: Seconds): void {
    const supernets = this.#networks.supernets(network, offence.address);
    const eligible = supernets.filter((open) => this.#isEligible(open, network));
    const active = longestActive(supernets, at);
    const known = active ?? eligible.find(({ entry }) => (entry.activatedAt ?? at) > at);
    for (const moment of window.moments) {
      if (active === undefined) known?.recall(moment, at);
      else {
        active.hit(moment, at);
        this.#keepHit(network, active, moment, moment.at);
      }
    }
    if (known !== undefined) {
      if (!isNarrower(known, network) || isCovered(network, supernets, at)) return;
    }
    const wide = eligible.filter((open) => !isNarrower(open, network));
    if (window.points >= network.policy.trust.points) {
      this.#requester.request(network, window, wide, offence, at, this.#now, network.prefix);
    } else if (known === undefined)
      this.#requester.requestAlone(network, window, eligible, offence, at, this.#now);
  }

  /**
   * An offence that no active entry of the network contains; a request if it reaches the points.
   * @param isKnown it was counted elsewhere, and only counts for the network
   */
  #count(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
    isKnown: boolean,
  ): void {
    const { window, policy } = network;
    window.add(offence, at, windowOf(offence.kind, policy));
    if (window.points >= policy.offence.points) {
      const isFull = window.widePoints >= policy.offence.points;
      const wide = eligible.filter((p) => isOf(p, network) || (isFull && !isNarrower(p, network)));
      this.#requester.request(network, window, wide, offence, at, this.#now, network.prefix);
      return;
    }
    if (isKnown) return;
    const pointsFor = ({ entry: { prefix } }: OpenEntry) =>
      prefix.length < network.prefix.length ? window.widePoints : window.points;
    const widest = eligible.find((open) => pointsFor(open) >= pointsNeeded(open.entry, policy));
    if (widest === undefined) {
      if (window.hasProbes) this.#countAlone(network, eligible, offence, at);
      return;
    }
    const { prefix } = isNarrower(widest, network) ? widest.entry : network;
    this.#requester.request(network, window, eligible, offence, at, this.#now, prefix);
  }

  /** A packet from an expired entry. */
  #bringBack(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
  ): void {
    const { window, prefix } = network;
    window.add(offence, at, windowOf(offence.kind, network.policy));
    this.#requester.request(network, window, eligible, offence, at, this.#now, prefix);
  }

  /** A witness brings back what offended before, no wider than the network, with what was pending. */
  #bringBackProven(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
  ): void {
    const widest = eligible.find(
      ({ entry }) => entry.activations > 0 && entry.prefix.length >= network.prefix.length,
    );
    if (widest === undefined) return;
    const window = network.window.with(offence, at, windowOf(offence.kind, network.policy));
    if (isOf(widest, network)) network.window.clear();
    const [from, points] = [widest.entry.prefix, offence.points];
    this.#requester.request(network, window, [widest], offence, at, this.#now, from, points);
  }

  /** A request for the address of the offence alone, if it reaches the points. */
  #countAlone(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
  ): void {
    const points = network.window.pointsOf(offence.address);
    const near = eligible.filter(({ entry }) => entry.prefix.length >= network.prefix.length);
    const isEnough = ({ entry }: OpenEntry) => points >= pointsNeeded(entry, network.policy);
    if (points < network.policy.offence.points && !near.some(isEnough)) return;
    this.#requester.requestAlone(network, network.window, near, offence, at, this.#now);
  }
}
