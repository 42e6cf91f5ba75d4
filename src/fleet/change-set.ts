import { type Entry, isActive, type Origin, type Seconds } from '../blocklist/entry.ts';
import { NO_DETAILS } from '../blocklist/evidence.ts';
import type { Policy } from '../blocklist/policy.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { keyOfEvidence, mergeEvidence, onlyEvidence } from '../validation/evidence.ts';
import { Charges } from './charges.ts';
import { Claims } from './claims.ts';
import { FleetOffences } from './fleet-offences.ts';
import type {
  EvidenceCount,
  FleetActivation,
  FleetAllowed,
  FleetChange,
  FleetEntry,
  FleetEvidence,
  FleetSnapshot,
  ReportKey,
} from './fleet-store.ts';
import { withEvidence } from './sent-evidence.ts';

/** Who changed an entry, and why. */
export interface Cause {
  readonly by: string;
  readonly byAdmin: boolean;
  readonly origin: Origin;
  readonly note: string;
}

/** Limits that no report can exceed. */
export interface Bounds {
  /** The server's own addresses and private space; the allow-list comes from the store. */
  readonly protections: readonly Protection[];
  /** Rows of evidence that are kept whole for one activation. */
  readonly maxEvidence: number;
  readonly policy: Pick<Policy, 'limits' | 'auto' | 'offence'>;
}

/**
 * A snapshot and the changes to it while reports are processed one after the other; each sees the
 * effect of those before it. Changes that concern other machines get a number. Mere hits do not:
 * the fleet need not know of each.
 */
export class ChangeSet {
  readonly #at: Seconds;
  readonly #bounds: Bounds;
  #sequence: number;
  #space: ProtectedSpace | undefined;
  readonly #entries = new PrefixMap<FleetEntry>();
  readonly #allowed = new PrefixMap<FleetAllowed>();
  readonly #known = new Set<string>();
  /** The entries and the allow-list entries that changed. */
  readonly #written = new PrefixMap<FleetEntry>();
  readonly #writtenAllowed = new PrefixMap<FleetAllowed>();
  readonly #past: FleetActivation[] = [];
  readonly #evidence = new Map<string, FleetEvidence>();
  /** Evidence of the latest activation of an entry, including what is stored. */
  readonly #evidenceCounts = new PrefixMap<Omit<EvidenceCount, 'prefix'>>();
  readonly #keys: ReportKey[] = [];
  readonly charges: Charges;
  readonly claims: Claims;
  readonly offences: FleetOffences;

  constructor(snapshot: FleetSnapshot, bounds: Bounds, at: Seconds) {
    this.#at = at;
    this.#bounds = bounds;
    this.#sequence = snapshot.sequence;
    this.charges = new Charges(snapshot, bounds.policy.limits.user);
    this.claims = new Claims(snapshot.claims, bounds.policy, at);
    this.offences = new FleetOffences(snapshot.offences, bounds.policy);
    for (const held of snapshot.entries) this.#entries.set(held.entry.prefix, held);
    for (const allowed of snapshot.allowed) this.#allowed.set(allowed.prefix, allowed);
    for (const key of snapshot.keys) this.#known.add(textOfKey(key));
    for (const { prefix, ...counts } of snapshot.evidenceCounts)
      this.#evidenceCounts.set(prefix, counts);
  }

  get space(): ProtectedSpace {
    this.#space ??= new ProtectedSpace([...this.#bounds.protections, ...this.#allowList()]);
    return this.#space;
  }

  get(prefix: Prefix): Entry | undefined {
    const held = this.#entries.get(prefix);
    return held && countedEntry(held);
  }

  /** The stored entry with its latest activation; undefined if it is not active. */
  active(prefix: Prefix): FleetEntry | undefined {
    const held = this.#entries.get(prefix);
    return held && isActive(held.entry, this.#at) ? held : undefined;
  }

  supernets(prefix: Prefix): Entry[] {
    return this.#entries.supernets(prefix).map(({ value }) => countedEntry(value));
  }

  allActive(): Entry[] {
    const all = Array.from(this.#entries.values(), ({ entry }) => entry);
    return all.filter((entry) => isActive(entry, this.#at));
  }

  isKnown(key: ReportKey): boolean {
    return this.#known.has(textOfKey(key));
  }

  addKey(key: ReportKey): void {
    this.#known.add(textOfKey(key));
    this.#keys.push(key);
  }

  /** Replaces an entry that was only hit. */
  hit(entry: Entry): void {
    const held = this.#entries.get(entry.prefix);
    if (held === undefined) throw new Error('there is no entry to hit');
    const { hits, firstSeen, lastSeen, hitDays } = entry;
    this.#put({ ...held, entry: { ...held.entry, hits, firstSeen, lastSeen, hitDays } });
  }

  /** Replaces an entry that was activated, extended, expired or renamed; the change gets a number. */
  update(entry: Entry, cause: Cause): void {
    const held = this.#entries.get(entry.prefix);
    const sequence = ++this.#sequence;
    if (held !== undefined && countedEntry(held).activations === entry.activations) {
      this.#put({ ...held, entry, sequence, activation: this.#updated(held, entry, cause) });
      return;
    }
    if (held !== undefined && !held.isWithdrawn) this.#past.push(held.activation);
    this.#evidenceCounts.set(entry.prefix, NO_EVIDENCE);
    const { prefix, activations: number, activatedAt: at = this.#at, expiresAt: until } = entry;
    const { origin, note, by, byAdmin } = cause;
    const made = { origin, note, by, byAdmin };
    const activation = { prefix, number, at, until, endedAt: undefined, ...made };
    this.#put({
      entry,
      sequence,
      activatedSequence: sequence,
      activation,
      latestEvidence: [],
      isShared: false,
      isWithdrawn: false,
    });
  }

  /**
   * Withdraws the latest activation of the entry if this user's log made it and nobody else reported
   * evidence for it. Returns the entry, or undefined if it is unchanged.
   */
  withdraw(prefix: Prefix, by: string): Entry | undefined {
    const held = this.#entries.get(prefix);
    if (held === undefined || held.isWithdrawn || held.isShared) return undefined;
    const { entry, activation } = held;
    if (activation.by !== by || activation.origin !== 'grok') return undefined;
    const endedAt = activation.endedAt ?? this.#at;
    const expiresAt = isActive(entry, this.#at) ? this.#at : entry.expiresAt;
    const withdrawn: FleetEntry = {
      ...held,
      entry: { ...entry, expiresAt, endedAt },
      sequence: ++this.#sequence,
      activation: { ...activation, endedAt },
      isWithdrawn: true,
    };
    this.#put(withdrawn);
    return countedEntry(withdrawn);
  }

  /**
   * Adds evidence for the latest activation of an entry. Beyond the bound only who reported, and how
   * often, is kept, so that nobody fills the disk.
   */
  addEvidence(reported: FleetEvidence): void {
    const { prefix, activation, by, kind } = reported;
    const { count } = this.#evidenceCounts.get(prefix) ?? NO_EVIDENCE;
    const evidence =
      count < this.#bounds.maxEvidence
        ? reported
        : { ...reported, ...NO_DETAILS, address: undefined };
    const owner = [formatPrefix(prefix), activation, by, kind];
    const key = JSON.stringify([...owner, keyOfEvidence(evidence)]);
    const same = this.#evidence.get(key);
    this.#evidence.set(key, same === undefined ? evidence : mergeEvidence(same, evidence));
    this.#evidenceCounts.set(prefix, { count: same === undefined ? count + 1 : count });
    const held = this.#entries.get(prefix);
    if (held === undefined) return;
    const isShared = held.isShared || by !== held.activation.by;
    const { latestEvidence: sent } = held;
    const latestEvidence = kind === 'offence' ? withEvidence(sent, onlyEvidence(evidence)) : sent;
    const isSame = isShared === held.isShared && latestEvidence === sent;
    if (!isSame) this.#put({ ...held, isShared, latestEvidence });
  }

  /** Returns whether that changed the allow-list. */
  allow(prefix: Prefix, removed: boolean, note: string, by: string): boolean {
    const held = this.#allowed.get(prefix);
    const isRemoved = held === undefined || held.removed;
    if (isRemoved === removed && (removed || held?.note === note)) return false;
    const sequence = ++this.#sequence;
    const allowed = { prefix, sequence, removed, note, by, at: this.#at };
    this.#allowed.set(prefix, allowed);
    this.#writtenAllowed.set(prefix, allowed);
    this.#space = undefined;
    return true;
  }

  change(): FleetChange {
    return {
      sequence: this.#sequence,
      at: this.#at,
      entries: [...this.#written.values()],
      allowed: [...this.#writtenAllowed.values()],
      past: this.#past,
      evidence: [...this.#evidence.values()],
      keys: this.#keys,
      usage: this.charges.usage(),
      claims: this.claims.written(),
      offences: this.offences.added,
      takenBack: this.offences.takenBack,
      forgetsTo: this.#at - this.#bounds.policy.offence.windowSeconds,
    };
  }

  #allowList(): Protection[] {
    return [...this.#allowed.values()]
      .filter(({ removed }) => !removed)
      .map(({ prefix }) => ({ prefix, reason: 'allowed' }));
  }

  #put(held: FleetEntry): void {
    this.#entries.set(held.entry.prefix, held);
    this.#written.set(held.entry.prefix, held);
  }

  /** The activation after it was extended or expired by hand. */
  #updated({ entry: before, activation }: FleetEntry, entry: Entry, cause: Cause): FleetActivation {
    const isEnded = isActive(before, this.#at) && !isActive(entry, this.#at);
    if (isEnded) return { ...activation, endedAt: this.#at };
    const { expiresAt: until } = entry;
    // What an administrator prolonged no machine may end.
    const isTheirs = cause.byAdmin && until !== before.expiresAt;
    const maker = isTheirs ? { by: cause.by, byAdmin: true } : {};
    return { ...activation, ...maker, until };
  }
}

const NO_EVIDENCE = { count: 0 };

/** The entry with only the activations that count. */
function countedEntry({ entry, isWithdrawn }: FleetEntry): Entry {
  if (!isWithdrawn) return entry;
  const activations = entry.activations - 1;
  return activations === 0
    ? { ...entry, activations, activatedAt: undefined, expiresAt: 0, endedAt: undefined }
    : { ...entry, activations, endedAt: undefined };
}

function textOfKey({ by, key }: ReportKey): string {
  return `${by} ${key}`;
}
