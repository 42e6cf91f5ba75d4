import { type Entry, isActive, type Origin, type Seconds } from '../blocklist/entry.ts';
import { ProtectedSpace } from '../blocklist/protect.ts';
import type { Protection } from '../blocklist/request.ts';
import { formatAddress } from '../net/address-text.ts';
import type { Prefix } from '../net/prefix.ts';
import { formatPrefix } from '../net/prefix-text.ts';
import type {
  Change,
  FleetActivation,
  FleetAllowed,
  FleetEntry,
  FleetSnapshot,
  ReportKey,
  Statement,
} from './fleet-store.ts';
import { SupernetMap } from './supernet-map.ts';

/** Why an entry changes. */
export interface Cause {
  readonly by: string;
  readonly origin: Origin;
  readonly note: string;
}

/** What no report gets past. */
export interface Bounds {
  /** Besides the allow-list: the server's own addresses, and private space. */
  readonly protections: readonly Protection[];
  /** So many statements of one activation are kept whole. */
  readonly mostStatements: number;
}

/**
 * What was, and what becomes of it while reports are settled one after the other: each finds what
 * the ones before it did. What concerns other machines gets a number; mere hits do not, as a fleet
 * must not be told of each.
 */
export class ChangeSet {
  readonly #at: Seconds;
  readonly #bounds: Bounds;
  #sequence: number;
  #space: ProtectedSpace | undefined;
  readonly #entries = new SupernetMap<FleetEntry>();
  readonly #allowed = new SupernetMap<FleetAllowed>();
  readonly #known = new Set<string>();
  /** Those of them that changed. */
  readonly #written = new SupernetMap<FleetEntry>();
  readonly #writtenAllowed = new SupernetMap<FleetAllowed>();
  readonly #past: FleetActivation[] = [];
  readonly #statements = new Map<string, Statement>();
  /** How many there are of the latest activation of an entry, those that are kept already too. */
  readonly #said = new SupernetMap<number>();
  readonly #keys: ReportKey[] = [];

  constructor(past: FleetSnapshot, bounds: Bounds, at: Seconds) {
    this.#at = at;
    this.#bounds = bounds;
    this.#sequence = past.sequence;
    for (const held of past.entries) this.#entries.set(held.entry.prefix, held);
    for (const allowed of past.allowed) this.#allowed.set(allowed.prefix, allowed);
    for (const key of past.keys) this.#known.add(textOfKey(key));
    for (const { prefix, count } of past.said) this.#said.set(prefix, count);
  }

  get space(): ProtectedSpace {
    this.#space ??= new ProtectedSpace([...this.#bounds.protections, ...this.#allowList()]);
    return this.#space;
  }

  get(prefix: Prefix): Entry | undefined {
    return this.#entries.get(prefix)?.entry;
  }

  supernets(prefix: Prefix): Entry[] {
    return this.#entries.supernets(prefix).map(({ entry }) => entry);
  }

  active(): Entry[] {
    const all = Array.from(this.#entries.values(), ({ entry }) => entry);
    return all.filter((entry) => isActive(entry, this.#at));
  }

  /** Whether the key is new; it is known from now on. */
  takeKey(key: ReportKey): boolean {
    const text = textOfKey(key);
    if (this.#known.has(text)) return false;
    this.#known.add(text);
    this.#keys.push(key);
    return true;
  }

  /** An entry that is there was only hit. */
  hit(entry: Entry): void {
    const held = this.#entries.get(entry.prefix);
    if (held === undefined) throw new Error('only an entry that is there can be hit');
    this.#put({ ...held, entry });
  }

  /** The entry became active, lasts longer, ends or reads otherwise: others have to know. */
  alter(entry: Entry, cause: Cause): void {
    const held = this.#entries.get(entry.prefix);
    const sequence = ++this.#sequence;
    if (held !== undefined && held.entry.activations === entry.activations) {
      this.#put({ ...held, entry, sequence, activation: this.#prolonged(held, entry) });
      return;
    }
    if (held !== undefined) this.#past.push(held.activation);
    this.#said.set(entry.prefix, 0);
    const { prefix, activations: number, activatedAt: at = this.#at, expiresAt: until } = entry;
    const { origin, note, by } = cause;
    const activation = { prefix, number, at, until, endedAt: undefined, origin, note, by };
    this.#put({ entry, sequence, place: sequence, activation });
  }

  /**
   * Adds to what is known of the latest activation of an entry. Where so much is said of it already
   * only who says how often is kept of the rest: nobody fills the disk by talking.
   */
  say(said: Statement): void {
    const count = this.#said.get(said.prefix) ?? 0;
    const statement = count < this.#bounds.mostStatements ? said : { ...said, ...UNSAID };
    const { prefix, activation, by, kind, address, service, message, log, host } = statement;
    const who = address === undefined ? '' : formatAddress(address);
    const key = JSON.stringify([
      formatPrefix(prefix),
      activation,
      by,
      kind,
      who,
      service,
      message,
      log,
      host,
    ]);
    const same = this.#statements.get(key);
    this.#statements.set(key, same === undefined ? statement : sum(same, statement));
    if (same === undefined) this.#said.set(prefix, count + 1);
  }

  /** Whether that changed the allow-list. */
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

  change(): Change {
    return {
      sequence: this.#sequence,
      at: this.#at,
      entries: [...this.#written.values()],
      allowed: [...this.#writtenAllowed.values()],
      past: this.#past,
      statements: [...this.#statements.values()],
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

  /** Lasting longer, or expired by hand; who activated it stays. */
  #prolonged({ entry: before, activation }: FleetEntry, entry: Entry): FleetActivation {
    const ends = isActive(before, this.#at) && !isActive(entry, this.#at);
    return ends ? { ...activation, endedAt: this.#at } : { ...activation, until: entry.expiresAt };
  }
}

const UNSAID = { address: undefined, service: '', message: '', log: '', host: '' } as const;

function textOfKey({ by, key }: ReportKey): string {
  return `${by} ${key}`;
}

function sum(p: Statement, q: Statement): Statement {
  return {
    ...p,
    count: p.count + q.count,
    firstSeen: Math.min(p.firstSeen, q.firstSeen),
    lastSeen: Math.max(p.lastSeen, q.lastSeen),
  };
}
