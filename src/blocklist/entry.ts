import type { Prefix } from '../net/prefix.ts';

/** A point in time: UTC seconds since 1970. */
export type Seconds = number;

/** When a block ends. Forever is a value of its own, not a large number. */
export type Expiry = Seconds | 'forever';

/** Who can make an entry: {@link Origin}. */
export const ORIGINS = ['grok', 'manual', 'pf', 'fleet', 'import', 'bogon'] as const;

/** Who made the entry. */
export type Origin = (typeof ORIGINS)[number];

export function isOrigin(value: unknown): value is Origin {
  return (ORIGINS as readonly unknown[]).includes(value);
}

/** The person or machine of a fleet that made an entry or an activation. */
export interface Maker {
  /** A user of the fleet, a host or a channel; empty for this machine. */
  readonly by: string;
  /** Whether that user is an administrator of the fleet. */
  readonly byAdmin: boolean;
}

/** This machine, whether by hand or by itself; the origin tells which. */
export const THIS_MACHINE: Maker = { by: '', byAdmin: false };

/**
 * One prefix on the blocklist. An entry is a value: a change makes a new one. Invariants:
 * activations is 0 exactly if activatedAt is undefined, and then expiresAt is 0, so that an entry
 * that was never active counts as expired.
 */
export interface Entry extends Maker {
  readonly prefix: Prefix;
  readonly origin: Origin;
  readonly note: string;
  /** How often the entry went from absent or expired to active. */
  readonly activations: number;
  /** Offences from logs, pf and peers; a request by hand is not one. */
  readonly hits: number;
  /** The first and the last offence or request; undefined for a bogon that was never seen. */
  readonly firstSeen: Seconds | undefined;
  readonly lastSeen: Seconds | undefined;
  /** The latest activation. */
  readonly activatedAt: Seconds | undefined;
  readonly expiresAt: Expiry;
  /** When the latest activation was expired by hand; undefined if it was not. */
  readonly endedAt: Seconds | undefined;
  /** The rules of the policy that decided the latest activation; undefined if none did. */
  readonly rule?: string | undefined;
  /**
   * The days with hits since the latest activation (UTC days since 1970, ascending, distinct), at
   * most as many as the policy's persistent days.
   */
  readonly hitDays: readonly number[];
}

/** An entry before its first activation. */
export function neverActive(
  prefix: Prefix,
  origin: Origin,
  note: string,
  { by, byAdmin }: Maker = THIS_MACHINE,
): Entry {
  return {
    prefix,
    origin,
    by,
    byAdmin,
    note,
    activations: 0,
    hits: 0,
    firstSeen: undefined,
    lastSeen: undefined,
    activatedAt: undefined,
    expiresAt: 0,
    endedAt: undefined,
    hitDays: [],
  };
}

/** Whether the entry is active at this time. */
export function isActive(entry: Pick<Entry, 'activatedAt' | 'expiresAt'>, at: Seconds): boolean {
  return (
    entry.activatedAt !== undefined && entry.activatedAt <= at && outlasts(entry.expiresAt, at)
  );
}

export type EntryState = 'active' | 'expired' | 'never';

/** `never` for a bogon that was never active. */
export function stateOf(entry: Entry, at: Seconds): EntryState {
  if (entry.activations === 0) return 'never';
  return isActive(entry, at) ? 'active' : 'expired';
}

/** Whether a block with this expiry lasts beyond `at`. */
export function outlasts(expiry: Expiry, at: Seconds): boolean {
  return expiry === 'forever' || at < expiry;
}

/** The later of two expiries. */
export function laterExpiry(p: Expiry, q: Expiry): Expiry {
  return p === 'forever' || q === 'forever' ? 'forever' : Math.max(p, q);
}

/** The earlier of two expiries. */
export function earlierExpiry(p: Expiry, q: Expiry): Expiry {
  if (p === 'forever') return q;
  return q === 'forever' ? p : Math.min(p, q);
}

/** The one that blocks longest; of equals, the last: the longest match, if the widest come first. */
export function longestLasting<T extends { readonly expiresAt: Expiry }>(
  entries: readonly T[],
): T | undefined {
  return entries.reduce<T | undefined>(
    (best, entry) =>
      best === undefined || laterExpiry(best.expiresAt, entry.expiresAt) === entry.expiresAt
        ? entry
        : best,
    undefined,
  );
}
