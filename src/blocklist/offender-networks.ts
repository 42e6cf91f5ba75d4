import type { Address } from '../net/address.ts';
import {
  comparePrefixes,
  contains,
  containsPrefix,
  type Prefix,
  prefixAround,
} from '../net/prefix.ts';
import type { Entry, Seconds } from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import type { EvidenceSource } from './evidence-source.ts';
import type { Offence } from './offence.ts';
import { OpenEntry } from './open-entry.ts';
import type { Policy } from './policy.ts';
import { isTrusted, type Login, loginProtections, type ProtectedSpace } from './protect.ts';
import type { Protection } from './request.ts';
import { Window } from './window.ts';

/** An automatic prefix with offences. */
export interface OffenderNetwork {
  readonly prefix: Prefix;
  /** The whole network or, if something in it is protected, the parts beside that. */
  parts: Part[];
  /** The part that is the whole network, if there is one. */
  whole: Part | undefined;
  /** The logins in it, and whether nothing in it is protected; undefined until needed. */
  logins: readonly Login[] | undefined;
  clear: boolean;
  /** What is protected while `trusted` of its logins are; undefined until needed. */
  space: ProtectedSpace | undefined;
  trusted: number;
}

/** The prefix of a possible request. */
export interface Part {
  readonly prefix: Prefix;
  /** The entries that contain it, the widest first; undefined until needed. */
  supernets: OpenEntry[] | undefined;
  readonly window: Window;
}

/** The networks with offences, and their entries and logins. */
export class OffenderNetworks {
  readonly #repository: EntryRepository;
  readonly #space: ProtectedSpace;
  readonly #policy: Policy;
  readonly #source: EvidenceSource;
  // New maps each time: in V8 a cleared map keeps its old content reachable until a full garbage
  // collection.
  #networks = new Map<number | string, OffenderNetwork>();
  #open = new Map<number | string, OpenEntry>();
  /** The last network and address: offences often repeat. */
  #last: OffenderNetwork | undefined;
  #lastAddress: Address | undefined;

  constructor(
    repository: EntryRepository,
    space: ProtectedSpace,
    policy: Policy,
    source: EvidenceSource,
  ) {
    this.#repository = repository;
    this.#space = space;
    this.#policy = policy;
    this.#source = source;
  }

  at(address: Address): OffenderNetwork {
    if (
      this.#last === undefined ||
      (this.#lastAddress !== address && !contains(this.#last.prefix, address))
    ) {
      this.#last = this.#find(address);
    }
    this.#lastAddress = address;
    return this.#last;
  }

  #find(address: Address): OffenderNetwork {
    const { length4, length6 } = this.#policy.auto;
    const length = address.family === 4 ? length4 : length6;
    const prefix = prefixAround(address, length);
    const key = keyOf(prefix);
    const known = this.#networks.get(key);
    if (known !== undefined) return known;
    const network: OffenderNetwork = {
      prefix,
      parts: [],
      whole: undefined,
      logins: undefined,
      clear: false,
      space: undefined,
      trusted: 0,
    };
    this.#networks.set(key, network);
    return network;
  }

  /** The part of the network around the offender, or what protects the offender. */
  part(network: OffenderNetwork, offender: Address, at: Seconds): Part | Protection {
    if (network.logins === undefined) {
      network.logins = this.#repository.loginsWithin(network.prefix);
      network.clear =
        network.logins.length === 0 && this.#space.overlapping(network.prefix) === undefined;
    }
    if (network.clear) {
      // Parts from when something in the network was protected are longer.
      network.whole ??= partOf(network, network.prefix);
      return network.whole;
    }
    const prefix = this.spaceOf(network, at).narrow(offender, network.prefix.length);
    if ('reason' in prefix) return prefix;
    return partOf(network, prefix);
  }

  /** What is protected at the time, including the logins in this network. */
  spaceOf(network: OffenderNetwork, at: Seconds): ProtectedSpace {
    const { logins = NO_LOGINS } = network;
    if (logins.length === 0) return this.#space;
    // Which logins are trusted depends on the time alone: an equal number means the same logins.
    let trusted = 0;
    for (const login of logins) if (isTrusted(login, at, this.#policy)) trusted++;
    if (network.space === undefined || network.trusted !== trusted) {
      network.space = this.#space.plus(loginProtections(logins, at, this.#policy));
      network.trusted = trusted;
    }
    return network.space;
  }

  /** The entries that contain the part, the widest first. */
  supernets(part: Part): readonly OpenEntry[] {
    part.supernets ??= this.#opened(this.#repository.supernets(part.prefix));
    return part.supernets;
  }

  /** Opens the entries, the widest first. */
  #opened(entries: readonly Entry[]): OpenEntry[] {
    const supernets: OpenEntry[] = [];
    for (const entry of entries) {
      const key = keyOf(entry.prefix);
      let open = this.#open.get(key);
      if (open === undefined) {
        open = new OpenEntry(entry, this.#repository, this.#policy, this.#source);
        this.#open.set(key, open);
      }
      supernets.push(open);
    }
    return supernets.length > 1 ? supernets.toSorted(byWidth) : supernets;
  }

  /** Adds a new entry of the network. */
  add(network: OffenderNetwork, open: OpenEntry): void {
    const { prefix } = open.entry;
    this.#open.set(keyOf(prefix), open);
    for (const part of network.parts) {
      if (part.supernets === undefined || !containsPrefix(prefix, part.prefix)) continue;
      part.supernets.push(open);
      if (part.supernets.length > 1) part.supernets.sort(byWidth);
    }
  }

  /** Removes and returns what is in the windows. To be called after settle(). */
  takePending(): readonly Offence[] {
    if (this.#networks.size === 0) return NOTHING;
    const pending: Offence[] = [];
    for (const network of this.#networks.values()) {
      for (const { window } of network.parts) {
        for (const moment of window.moments) pending.push(moment);
      }
    }
    this.#networks = new Map();
    return pending;
  }

  /**
   * Commits what was collected and drops what was read from the repository. Windows that are over at
   * this time are dropped, and networks without one.
   */
  settle(windowsOverAt: Seconds): void {
    if (this.#open.size > 0) {
      for (const open of this.#open.values()) open.commit();
      this.#open = new Map();
    }
    this.#last = undefined;
    this.#lastAddress = undefined;
    const networks = new Map<number | string, OffenderNetwork>();
    for (const [key, network] of this.#networks) {
      const live: Part[] = [];
      for (const part of network.parts) {
        const { latestAt = windowsOverAt } = part.window;
        if (latestAt > windowsOverAt) live.push(part);
        part.supernets = undefined;
      }
      network.parts = live;
      if (live.length > 0) networks.set(key, network);
      network.whole = undefined;
      network.logins = undefined;
      network.space = undefined;
    }
    this.#networks = networks;
  }
}

const NO_LOGINS: readonly Login[] = [];
const NOTHING: readonly Offence[] = [];

/** The part with this prefix, created if necessary. */
function partOf(network: OffenderNetwork, prefix: Prefix): Part {
  for (const known of network.parts) {
    if (comparePrefixes(known.prefix, prefix) === 0) return known;
  }
  const part = { prefix, supernets: undefined, window: new Window() };
  network.parts.push(part);
  return part;
}

function byWidth(p: OpenEntry, q: OpenEntry): number {
  return p.entry.prefix.length - q.entry.prefix.length;
}

/** A number if possible, which is faster than a text. */
function keyOf({ family, a, b, c, d, length }: Prefix): number | string {
  return family === 4 ? a * 64 + length : `${a}:${b}:${c}:${d}/${length}`;
}
