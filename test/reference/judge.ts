import { decide } from '../../src/blocklist/decide.ts';
import { type Entry, isActive } from '../../src/blocklist/entry.ts';
import type { Evidence } from '../../src/blocklist/evidence.ts';
import type { Offence } from '../../src/blocklist/offence.ts';
import { DAY_SECONDS, type Policy } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { AutomaticRequest, Decision, Protection } from '../../src/blocklist/request.ts';
import type { Login } from '../../src/blocklist/trust.ts';
import { type Address, compareAddresses } from '../../src/net/address.ts';
import {
  comparePrefixes,
  containsPrefix,
  hostPrefix,
  type Prefix,
  prefixAround,
} from '../../src/net/prefix.ts';
import { automaticLength } from './decide.ts';

export interface SlowVerdict {
  readonly request: AutomaticRequest;
  readonly decision: Exclude<Decision, { kind: 'refused' }>;
  readonly evidence: readonly Offence[];
}

interface SlowWindow {
  readonly prefix: Prefix;
  readonly who: Address | undefined;
  offences: Offence[];
}

/** Judges one offence after the other, each with all there is to know, and gathers nothing. */
export class SlowJudge {
  entries: Entry[];
  readonly verdicts: SlowVerdict[] = [];
  spared: Offence[] = [];
  readonly #start: readonly Entry[];
  #versions: Entry[];
  readonly losses: { readonly address: Address; readonly at: number }[] = [];
  /** Of a network, and of each trusted address in it. */
  #windows: SlowWindow[] = [];
  #latestAt = Number.NEGATIVE_INFINITY;
  readonly #logins: readonly Login[];
  readonly #protections: readonly Protection[];
  readonly #policy: Policy;
  readonly #now: number;

  constructor(
    entries: readonly Entry[],
    logins: readonly Login[],
    protections: readonly Protection[],
    policy: Policy,
    now: number,
  ) {
    this.entries = [...entries];
    this.#start = entries;
    this.#versions = [...entries];
    this.#logins = logins;
    this.#protections = protections;
    this.#policy = policy;
    this.#now = now;
  }

  offend(given: Offence): void {
    const policy = this.#policy;
    const at = Math.min(given.at, this.#now);
    const offence = { ...given, at };
    this.#latestAt = Math.max(this.#latestAt, at);
    const protections = this.#protections;
    const host = hostPrefix(offence.address);
    if (protections.some((one) => containsPrefix(one.prefix, host))) {
      this.spared.push(offence);
      return;
    }
    const prefix = prefixAround(offence.address, automaticLength(offence.address, policy));
    const isNarrower = (entry: Entry) => entry.prefix.length > prefix.length;
    const supernets = this.entries.filter((entry) => containsPrefix(entry.prefix, host));
    const containing = this.entries.filter((entry) => containsPrefix(entry.prefix, host));
    const trustedBy = this.#trustedBy(offence.address, containing, at);
    const isExcused = trustedBy.some(({ user, first }) => user === offence.user && first <= at);
    const isWitness = offence.kind.isWitness === true;
    if (trustedBy.length > 0 && (isWitness || (isExcused && offence.user !== undefined))) {
      this.spared.push(offence);
      return;
    }
    const eligible = supernets.filter(
      ({ prefix: wider, origin, by, byAdmin, endedAt }) =>
        wider.length >= prefix.length ||
        (endedAt === undefined &&
          origin !== 'bogon' &&
          (byAdmin || (by === '' && (origin === 'manual' || origin === 'import'))) &&
          wider.length >=
            (wider.family === 4 ? policy.reactivate.widest4 : policy.reactivate.widest6)),
    );
    const active = supernets.filter((entry) => isActive(entry, at));
    const later = eligible.filter(
      ({ activatedAt }) => activatedAt !== undefined && activatedAt > at,
    );
    const isTrusted = trustedBy.length > 0;
    if (isWitness) {
      this.#see(offence, supernets, active.length > 0 ? active : later, eligible, protections);
      return;
    }
    const window = this.#windowOf(prefix, isTrusted ? offence.address : undefined);
    if (isTrusted) {
      this.#addTo(window, offence);
      if (ownSum(window.offences) < policy.trust.points) {
        this.spared.push(offence);
        return;
      }
      this.losses.push({ address: offence.address, at });
      const counted = new Set(window.offences.flatMap(partsOf));
      this.spared = this.spared.filter((one) => !counted.has(one));
    }
    // A hit on what is active, or evidence where an activation came later. That of a narrower entry
    // does not keep the offence from counting for the prefix.
    const known = active.length > 0 ? active : later;
    const told = isTrusted ? window.offences.map((one) => ({ ...one, at })) : [offence];
    if (known.length > 0) this.#commit(supernets, told, offence, protections, 0);
    if (known.some((entry) => !isNarrower(entry))) {
      if (isTrusted) window.offences = [];
      return;
    }

    if (isTrusted && sumOf(window.offences) < policy.trust.points) {
      const own = window.offences;
      window.offences = [];
      if (known.length > 0) return;
      const near = eligible.filter((entry) => entry.prefix.length >= prefix.length);
      this.#commit(near, own, offence, protections, ownSum(own), host);
      return;
    }
    // All addresses of an IPv6 network are one host's.
    const isOneHost = prefix.family === 6;
    const widePoints = isTrusted ? sumOf(window.offences) : this.#addTo(window, offence, isOneHost);
    const points = isTrusted || !isOneHost ? widePoints : ownSum(window.offences);

    if (points >= policy.offence.points) {
      const firstAt = Math.min(...window.offences.map((o) => o.at));
      const isProven = widePoints >= policy.offence.points;
      const wide = supernets.filter(
        (entry) => !isNarrower(entry) && (isProven || entry.prefix.length === prefix.length),
      );
      const inner = this.entries.filter(
        (entry) => isNarrower(entry) && containsPrefix(prefix, entry.prefix),
      );
      const before = inner.map((entry) => this.#before(entry, firstAt));
      const kind = this.#commit(
        [...wide, ...before],
        window.offences,
        offence,
        protections,
        points,
      );
      window.offences = [];
      if (kind === 'evidence') return;
      for (const [index, entry] of inner.entries()) {
        if (this.#isMadeByLog(entry, firstAt, at)) this.#put(before[index]!);
      }
      return;
    }
    if (known.length > 0) return;
    // One offence is enough up to /16 (IPv6: /32).
    const isProven = ({ activations, prefix: { length } }: Entry) =>
      activations >= 1 && length >= (host.family === 4 ? 16 : 32);
    const proven = eligible.filter(
      (entry) =>
        isProven(entry) &&
        (entry.prefix.length < prefix.length ? widePoints : points) >= policy.reactivate.points,
    );
    if (proven.length === 0) {
      // A probe counts for its address, which is blocked alone.
      const own = window.offences.filter((o) => compareAddresses(o.address, offence.address) === 0);
      if (isOneHost || !window.offences.some(isProbe)) return;
      const near = eligible.filter((entry) => entry.prefix.length >= prefix.length);
      const isEnough = ownSum(own) >= policy.reactivate.points && near.some(isProven);
      if (ownSum(own) < policy.offence.points && !isEnough) return;
      this.#commit(near, own, offence, protections, ownSum(own), host, prefix);
      return;
    }
    const widest = proven.toSorted((p, q) => p.prefix.length - q.prefix.length)[0]!;
    if (isNarrower(widest)) {
      const own = window.offences.filter((o) =>
        containsPrefix(widest.prefix, hostPrefix(o.address)),
      );
      this.#commit(eligible, own, offence, protections, points, undefined, prefix);
    } else {
      this.#commit(eligible, window.offences, offence, protections, points);
      window.offences = [];
    }
  }

  /** A witness hits what is known, or brings back what was active before, no wider than the network. */
  #see(
    offence: Offence,
    supernets: readonly Entry[],
    known: readonly Entry[],
    eligible: readonly Entry[],
    protections: readonly Protection[],
  ): void {
    if (known.length > 0) {
      this.#commit(supernets, [offence], offence, protections, 0);
      return;
    }
    const least = automaticLength(offence.address, this.#policy);
    const near = eligible.filter(
      ({ activations, prefix }) => activations > 0 && prefix.length >= least,
    );
    const [widest] = near.toSorted((p, q) => p.prefix.length - q.prefix.length);
    if (widest === undefined) return;
    const network = prefixAround(offence.address, least);
    const window = this.#windowOf(network, undefined);
    const pending = { ...window };
    this.#addTo(pending, offence);
    const within = pending.offences.filter((o) =>
      containsPrefix(widest.prefix, hostPrefix(o.address)),
    );
    if (widest.prefix.length === least) window.offences = [];
    const { points } = offence;
    this.#commit([widest], within, offence, protections, points, widest.prefix, network);
  }

  settle(): void {
    const { windowSeconds } = this.#policy.offence;
    this.#windows = this.#windows.filter(({ prefix }) =>
      this.#windows
        .filter((other) => comparePrefixes(other.prefix, prefix) === 0)
        .some(({ offences }) => offences.some(({ at }) => at > this.#latestAt - windowSeconds)),
    );
    this.#latestAt = Number.NEGATIVE_INFINITY;
  }

  /** The entry before what was activated since; of the entries from the start one version is known. */
  #before(entry: Entry, since: number): Entry {
    const versions = this.#versionsOf(entry);
    const old = versions.findLast(({ activatedAt = 0 }) => activatedAt < since);
    const made = versions.filter(({ activatedAt }) => activatedAt !== undefined);
    const first = made.find(({ activatedAt = 0 }) => activatedAt >= since);
    if (first === undefined) return entry;
    const { hits, firstSeen, lastSeen } = entry;
    const seen = { hits, firstSeen, lastSeen, hitDays: [] };
    if (old !== undefined && old.activations > 0) return { ...old, ...seen };
    if (first.activations === 1) {
      return {
        ...entry,
        ...seen,
        activations: 0,
        activatedAt: undefined,
        expiresAt: 0,
        endedAt: undefined,
      };
    }
    const over = since - 1;
    const activations = first.activations - 1;
    return {
      ...entry,
      ...seen,
      activations,
      activatedAt: over,
      expiresAt: over,
      endedAt: undefined,
    };
  }

  #isMadeByLog(entry: Entry, since: number, until: number): boolean {
    const made = this.#versionsOf(entry).filter(({ activatedAt = -1 }) => activatedAt >= since);
    return (
      made.length > 0 &&
      made.every(
        (version) =>
          (version.activatedAt ?? 0) <= until &&
          (this.#start.includes(version) ? version.origin === 'grok' : true),
      )
    );
  }

  /** The entry as it was made and at each of its activations, oldest first. */
  #versionsOf({ prefix }: Entry): Entry[] {
    return this.#versions.filter((version) => comparePrefixes(version.prefix, prefix) === 0);
  }

  #put(entry: Entry): void {
    this.entries = this.entries.filter((old) => comparePrefixes(old.prefix, entry.prefix) !== 0);
    this.entries.push(entry);
    this.#versions = this.#versions.filter(
      (version) =>
        comparePrefixes(version.prefix, entry.prefix) !== 0 ||
        version.activations <= entry.activations,
    );
  }

  /** The logins by which the address is trusted. */
  #trustedBy(who: Address, entries: readonly Entry[], at: number): readonly Login[] {
    const span = this.#policy.trust.days * DAY_SECONDS;
    const own = this.#logins.filter(({ address }) => compareAddresses(address, who) === 0);
    const losses = [
      ...own.flatMap(({ lost }) => (lost === undefined ? [] : [lost])),
      ...this.losses.filter(({ address }) => compareAddresses(address, who) === 0).map((o) => o.at),
    ];
    const lost = losses.length === 0 ? undefined : Math.max(...losses);
    return own.filter(({ first, last }) => {
      const end = last > this.#now ? first : last;
      if (first > this.#now || at < first - span || at > end + span) return false;
      if (lost === undefined || lost > at) return true;
      const made = entries.filter((entry) => isActive(entry, lost));
      return made.every(
        (entry) => entry.expiresAt !== 'forever' && !isActive(entry, at) && last >= entry.expiresAt,
      );
    });
  }

  #windowOf(prefix: Prefix, who: Address | undefined): SlowWindow {
    const known = this.#windows.find(
      (other) =>
        comparePrefixes(other.prefix, prefix) === 0 &&
        (who === undefined || other.who === undefined
          ? who === other.who
          : compareAddresses(who, other.who) === 0),
    );
    const window = known ?? { prefix, who, offences: [] };
    if (known === undefined) this.#windows.push(window);
    return window;
  }

  /** Returns the points in the window. */
  #addTo(window: SlowWindow, offence: Offence, isOneHost = false): number {
    const { windowSeconds } = this.#policy.offence;
    const before = window.offences.find(
      (o) =>
        isProbe(o) &&
        isProbe(offence) &&
        o.kind.message === offence.kind.message &&
        (isOneHost || compareAddresses(o.address, offence.address) === 0) &&
        Math.max(...window.offences.map(({ at }) => at)) > offence.at - windowSeconds,
    );
    // A port counts from its first connection.
    const all =
      before === undefined
        ? [...window.offences, offence]
        : window.offences.map((o) => (o === before ? joined(before, offence) : o));
    const near = all.filter((o) => Math.abs(o.at - offence.at) < windowSeconds);
    const latestAt = Math.max(...near.map((o) => o.at));
    window.offences = near.filter((o) => latestAt - o.at < windowSeconds);
    return sumOf(window.offences, isOneHost);
  }

  /** @param network that the offences count for, and hit narrower entries in it before */
  #commit(
    entries: readonly Entry[],
    all: readonly Offence[],
    last: Offence,
    protections: readonly Protection[],
    points: number,
    alone?: Prefix,
    network?: Prefix,
  ): Decision['kind'] {
    const offences = network === undefined ? all : this.#notCounted(all, entries, network);
    const request: AutomaticRequest = {
      kind: 'automatic',
      origin: 'grok',
      offender: last.address,
      at: last.at,
      hits: offences.reduce((sum, { count }) => sum + count, 0),
      points,
      external: false,
      ...(alone === undefined ? {} : { prefix: alone }),
    };
    const space = new ProtectedSpace(protections);
    const decision = decide(entries, space, request, this.#policy, this.#now);
    if (decision.kind === 'refused') throw new Error('refused after it was not spared');
    const { entry, kind } = decision;
    if (network !== undefined && entry.prefix.length <= network.length) {
      // What hit a narrower entry is evidence for the network too.
      return this.#commit(entries, all, last, protections, points, alone);
    }
    this.#put(entry);
    if (kind === 'new' || kind === 'reactivated') this.#versions.push(entry);
    this.verdicts.push({ request, decision, evidence: offences });
    return kind;
  }

  /** Those that did not hit one of these narrower entries while it was active. */
  #notCounted(
    offences: readonly Offence[],
    entries: readonly Entry[],
    network: Prefix,
  ): readonly Offence[] {
    const narrower = entries.filter(({ prefix }) => prefix.length > network.length);
    return offences.filter(({ address, at }) =>
      narrower.every(
        (entry) => !(isActive(entry, at) && containsPrefix(entry.prefix, hostPrefix(address))),
      ),
    );
  }
}

/** Connections to one port as one offence. */
function joined(before: Offence, after: Offence): Offence & { readonly parts: readonly Offence[] } {
  return {
    ...before,
    count: before.count + after.count,
    points: Math.max(before.points, after.points),
    port: after.port,
    parts: [...partsOf(before), after],
  };
}

function partsOf(offence: Offence): readonly Offence[] {
  return (offence as Partial<ReturnType<typeof joined>>).parts ?? [offence];
}

/** The points for the network: of probes, only those of hosts that tried ten ports. */
function sumOf(offences: readonly Offence[], isOneHost = false): number {
  const isScanner = ({ address }: Offence) =>
    offences.filter(
      (o) =>
        isProbe(o) &&
        o.kind.message !== 'tcp' &&
        (isOneHost || compareAddresses(o.address, address) === 0),
    ).length >= 10;
  return ownSum(offences.filter((o) => !isProbe(o) || isScanner(o)));
}

/** The points of all; of a probe without a port, up to ten connections count three each. */
function ownSum(offences: readonly Offence[]): number {
  return offences.reduce(
    (sum, o) =>
      sum + (isProbe(o) && o.kind.message === 'tcp' ? 3 * Math.min(10, o.count) : o.points),
    0,
  );
}

function isProbe({ kind }: Offence): boolean {
  return kind.service === 'probe';
}

/** How many offences each kind of evidence stands for, by its key. */
export function evidenceCounts(
  rows: readonly (Evidence | Offence)[],
  entry: Entry,
  counts: Map<string, number>,
): void {
  for (const row of rows) {
    const key = keyOf(row, entry);
    counts.set(key, (counts.get(key) ?? 0) + row.count);
  }
}

/** The ports of the latest offences of each kind, in the order in which they were recorded. */
export function latestPorts(
  verdicts: readonly {
    readonly decision: Decision;
    readonly evidence: readonly (Evidence | Offence)[];
  }[],
): Map<string, (number | undefined)[]> {
  const latest = new Map<string, number>();
  const ports = new Map<string, (number | undefined)[]>();
  for (const { decision, evidence } of verdicts) {
    if (decision.kind === 'refused') continue;
    for (const row of evidence) {
      const key = keyOf(row, decision.entry);
      const at = 'kind' in row ? row.at : row.lastSeen;
      const known = latest.get(key) ?? Number.NEGATIVE_INFINITY;
      if (at > known) ports.set(key, []);
      if (at >= known) ports.get(key)?.push(row.port);
      latest.set(key, Math.max(at, known));
    }
  }
  return ports;
}

function keyOf(row: Evidence | Offence, { prefix, activations }: Entry): string {
  const { service, message, log, host } = 'kind' in row ? row.kind : row;
  const { a, d, length } = prefix;
  return JSON.stringify([a, d, length, activations, row.address, service, message, log, host]);
}
