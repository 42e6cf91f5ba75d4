import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Entry, Expiry, Origin, Seconds } from './entry.ts';

/** A request that no person typed: from a log, from pf, from a peer. */
export interface AutomaticRequest {
  readonly kind: 'automatic';
  readonly origin: Origin;
  /** Who offended; the prefix around it follows from the policy. */
  readonly offender: Address;
  /** The time of the event, not of its reading. A time in the future counts as now. */
  readonly at: Seconds;
  /** How many offences the request stands for, at least 1. */
  readonly hits: number;
  /** pf saw the packet on an external interface: then the offender may be a bogon. */
  readonly external: boolean;
}

/** A request that a person typed. */
export interface ManualRequest {
  readonly kind: 'manual';
  readonly origin: Origin;
  readonly prefix: Prefix;
  readonly at: Seconds;
  /** When the block ends; undefined leaves it to the penalty. */
  readonly until: Expiry | undefined;
  /** Take this prefix itself, even where a wider expired entry would come back. */
  readonly exact: boolean;
  /** Block what is protected too. */
  readonly force: boolean;
  readonly note: string;
}

export type Request = AutomaticRequest | ManualRequest;

/**
 * Why a prefix is protected: by the allow-list, as this host's, as where the person who types the
 * command comes from, by a login, as private space.
 */
export type ProtectionReason = 'allowed' | 'own' | 'session' | 'login' | 'private';

export interface Protection {
  readonly prefix: Prefix;
  readonly reason: ProtectionReason;
}

/** What became of a request. The entry is the one to store in network of what was there. */
export type Decision =
  /** Nothing is stored: the offender, or what was asked for by hand, is protected. */
  | { readonly kind: 'refused'; readonly protection: Protection }
  /** An active entry contains it already; its hits grew, and perhaps its expiry. */
  | { readonly kind: 'covered'; readonly entry: Entry; readonly extended: boolean }
  /** Older than the latest activation of the entry: remembered, with no effect on its times. */
  | { readonly kind: 'evidence'; readonly entry: Entry }
  /** An expired entry is active again. `wider`: it contains more than was asked for. */
  | { readonly kind: 'reactivated'; readonly entry: Entry; readonly wider: boolean }
  | { readonly kind: 'new'; readonly entry: Entry };
