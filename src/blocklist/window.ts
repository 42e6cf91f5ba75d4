import { type Address, compareAddresses } from '../net/address.ts';
import { contains, type Prefix } from '../net/prefix.ts';
import { Distinct, type DistinctCounts } from './distinct.ts';
import type { Seconds } from './entry.ts';
import type { EvidenceAggregator } from './evidence-aggregator.ts';
import type { Offence } from './offence.ts';
import {
  isProbe,
  MAX_PROBES,
  type ProbingHost,
  probePoints,
  scanPoints,
  UNKNOWN_PORT,
} from './probe.ts';
import { keyOfAddress } from './trust.ts';

/** Whether an offence is left out. */
type IsLeftOut = (offence: Offence) => boolean;

const NOTHING_LEFT_OUT: IsLeftOut = () => false;

/** Offences of one kind from one address in one second; probes of one port within the window. */
interface Moment extends Offence {
  points: number;
  count: number;
  port: number | undefined;
  key: number | undefined;
  /** How long it counts. */
  readonly windowSeconds: number;
}

/**
 * The offences of one prefix, each of which counts for `windowSeconds`, which rules may set. Time may
 * go back a little; if it goes back by a window or more, another log begins, and later offences are
 * dropped. Invariant: in order of time, distinct, none over before the latest.
 */
export class Window {
  #moments: Moment[] = [];
  /** Whether all addresses of the prefix are of one host: a probe then counts for all of it. */
  readonly #isOneHost: boolean;
  /** Its offences hit no entry while the address was trusted. */
  readonly isTrusted: boolean;
  /** Of all that are no probes. */
  #points = 0;
  #probes = 0;
  #probePoints = 0;
  /** Of the hosts that tried many ports. */
  #scanPoints = 0;
  /** By address; undefined until there is one. */
  #hosts: Map<number | string, ProbingHost> | undefined;
  /** Whether not all count for the same time. */
  #isUneven = false;
  /** The latest time at which one ends. */
  #endsAt = Number.NEGATIVE_INFINITY;
  /** Undefined until it is asked for. */
  #distinct: Distinct | undefined;

  constructor(isOneHost = false, isTrusted = false) {
    this.#isOneHost = isOneHost;
    this.isTrusted = isTrusted;
  }

  /** The points of all offences in the window that count for the prefix. */
  get points(): number {
    return this.#isOneHost ? this.#points + this.#probePoints : this.widePoints;
  }

  /** The points of all that count for what is wider than the prefix. */
  get widePoints(): number {
    return this.#points + this.#scanPoints;
  }

  /** It has offences that count for their address alone. */
  get hasProbes(): boolean {
    return this.#probes > 0 && !this.#isOneHost;
  }

  /** The points of all offences in the window from this address. */
  pointsOf(address: Address): number {
    return sumOf(this.#moments.filter((moment) => isSame(moment.address, address)));
  }

  /** The number of offences in the window from this prefix, without those left out. */
  countFrom(prefix: Prefix, isLeftOut = NOTHING_LEFT_OUT): number {
    const own = this.#moments.filter(
      (moment) => contains(prefix, moment.address) && !isLeftOut(moment),
    );
    return own.reduce((sum, { count }) => sum + count, 0);
  }

  /** In order of time. */
  get moments(): readonly Offence[] {
    return this.#moments;
  }

  /** Undefined if the window is empty. */
  get firstAt(): Seconds | undefined {
    return this.#moments[0]?.at;
  }

  /** Undefined if the window is empty. */
  get latestAt(): Seconds | undefined {
    return this.#moments[this.#moments.length - 1]?.at;
  }

  /** Keeps a copy. @param at the time of the offence, or now if that is in the future */
  add(offence: Offence, at: Seconds, windowSeconds: number): void {
    const { address, points, count, port, user, kind, key, isJudged } = offence;
    const moment: Moment = {
      at,
      address,
      points,
      count,
      port,
      user,
      kind,
      key,
      isJudged,
      windowSeconds,
    };
    if (isProbe(moment) && !isJudged) moment.points = probePoints(moment, undefined);
    if (this.#moments.length === 0 || this.#endsAt <= at) {
      // The usual case: the only offence in its window.
      this.#moments = [moment];
      this.#isUneven = false;
      this.#count();
      return;
    }
    this.#isUneven ||= this.#moments[0]?.windowSeconds !== windowSeconds;
    this.#endsAt = Math.max(this.#endsAt, at + windowSeconds);
    if (isProbe(moment)) this.#addProbe(moment);
    else {
      this.#points += moment.points;
      this.#insert(moment);
    }
    this.#keep(at, true);
    this.#keep(this.latestAt ?? at, false);
  }

  /** A copy with one more. */
  with(offence: Offence, at: Seconds, windowSeconds: number): Window {
    const copy = new Window(this.#isOneHost);
    for (const one of this.#moments) copy.add(one, one.at, one.windowSeconds);
    copy.add(offence, at, windowSeconds);
    return copy;
  }

  /** How many there are in the window that ends at this time, and this one together. */
  distinctWith(offence: Offence, at: Seconds): DistinctCounts {
    this.#distinct ??= new Distinct(this.#moments);
    // What is over is not dropped before something is added.
    const over = this.#over(at, false);
    for (const moment of over) this.#distinct.remove(moment);
    const counts = this.#distinct.with(offence);
    for (const moment of over) this.#distinct.add(moment);
    return counts;
  }

  /** Adds the offences from this prefix to the aggregator, without those left out. */
  addTo(aggregator: EvidenceAggregator, prefix: Prefix, isLeftOut = NOTHING_LEFT_OUT): void {
    for (const moment of this.#moments) {
      if (!contains(prefix, moment.address) || isLeftOut(moment)) continue;
      aggregator.add(moment, moment.at);
    }
  }

  clear(): void {
    this.#moments = [];
    this.#count();
  }

  /** Removes the offences from this prefix. */
  remove(prefix: Prefix): void {
    this.#drop(this.#moments.filter(({ address }) => contains(prefix, address)));
  }

  /** A port counts once: further connections to it are added to the first. */
  #addProbe(moment: Moment): void {
    const before = this.#moments.find(
      (other) =>
        isProbe(other) &&
        other.kind.message === moment.kind.message &&
        (this.#isOneHost || isSame(other.address, moment.address)),
    );
    if (before === undefined) {
      if (this.#probes === MAX_PROBES) this.#drop(this.#moments.filter(isProbe).slice(0, 1));
      this.#countProbe(moment, moment.points, true);
      this.#insert(moment);
      return;
    }
    const points = probePoints(moment, before);
    this.#countProbe(moment, points - before.points, false);
    before.points = points;
    before.count += moment.count;
    before.port = moment.port;
  }

  #countProbe({ address, kind }: Moment, points: number, isNew: boolean): void {
    if (isNew) this.#probes++;
    this.#probePoints += points;
    const key = this.#isOneHost ? 0 : keyOfAddress(address);
    this.#hosts ??= new Map();
    const before = this.#hosts.get(key) ?? { ports: 0, points: 0 };
    const isPort = isNew && kind.message !== UNKNOWN_PORT;
    const host = { ports: before.ports + Number(isPort), points: before.points + points };
    this.#hosts.set(key, host);
    this.#scanPoints += scanPoints(host) - scanPoints(before);
  }

  /** Equal moments are merged. */
  #insert(moment: Moment): void {
    let index = this.#moments.length;
    for (; index > 0; index--) {
      const before = this.#moments[index - 1];
      if (before === undefined || before.at < moment.at) break;
      if (isAlike(before, moment)) {
        moment.points += before.points;
        moment.count += before.count;
        moment.key = leastOf(moment.key, before.key);
        this.#moments[index - 1] = moment;
        return;
      }
    }
    this.#moments.splice(index, 0, moment);
    this.#distinct?.add(moment);
  }

  /**
   * Drops the offences that are over at this time.
   * @param dropsLater those that are their window or more after it too
   */
  #keep(now: Seconds, dropsLater: boolean): void {
    const over = this.#over(now, dropsLater);
    if (over.length > 0) this.#drop(over);
  }

  #drop(dropped: readonly Moment[]): void {
    const [all, distinct] = [new Set(dropped), this.#distinct];
    this.#moments = this.#moments.filter((moment) => !all.has(moment));
    this.#count();
    for (const moment of dropped) distinct?.remove(moment);
    this.#distinct = distinct;
  }

  /** @param isLaterOver those that are their window or more after this time are over too */
  #over(now: Seconds, isLaterOver: boolean): readonly Moment[] {
    const first = this.#moments[0];
    const last = this.#moments.at(-1);
    if (first === undefined || last === undefined) return NONE;
    const isOver = ({ at, windowSeconds }: Moment) =>
      at <= now - windowSeconds || (isLaterOver && at >= now + windowSeconds);
    // In order of time: the usual case is that none is over.
    if (!this.#isUneven && !isOver(first) && !isOver(last)) return NONE;
    return this.#moments.filter(isOver);
  }

  #count(): void {
    this.#points = 0;
    this.#probes = 0;
    this.#probePoints = 0;
    this.#scanPoints = 0;
    this.#hosts = undefined;
    this.#endsAt = Number.NEGATIVE_INFINITY;
    this.#distinct = undefined;
    for (const moment of this.#moments) {
      if (isProbe(moment)) this.#countProbe(moment, moment.points, true);
      else this.#points += moment.points;
      this.#endsAt = Math.max(this.#endsAt, moment.at + moment.windowSeconds);
    }
  }
}

const NONE: readonly Moment[] = [];

/** The same on each machine that knows both events. */
function leastOf(p: number | undefined, q: number | undefined): number | undefined {
  return p === undefined || q === undefined ? undefined : Math.min(p, q);
}

function isAlike(p: Moment, q: Moment): boolean {
  return p.at === q.at && p.kind === q.kind && p.user === q.user && isSame(p.address, q.address);
}

function isSame(p: Address, q: Address): boolean {
  return compareAddresses(p, q) === 0;
}

function sumOf(offences: readonly Pick<Offence, 'points'>[]): number {
  return offences.reduce((sum, { points }) => sum + points, 0);
}
