import { type Entry, isActive, type Origin, type Seconds } from '../blocklist/entry.ts';
import { NO_DETAILS } from '../blocklist/evidence.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import type { Prefix } from '../net/prefix.ts';
import { PrefixMap } from '../net/prefix-map.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import { keyOfEvidence, mergeEvidence } from '../validation/evidence.ts';
import type {
  FleetActivation,
  FleetAllowed,
  FleetChange,
  FleetEntry,
  FleetEvidence,
  FleetSnapshot,
  ReportKey,
} from './fleet-store.ts';

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
  /** Rows for the latest activation of an entry, stored ones included. */
  readonly #evidenceCounts = new PrefixMap<number>();
  readonly #keys: ReportKey[] = [];

  constructor(snapshot: FleetSnapshot, bounds: Bounds, at: Seconds) {
    this.#at = at;
    this.#bounds = bounds;
    this.#sequence = snapshot.sequence;
    for (const held of snapshot.entries) this.#entries.set(held.entry.prefix, held);
    for (const allowed of snapshot.allowed) this.#allowed.set(allowed.prefix, allowed);
    for (const key of snapshot.keys) this.#known.add(textOfKey(key));
    for (const { prefix, count } of snapshot.evidenceCounts)
      this.#evidenceCounts.set(prefix, count);
  }

  get space(): ProtectedSpace {
    this.#space ??= new ProtectedSpace([...this.#bounds.protections, ...this.#allowList()]);
    return this.#space;
  }

  get(prefix: Prefix): Entry | undefined {
    return this.#entries.get(prefix)?.entry;
  }

  supernets(prefix: Prefix): Entry[] {
    return this.#entries.supernets(prefix).map(({ value }) => value.entry);
  }

  active(): Entry[] {
    const all = Array.from(this.#entries.values(), ({ entry }) => entry);
    return all.filter((entry) => isActive(entry, this.#at));
  }

  /** Remembers the key. Returns whether it is new. */
  addKey(key: ReportKey): boolean {
    const text = textOfKey(key);
    if (this.#known.has(text)) return false;
    this.#known.add(text);
    this.#keys.push(key);
    return true;
  }

  /** Replaces an entry that was only hit. */
  hit(entry: Entry): void {
    const held = this.#entries.get(entry.prefix);
    if (held === undefined) throw new Error('there is no entry to hit');
    this.#put({ ...held, entry });
  }

  /** Replaces an entry that was activated, extended, expired or renamed; the change gets a number. */
  update(entry: Entry, cause: Cause): void {
    const held = this.#entries.get(entry.prefix);
    const sequence = ++this.#sequence;
    if (held !== undefined && held.entry.activations === entry.activations) {
      this.#put({ ...held, entry, sequence, activation: this.#updated(held, entry) });
      return;
    }
    if (held !== undefined) this.#past.push(held.activation);
    this.#evidenceCounts.set(entry.prefix, 0);
    const { prefix, activations: number, activatedAt: at = this.#at, expiresAt: until } = entry;
    const { origin, note, by, byAdmin } = cause;
    const made = { origin, note, by, byAdmin };
    const activation = { prefix, number, at, until, endedAt: undefined, ...made };
    this.#put({ entry, sequence, activatedSequence: sequence, activation });
  }

  /**
   * Adds evidence for the latest activation of an entry. Beyond the bound only who reported, and how
   * often, is kept, so that nobody fills the disk.
   */
  addEvidence(reported: FleetEvidence): void {
    const { prefix, activation, by, kind } = reported;
    const count = this.#evidenceCounts.get(prefix) ?? 0;
    const evidence =
      count < this.#bounds.maxEvidence
        ? reported
        : { ...reported, ...NO_DETAILS, address: undefined };
    const owner = [formatPrefix(prefix), activation, by, kind];
    const key = JSON.stringify([...owner, keyOfEvidence(evidence)]);
    const same = this.#evidence.get(key);
    this.#evidence.set(key, same === undefined ? evidence : mergeEvidence(same, evidence));
    if (same === undefined) this.#evidenceCounts.set(prefix, count + 1);
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
  #updated({ entry: before, activation }: FleetEntry, entry: Entry): FleetActivation {
    const isEnded = isActive(before, this.#at) && !isActive(entry, this.#at);
    return isEnded
      ? { ...activation, endedAt: this.#at }
      : { ...activation, until: entry.expiresAt };
  }
}

function textOfKey({ by, key }: ReportKey): string {
  return `${by} ${key}`;
}
