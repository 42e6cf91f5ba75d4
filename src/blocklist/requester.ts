import { comparePrefixes, contains, hostPrefix, type Prefix } from '../net/prefix.ts';
import { decide } from './decide.ts';
import { type Entry, isActive, type Seconds } from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import { EventFacts } from './event-facts.ts';
import { EvidenceAggregator } from './evidence-aggregator.ts';
import { automaticRequest, type EvidenceSource, originOf } from './evidence-source.ts';
import { entryBefore, isByLog } from './fold.ts';
import type { Offence } from './offence.ts';
import type { OffenderNetwork, OffenderNetworks } from './offender-networks.ts';
import { isNarrower, isOf, OpenEntry } from './open-entry.ts';
import { widestPrefix } from './policy.ts';
import type { ProtectedSpace } from './protect.ts';
import type { Window } from './window.ts';

/** Has the offences in a window decided as one request, and commits the decision. */
export class Requester {
  readonly #repository: EntryRepository;
  readonly #space: ProtectedSpace;
  readonly #source: EvidenceSource;
  readonly #networks: OffenderNetworks;

  constructor(
    repository: EntryRepository,
    space: ProtectedSpace,
    source: EvidenceSource,
    networks: OffenderNetworks,
  ) {
    this.#repository = repository;
    this.#space = space;
    this.#source = source;
    this.#networks = networks;
  }

  /** A request for the address alone, or for an expired entry around it no wider than the network. */
  requestAlone(
    network: OffenderNetwork,
    window: Window,
    eligible: readonly OpenEntry[],
    latest: Offence,
    at: Seconds,
    now: Seconds,
  ): void {
    const near = eligible.filter(({ entry }) => entry.prefix.length >= network.prefix.length);
    const points = window.pointsOf(latest.address);
    this.request(network, window, near, latest, at, now, hostPrefix(latest.address), points);
  }

  /**
   * @param from the offences from this prefix are the evidence
   * @param alone the points of the offender, if it is to be blocked alone
   */
  request(
    network: OffenderNetwork,
    window: Window,
    eligible: readonly OpenEntry[],
    latest: Offence,
    at: Seconds,
    now: Seconds,
    from: Prefix,
    alone?: number,
  ): void {
    for (const open of eligible) open.commit();
    const { policy } = network;
    const { points, firstAt = at } = window;
    const isFull = alone === undefined && points >= policy.offence.points;
    const offender = latest.address;
    // What is read of entries from here on would be kept as it was before the decision.
    const asksRules = policy.rules?.mayDecide(latest.kind) ?? false;
    const around = asksRules ? this.#networks.supernets(network, offender) : undefined;
    const inner = isFull ? this.#subnetsBefore(network, firstAt, at) : NO_SUBNETS;
    const hits = window.countFrom(from);
    const event = around && this.#factsOf(network, latest, at, window, around, inner.before);
    const asked = {
      ...automaticRequest(this.#source, { offender, at, hits }, alone ?? points),
      ...(alone === undefined ? {} : { prefix: from }),
      ...(event === undefined ? {} : { event }),
    };
    // Entries that are active or not eligible have no say here, and the offender is not protected.
    const own = [...eligible.map(({ entry }) => entry), ...inner.before];
    const widest = widestPrefix(offender, policy);
    const mayWiden =
      this.#source === 'log' && alone === undefined && widest.length < network.prefix.length;
    const entries = mayWiden ? this.#entriesAround(widest, own) : own;
    const all = decide(entries, this.#space, asked, policy, now);
    // Offences count for the network also while a narrower entry is active, and then hit that: they
    // are not counted there once more.
    const isWithin = all.kind !== 'refused' && isNarrower(all, network) && !window.isTrusted;
    const isHit = isWithin ? isHitBy(network, [...own, ...inner.now]) : undefined;
    const request = isHit ? { ...asked, hits: window.countFrom(from, isHit) } : asked;
    const decision = isHit ? decide(entries, this.#space, request, policy, now) : all;
    const aggregator = new EvidenceAggregator();
    window.addTo(aggregator, from, isHit);
    const isActivated = decision.kind === 'new' || decision.kind === 'reactivated';
    if (isActivated && this.#source === 'log' && !latest.kind.isWitness) {
      const { windowSeconds } = policy.offence;
      this.#networks.spentOf(network).activated(window.moments, at, windowSeconds);
    }
    // While only narrower entries are active, the offences still count for the network.
    if (from === network.prefix) window.clear();
    else if (isActivated && decision.entry.prefix.length <= network.prefix.length) {
      window.remove(from);
    }
    // If a rule chose the length of one of them, it is not folded but made anew.
    const folded = isActivated
      ? inner.folded.filter((one) => comparePrefixes(one.prefix, decision.entry.prefix) !== 0)
      : [];
    this.#repository.commit({ request, decision, evidence: aggregator.take(), folded });
    if (decision.kind === 'refused') return;
    const { entry } = decision;
    const open = eligible.find((other) => comparePrefixes(other.entry.prefix, entry.prefix) === 0);
    if (open === undefined && alone === undefined && !isOf(decision, network)) {
      // A rule chose the length: it contains other networks, or only a part of this one.
      this.#networks.reread();
      return;
    }
    if (open !== undefined) open.activated(entry, aggregator);
    else {
      const added = new OpenEntry(entry, this.#repository, policy, this.#source, aggregator);
      this.#networks.add(network, added);
    }
  }

  /**
   * What rules may ask about the latest offence.
   * @param around the entries that contain the offender
   * @param before those within the network, as they were before
   */
  #factsOf(
    network: OffenderNetwork,
    latest: Offence,
    at: Seconds,
    window: Window,
    around: readonly OpenEntry[],
    before: readonly Entry[],
  ): EventFacts {
    const others = around.filter(
      ({ entry: { prefix } }) => before.length === 0 || prefix.length <= network.prefix.length,
    );
    const within = before.filter(({ prefix }) => contains(prefix, latest.address));
    const entries = [...others, ...within];
    return new EventFacts(originOf(this.#source), () => entries).of(latest, at, window);
  }

  /** The entries that contain this wider prefix, and those within it; those given are as given. */
  #entriesAround(widest: Prefix, given: readonly Entry[]): readonly Entry[] {
    this.#networks.reread();
    const around = [...this.#repository.supernets(widest), ...this.#repository.subnets(widest)];
    const others = around.filter((entry) =>
      given.every((own) => comparePrefixes(own.prefix, entry.prefix) !== 0),
    );
    return [...given, ...others];
  }

  /**
   * The entries within the network as they were before this time, and those among them whose
   * activations since then were made by offences that count for the network.
   */
  #subnetsBefore(network: OffenderNetwork, since: Seconds, until: Seconds): Subnets {
    const folded: Entry[] = [];
    const current = this.#networks.takeSubnets(network);
    const before = current.map((entry) => {
      if ((entry.activatedAt ?? 0) < since) return entry;
      const history = this.#repository.activations(entry.prefix);
      const past = entryBefore(entry, history, since);
      if (isByLog(history, since, until)) folded.push(past);
      return past;
    });
    return { now: current, before, folded };
  }
}

/** Entries within a network. */
interface Subnets {
  readonly now: readonly Entry[];
  readonly before: readonly Entry[];
  readonly folded: readonly Entry[];
}

const NO_SUBNETS: Subnets = { now: [], before: [], folded: [] };

/** Whether an offence hit one of the entries, within the network, while it was active. */
function isHitBy(
  network: OffenderNetwork,
  entries: readonly Entry[],
): (offence: Offence) => boolean {
  const within = entries.filter((entry) => isNarrower({ entry }, network));
  return ({ address, at }) =>
    within.some((entry) => isActive(entry, at) && contains(entry.prefix, address));
}
