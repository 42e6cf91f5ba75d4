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

/** An automatic prefix in which somebody offended. */
export interface OffenderNetwork {
  readonly prefix: Prefix;
  /** The whole of it or, where something in it is protected, what offended beside that. */
  parts: Part[];
  /** The part that is the whole of it, once there is one. */
  whole: Part | undefined;
  /** The logins in it, and whether nothing in it is protected; undefined until asked for. */
  logins: readonly Login[] | undefined;
  clear: boolean;
  /** What is protected while so many of its logins are trusted; undefined until asked for. */
  space: ProtectedSpace | undefined;
  trusted: number;
}

/** What one request asks for. */
export interface Part {
  readonly prefix: Prefix;
  /** The entries that cover it, the widest first; undefined until asked for. */
  supernets: OpenEntry[] | undefined;
  readonly window: Window;
}

/** The networks where somebody offended, with what the repository says of them. */
export class OffenderNetworks {
  readonly #repository: EntryRepository;
  readonly #space: ProtectedSpace;
  readonly #policy: Policy;
  readonly #source: EvidenceSource;
  // A map that is emptied still holds in V8 what was in it, and so does each after it, until all
  // repository is looked through; so each time begins with new ones.
  #networks = new Map<number | string, OffenderNetwork>();
  #open = new Map<number | string, OpenEntry>();
  /** The network that was asked for last, and for whom: whoever offends mostly goes on. */
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

  /** The part of the network around the offender; where the offender is protected, by what. */
  part(network: OffenderNetwork, offender: Address, at: Seconds): Part | Protection {
    if (network.logins === undefined) {
      network.logins = this.#repository.loginsWithin(network.prefix);
      network.clear =
        network.logins.length === 0 && this.#space.overlapping(network.prefix) === undefined;
    }
    if (network.clear) {
      // Parts that are left from when something in the network was protected are longer matches.
      network.whole ??= partOf(network, network.prefix);
      return network.whole;
    }
    const prefix = this.spaceOf(network, at).narrow(offender, network.prefix.length);
    if ('reason' in prefix) return prefix;
    return partOf(network, prefix);
  }

  /** What is protected at the time, with the logins in this network. */
  spaceOf(network: OffenderNetwork, at: Seconds): ProtectedSpace {
    const { logins = NO_LOGINS } = network;
    if (logins.length === 0) return this.#space;
    // Which logins are trusted depends on the time alone, so that as many are the same ones.
    let trusted = 0;
    for (const login of logins) if (isTrusted(login, at, this.#policy)) trusted++;
    if (network.space === undefined || network.trusted !== trusted) {
      network.space = this.#space.plus(loginProtections(logins, at, this.#policy));
      network.trusted = trusted;
    }
    return network.space;
  }

  /** The entries that cover the part, the widest first. */
  supernets(part: Part): readonly OpenEntry[] {
    part.supernets ??= this.#opened(this.#repository.supernets(part.prefix));
    return part.supernets;
  }

  /** These entries, open, the widest first. */
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

  /** An entry is new in the network; it contains none of any other, which are beside it. */
  add(network: OffenderNetwork, open: OpenEntry): void {
    const { prefix } = open.entry;
    this.#open.set(keyOf(prefix), open);
    for (const part of network.parts) {
      if (part.supernets === undefined || !containsPrefix(prefix, part.prefix)) continue;
      part.supernets.push(open);
      if (part.supernets.length > 1) part.supernets.sort(byWidth);
    }
  }

  /** What is in the windows once all is settled; nothing is left in them. */
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
   * Carries out what was gathered and forgets what the repository said. Windows that are over at this
   * time are dropped, and the networks without one.
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

/** The part of the network with this prefix, new if there is none. */
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

/** A number wherever there can be one, as it is made and found sooner than a text. */
function keyOf({ family, a, b, c, d, length }: Prefix): number | string {
  return family === 4 ? a * 64 + length : `${a}:${b}:${c}:${d}/${length}`;
}
