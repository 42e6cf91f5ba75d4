import { type Address, compareAddresses, FAMILY_BITS } from '../net/address.ts';
import { contains, hostPrefix, type Prefix, prefixAround } from '../net/prefix.ts';
import type { Entry, Seconds } from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import type { EvidenceSource } from './evidence-source.ts';
import type { Offence } from './offence.ts';
import { OpenEntry } from './open-entry.ts';
import { automaticLength, type Policy } from './policy.ts';
import { isTrusted, type Login, type ProtectedSpace } from './protect.ts';
import type { Protection } from './request.ts';
import { Window } from './window.ts';

/** An automatic prefix with offences. */
export interface OffenderNetwork {
  readonly prefix: Prefix;
  readonly window: Window;
  /** The entries that contain it, the widest first; undefined until they are read. */
  supernets: OpenEntry[] | undefined;
  /** Whether it contains narrower entries; undefined until they are looked for. */
  hasSubnets: boolean | undefined;
  /** The narrower entries that contain an address, by address. */
  narrower: Map<number | string, readonly OpenEntry[]>;
  /** The logins in it, and whether nothing in it is protected; undefined until they are read. */
  logins: readonly Login[] | undefined;
  isClear: boolean;
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
    const { family } = address;
    const length =
      this.#source === 'pf' ? FAMILY_BITS[family] : automaticLength(family, this.#policy);
    const prefix = prefixAround(address, length);
    const key = keyOf(prefix);
    const known = this.#networks.get(key);
    if (known !== undefined) return known;
    const network: OffenderNetwork = {
      prefix,
      window: new Window(),
      supernets: undefined,
      hasSubnets: undefined,
      narrower: new Map(),
      logins: undefined,
      isClear: false,
    };
    this.#networks.set(key, network);
    return network;
  }

  /** What protects an offender in the network at this time. */
  protection(network: OffenderNetwork, offender: Address, at: Seconds): Protection | undefined {
    if (network.logins === undefined) {
      network.logins = this.#repository.loginsWithin(network.prefix);
      network.isClear =
        network.logins.length === 0 && this.#space.overlapping(network.prefix) === undefined;
    }
    if (network.isClear) return undefined;
    const host = hostPrefix(offender);
    const isLoggedIn = network.logins.some(
      (login) =>
        compareAddresses(login.address, offender) === 0 && isTrusted(login, at, this.#policy),
    );
    return isLoggedIn ? { prefix: host, reason: 'login' } : this.#space.containing(host);
  }

  /** The entries that contain an address of the network, the widest first. */
  supernets(network: OffenderNetwork, address: Address): readonly OpenEntry[] {
    network.supernets ??= this.#opened(this.#repository.supernets(network.prefix));
    network.hasSubnets ??= this.#repository.subnets(network.prefix).length > 0;
    // Most networks have no narrower entries.
    if (!network.hasSubnets) return network.supernets;
    return [...network.supernets, ...this.#narrower(network, address)];
  }

  #narrower(network: OffenderNetwork, address: Address): readonly OpenEntry[] {
    const host = hostPrefix(address);
    const key = keyOf(host);
    const known = network.narrower.get(key);
    if (known !== undefined) return known;
    const found = this.#repository.supernets(host);
    const narrower = this.#opened(
      found.filter(({ prefix }) => prefix.length > network.prefix.length),
    );
    network.narrower.set(key, narrower);
    return narrower;
  }

  /** Commits and returns the entries within the network, to be read again after they change. */
  takeSubnets(network: OffenderNetwork): readonly Entry[] {
    if (!network.hasSubnets) return NO_ENTRIES;
    for (const open of [...network.narrower.values()].flat()) {
      open.commit();
      this.#open.delete(keyOf(open.entry.prefix));
    }
    network.narrower = new Map();
    return this.#repository.subnets(network.prefix);
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
    this.#open.set(keyOf(open.entry.prefix), open);
    network.supernets?.push(open);
  }

  /** Removes and returns what is in the windows. To be called after settle(). */
  takePending(): readonly Offence[] {
    if (this.#networks.size === 0) return NOTHING;
    const pending: Offence[] = [];
    for (const { window } of this.#networks.values()) {
      for (const moment of window.moments) pending.push(moment);
    }
    this.#networks = new Map();
    return pending;
  }

  /**
   * Commits what was collected and drops what was read from the repository. Networks whose window is
   * over at this time are dropped.
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
      network.supernets = undefined;
      network.hasSubnets = undefined;
      if (network.narrower.size > 0) network.narrower = new Map();
      network.logins = undefined;
      const { latestAt = windowsOverAt } = network.window;
      if (latestAt > windowsOverAt) networks.set(key, network);
    }
    this.#networks = networks;
  }
}

const NOTHING: readonly Offence[] = [];
const NO_ENTRIES: readonly Entry[] = [];

function byWidth(p: OpenEntry, q: OpenEntry): number {
  return p.entry.prefix.length - q.entry.prefix.length;
}

/** A number if possible, which is faster than a text. */
function keyOf({ family, a, b, c, d, length }: Prefix): number | string {
  return family === 4 ? a * 64 + length : `${a}:${b}:${c}:${d}/${length}`;
}
