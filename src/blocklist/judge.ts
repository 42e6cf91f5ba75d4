import type { Address } from '../net/address.ts';
import { comparePrefixes, hostPrefix, type Prefix } from '../net/prefix.ts';
import { decide } from './decide.ts';
import { isEligible, pointsNeeded } from './eligible.ts';
import type { Entry, Seconds } from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import { EvidenceAggregator } from './evidence-aggregator.ts';
import { automaticRequest, type EvidenceSource } from './evidence-source.ts';
import { entryBefore, isByLog } from './fold.ts';
import type { Offence } from './offence.ts';
import { type OffenderNetwork, OffenderNetworks } from './offender-networks.ts';
import { isNarrower, longestActive, OpenEntry } from './open-entry.ts';
import type { Policy } from './policy.ts';
import type { ProtectedSpace } from './protect.ts';
import { type Spared, SparedAddresses } from './spared.ts';
import { isExcused } from './trust.ts';
import type { Window } from './window.ts';

export interface JudgeSummary {
  /** The number of offences, including spared ones. */
  readonly offences: number;
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
    const protection = this.#networks.protection(network, offence.address);
    if (protection !== undefined) {
      this.#spared.add(offence, protection.reason);
      return;
    }
    if (!network.isClear) {
      const logins = this.#networks.trustedLogins(network, offence.address, at, this.#now);
      if (logins.length > 0) {
        this.#offendTrusted(network, offence, at, !isExcused(offence.user, logins, at));
        return;
      }
    }
    const supernets = this.#networks.supernets(network, offence.address);
    const active = longestActive(supernets, at);
    const isNew = !offence.isJudged;
    if (active !== undefined) {
      const isWhole = !isNarrower(active, network);
      if (isWhole || isNew) active.hit(offence, at);
      if (isWhole && isNew) this.#keepHit(network, active, offence, at);
      if (isWhole || isCovered(network, supernets, at)) return;
    }
    this.#offendUncovered(network, supernets, active, offence, at);
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
      if (isWhole || isNew) later.recall(offence, at);
      if (isWhole) return;
    }
    const isKnown = (active ?? later) !== undefined;
    if (this.#source === 'log') this.#count(network, eligible, offence, at, isKnown || !isNew);
    else if (!isKnown && eligible.length > 0) this.#bringBack(network, eligible, offence, at);
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
    const spent = this.#networks.takeSpent();
    this.settle();
    const offences = this.#offences;
    this.#offences = 0;
    const pending = this.#networks.takePending();
    return { offences, spared: this.#spared.take(), pending, spent };
  }

  /** A time in the future counts as now. */
  #timeOf({ at }: Offence): Seconds {
    if (at > this.#now) this.#now = this.#clock();
    return Math.min(at, this.#now);
  }

  #isEligible({ entry }: OpenEntry, { prefix }: OffenderNetwork): boolean {
    return isEligible(entry, prefix, this.#source === 'pf', this.#policy);
  }

  /** An offence from a trusted address. A packet proves nothing, as its source can be forged. */
  #offendTrusted(network: OffenderNetwork, offence: Offence, at: Seconds, counts: boolean): void {
    if (offence.isJudged === undefined) this.#spared.add(offence, 'login');
    if (!counts || this.#source !== 'log') return;
    const window = this.#networks.trustedWindow(network, offence.address);
    window.add(offence, at, this.#policy.offence.windowSeconds);
    if (window.pointsOf(offence.address) < this.#policy.trust.points) return;
    // They count after all.
    for (const one of window.moments) {
      if (one.isJudged === undefined) this.#spared.remove(one, 'login');
    }
    this.#networks.distrust(network, offence.address, at);
    this.#blockTrusted(network, window, offence, at);
  }

  /** Keeps a hit that comes within the window of the activation. */
  #keepHit(network: OffenderNetwork, active: OpenEntry, offence: Offence, at: Seconds): void {
    const { windowSeconds } = this.#policy.offence;
    const { activatedAt = at } = active.entry;
    if (this.#source !== 'log' || at >= activatedAt + windowSeconds) return;
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
    if (window.points >= this.#policy.trust.points) {
      this.#request(network, window, wide, offence.address, at, network.prefix);
    } else if (known === undefined) this.#requestAlone(network, window, eligible, offence, at);
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
    const { offence: limit } = this.#policy;
    const { window } = network;
    window.add(offence, at, limit.windowSeconds);
    if (window.points >= limit.points) {
      const wide = eligible.filter((open) => !isNarrower(open, network));
      this.#request(network, window, wide, offence.address, at, network.prefix);
      return;
    }
    if (isKnown) return;
    const widest = eligible.find(({ entry }) => window.points >= pointsNeeded(entry, this.#policy));
    if (widest === undefined) {
      if (window.hasProbes) this.#countAlone(network, eligible, offence, at);
      return;
    }
    const { prefix } = isNarrower(widest, network) ? widest.entry : network;
    this.#request(network, window, eligible, offence.address, at, prefix);
  }

  /** A request for the address of the offence alone, if it reaches the points. */
  #countAlone(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
  ): void {
    const { window } = network;
    const points = window.pointsOf(offence.address);
    const near = eligible.filter(({ entry }) => entry.prefix.length >= network.prefix.length);
    const isEnough = ({ entry }: OpenEntry) => points >= pointsNeeded(entry, this.#policy);
    if (points < this.#policy.offence.points && !near.some(isEnough)) return;
    this.#requestAlone(network, window, near, offence, at);
  }

  /** A request for the address alone, or for an expired entry around it no wider than the network. */
  #requestAlone(
    network: OffenderNetwork,
    window: Window,
    eligible: readonly OpenEntry[],
    { address }: Offence,
    at: Seconds,
  ): void {
    const near = eligible.filter(({ entry }) => entry.prefix.length >= network.prefix.length);
    this.#request(network, window, near, address, at, hostPrefix(address), window.pointsOf(address));
  }

  /** A packet from an expired entry. */
  #bringBack(
    network: OffenderNetwork,
    eligible: readonly OpenEntry[],
    offence: Offence,
    at: Seconds,
  ): void {
    network.window.add(offence, at, this.#policy.offence.windowSeconds);
    this.#request(network, network.window, eligible, offence.address, at, network.prefix);
  }

  /**
   * @param from the offences from this prefix are the evidence
   * @param alone the points of the offender, if it is to be blocked alone
   */
  #request(
    network: OffenderNetwork,
    window: Window,
    eligible: readonly OpenEntry[],
    offender: Address,
    at: Seconds,
    from: Prefix,
    alone?: number,
  ): void {
    for (const open of eligible) open.commit();
    const { points, firstAt = at } = window;
    const isFull = alone === undefined && points >= this.#policy.offence.points;
    const inner = isFull ? this.#subnetsBefore(network, firstAt, at) : NO_SUBNETS;
    const hits = window.countFrom(from);
    const request = {
      ...automaticRequest(this.#source, { offender, at, hits }, alone ?? points),
      ...(alone === undefined ? {} : { prefix: from }),
    };
    // Entries that are active or not eligible have no say here, and the offender is not protected.
    const entries = [...eligible.map(({ entry }) => entry), ...inner.before];
    const decision = decide(entries, this.#space, request, this.#policy, this.#now);
    const aggregator = new EvidenceAggregator();
    window.addTo(aggregator, from);
    const isActivated = decision.kind === 'new' || decision.kind === 'reactivated';
    if (isActivated && this.#source === 'log') {
      const { windowSeconds } = this.#policy.offence;
      this.#networks.spentOf(network).activated(window.moments, at, windowSeconds);
    }
    // While only narrower entries are active, the offences go on counting for the network.
    if (from === network.prefix) window.clear();
    const folded = isActivated ? inner.folded : [];
    this.#repository.commit({ request, decision, evidence: aggregator.take(), folded });
    if (decision.kind === 'refused') return;
    const { entry } = decision;
    const open = eligible.find((other) => comparePrefixes(other.entry.prefix, entry.prefix) === 0);
    if (open !== undefined) open.activated(entry, aggregator);
    else {
      const added = new OpenEntry(entry, this.#repository, this.#policy, this.#source, aggregator);
      this.#networks.add(network, added);
    }
  }

  /**
   * The entries within the network as they were before this time, and those among them whose
   * activations since then were made by offences that count for the network.
   */
  #subnetsBefore(network: OffenderNetwork, since: Seconds, until: Seconds): Subnets {
    const folded: Entry[] = [];
    const before = this.#networks.takeSubnets(network).map((entry) => {
      if ((entry.activatedAt ?? 0) < since) return entry;
      const history = this.#repository.activations(entry.prefix);
      const past = entryBefore(entry, history, since);
      if (isByLog(history, since, until)) folded.push(past);
      return past;
    });
    return { before, folded };
  }
}

/** Entries within a network. */
interface Subnets {
  readonly before: readonly Entry[];
  readonly folded: readonly Entry[];
}

const NO_SUBNETS: Subnets = { before: [], folded: [] };

/** Whether an active entry contains the whole network. */
function isCovered(
  network: OffenderNetwork,
  supernets: readonly OpenEntry[],
  at: Seconds,
): boolean {
  return supernets.some((open) => open.isActive(at) && !isNarrower(open, network));
}
