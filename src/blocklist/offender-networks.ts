import { type Address, compareAddresses } from '../net/address.ts';
import { embeddedIn } from '../net/embedded.ts';
import { contains, hostPrefix, type Prefix } from '../net/prefix.ts';
import type { Entry, Seconds } from './entry.ts';
import type { EntryRepository } from './entry-repository.ts';
import type { EvidenceSource } from './evidence-source.ts';
import { loginsAround } from './logins-around.ts';
import type { Offence } from './offence.ts';
import { isOneHost } from './one-host.ts';
import { OpenEntry } from './open-entry.ts';
import { automaticPrefix, longestWindow, type Policy, type PolicyFor } from './policy.ts';
import type { ProtectedSpace } from './protect.ts';
import type { Protection } from './request.ts';
import { SpentOffences } from './spent.ts';
import { keyOfAddress, type Login, trustedLogins } from './trust.ts';
import { Window } from './window.ts';

/** An automatic prefix with offences. */
export interface OffenderNetwork {
  readonly prefix: Prefix;
  readonly policy: Policy;
  readonly window: Window;
  /** The entries that contain it, the widest first; undefined until they are read. */
  supernets: OpenEntry[] | undefined;
  /** Whether it contains narrower entries; undefined until they are looked for. */
  hasSubnets: boolean | undefined;
  /** The narrower entries that contain an address, by address; undefined until some are read. */
  narrower: Map<number | string, readonly OpenEntry[]> | undefined;
  /** The logins in it, and whether nothing in it is protected; undefined until they are read. */
  logins: readonly Login[] | undefined;
  isClear: boolean;
  /** The windows of trusted addresses, by address; undefined until there is one. */
  trusted: Map<number | string, Window> | undefined;
  /** What led to its latest activation; undefined until there is one. */
  spent: SpentOffences | undefined;
}

/** The networks with offences, and their entries and logins. */
export class OffenderNetworks {
  readonly #repository: EntryRepository;
  readonly #space: ProtectedSpace;
  readonly #policyFor: PolicyFor;
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
    policyFor: PolicyFor,
    source: EvidenceSource,
  ) {
    this.#repository = repository;
    this.#space = space;
    this.#policyFor = policyFor;
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
    const policy = this.#policyFor(address);
    const prefix = this.#source === 'pf' ? hostPrefix(address) : automaticPrefix(address, policy);
    const key = keyOf(prefix);
    const known = this.#networks.get(key);
    if (known !== undefined) return known;
    const network: OffenderNetwork = {
      prefix,
      policy,
      window: new Window(isOneHost(address, policy)),
      supernets: undefined,
      hasSubnets: undefined,
      narrower: undefined,
      logins: undefined,
      isClear: false,
      trusted: undefined,
      spent: undefined,
    };
    this.#networks.set(key, network);
    return network;
  }

  /** What protects an offender in the network, apart from trust. */
  protection(network: OffenderNetwork, offender: Address): Protection | undefined {
    this.#loginsIn(network);
    return network.isClear ? undefined : this.#space.containing(hostPrefix(offender));
  }

  /** The logins that make an offender in the network trusted at this time: none if it is not. */
  trustedLogins(
    network: OffenderNetwork,
    offender: Address,
    at: Seconds,
    now: Seconds,
  ): readonly Login[] {
    const logins = this.#loginsIn(network);
    if (logins.length === 0) return logins;
    const names = namesOf(offender, network);
    const own = logins.filter(({ address }) => names.some((name) => isSame(name, address)));
    if (own.length === 0) return own;
    const entries = this.supernets(network, offender).map(({ entry, expiresAt }) => ({
      activatedAt: entry.activatedAt,
      expiresAt,
    }));
    return trustedLogins(own, entries, at, now, network.policy);
  }

  /** The window of a trusted address. */
  trustedWindow(network: OffenderNetwork, address: Address): Window {
    network.trusted ??= new Map();
    const key = keyOfAddress(address);
    const known = network.trusted.get(key);
    if (known !== undefined) return known;
    const window = new Window(false, true);
    network.trusted.set(key, window);
    return window;
  }

  spentOf(network: OffenderNetwork): SpentOffences {
    network.spent ??= new SpentOffences(network.policy.trust.points);
    return network.spent;
  }

  /** Removes and returns what led to activations. To be called before settle(). */
  takeSpent(): readonly Offence[] {
    const spent: Offence[] = [];
    for (const network of this.#networks.values()) {
      for (const offence of network.spent?.take() ?? NOTHING) spent.push(offence);
    }
    return spent;
  }

  /** The address loses its trust at this time. */
  distrust(network: OffenderNetwork, address: Address, at: Seconds): void {
    const names = namesOf(address, network);
    for (const name of names) this.#repository.distrust(name, at);
    network.trusted?.delete(keyOfAddress(address));
    network.logins = network.logins?.map((login) =>
      names.some((name) => isSame(name, login.address))
        ? { ...login, lost: Math.max(at, login.lost ?? at) }
        : login,
    );
  }

  #loginsIn(network: OffenderNetwork): readonly Login[] {
    return network.logins ?? this.#readLogins(network);
  }

  /** Not a part of the above, which is called for each offence: a closure is allocated on entry. */
  #readLogins(network: OffenderNetwork): readonly Login[] {
    network.logins = loginsAround(
      (prefix) => this.#repository.loginsWithin(prefix),
      network.prefix,
      network.policy.auto.nat64,
    );
    network.isClear =
      network.logins.length === 0 && this.#space.overlapping(network.prefix) === undefined;
    return network.logins;
  }

  /** The entries that contain an address of the network, the widest first. */
  supernets(network: OffenderNetwork, address: Address): readonly OpenEntry[] {
    network.supernets ??= this.#opened(network, this.#repository.supernets(network.prefix));
    network.hasSubnets ??= this.#repository.subnets(network.prefix).length > 0;
    // Most networks have no narrower entries.
    if (!network.hasSubnets) return network.supernets;
    return [...network.supernets, ...this.#narrower(network, address)];
  }

  #narrower(network: OffenderNetwork, address: Address): readonly OpenEntry[] {
    const host = hostPrefix(address);
    const key = keyOf(host);
    network.narrower ??= new Map();
    const known = network.narrower.get(key);
    if (known !== undefined) return known;
    const found = this.#repository.supernets(host);
    const narrower = this.#opened(
      network,
      found.filter(({ prefix }) => prefix.length > network.prefix.length),
    );
    network.narrower.set(key, narrower);
    return narrower;
  }

  /** Commits and returns the entries within the network, to be read again after they change. */
  takeSubnets(network: OffenderNetwork): readonly Entry[] {
    if (!network.hasSubnets) return NO_ENTRIES;
    // More than the narrower ones that were read: one may be new.
    for (const { prefix } of this.#repository.subnets(network.prefix)) {
      const key = keyOf(prefix);
      this.#open.get(key)?.commit();
      this.#open.delete(key);
    }
    network.narrower = undefined;
    return this.#repository.subnets(network.prefix);
  }

  /** Opens the entries, the widest first. */
  #opened({ policy }: OffenderNetwork, entries: readonly Entry[]): OpenEntry[] {
    const supernets: OpenEntry[] = [];
    for (const entry of entries) {
      const key = keyOf(entry.prefix);
      let open = this.#open.get(key);
      if (open === undefined) {
        open = new OpenEntry(entry, this.#repository, policy, this.#source);
        this.#open.set(key, open);
      }
      supernets.push(open);
    }
    return supernets.length > 1 ? supernets.toSorted(byWidth) : supernets;
  }

  /** Adds a new entry of the network, or of an address in it. */
  add(network: OffenderNetwork, open: OpenEntry): void {
    const { prefix } = open.entry;
    this.#open.set(keyOf(prefix), open);
    if (prefix.length <= network.prefix.length) network.supernets?.push(open);
    else {
      network.hasSubnets = true;
      network.narrower?.delete(keyOf(prefix));
    }
  }

  /** Removes and returns what is in the windows. To be called after settle(). */
  takePending(): readonly Offence[] {
    if (this.#networks.size === 0) return NOTHING;
    const pending: Offence[] = [];
    for (const { window, trusted } of this.#networks.values()) {
      for (const moment of window.moments) pending.push(moment);
      for (const { moments } of trusted?.values() ?? []) {
        // Nobody else is told of what comes from a trusted address.
        for (const moment of moments) pending.push({ ...moment, key: undefined });
      }
    }
    this.#networks = new Map();
    return pending;
  }

  /** Commits what was collected, and reads entries from the repository again. */
  reread(): void {
    if (this.#open.size > 0) {
      for (const open of this.#open.values()) open.commit();
      this.#open = new Map();
    }
    for (const network of this.#networks.values()) {
      network.supernets = undefined;
      network.hasSubnets = undefined;
      network.narrower = undefined;
    }
  }

  /**
   * Commits what was collected and drops what was read from the repository. Networks whose window is
   * over at this time are dropped.
   */
  settle(at: Seconds): void {
    this.reread();
    this.#last = undefined;
    this.#lastAddress = undefined;
    const networks = new Map<number | string, OffenderNetwork>();
    for (const [key, network] of this.#networks) {
      network.logins = undefined;
      if (latestOf(network) > at - longestWindow(network.policy)) networks.set(key, network);
    }
    this.#networks = networks;
  }
}

/** The address, and the one that it embeds. */
function namesOf(address: Address, { policy }: OffenderNetwork): readonly Address[] {
  const embedded = embeddedIn(address, policy.auto.nat64);
  return embedded === undefined ? [address] : [address, embedded.address];
}

const NOTHING: readonly Offence[] = [];
const NO_ENTRIES: readonly Entry[] = [];

/** The time of the latest offence in the windows of the network. */
function latestOf({ window, trusted }: OffenderNetwork): Seconds {
  let latest = window.latestAt ?? Number.NEGATIVE_INFINITY;
  for (const { latestAt = latest } of trusted?.values() ?? []) latest = Math.max(latest, latestAt);
  return latest;
}

function isSame(p: Address, q: Address): boolean {
  return compareAddresses(p, q) === 0;
}

function byWidth(p: OpenEntry, q: OpenEntry): number {
  return p.entry.prefix.length - q.entry.prefix.length;
}

/** A number if possible, which is faster than a text. */
function keyOf({ family, a, b, c, d, length }: Prefix): number | string {
  return family === 4 ? a * 64 + length : `${a}:${b}:${c}:${d}/${length}`;
}
