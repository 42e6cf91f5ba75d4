import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Entry, Expiry, Maker, Origin, Seconds } from './entry.ts';
import type { RuleFacts } from './rule-conditions.ts';

/** A request from a log, from pf or from a peer. */
export interface AutomaticRequest {
  readonly kind: 'automatic';
  readonly origin: Origin;
  /** Who makes the entry, if it is new; by default this machine. */
  readonly maker?: Maker | undefined;
  readonly offender: Address;
  /** What is to be blocked; by default the automatic prefix around the offender. */
  readonly prefix?: Prefix | undefined;
  /** The time of the event, not of reading it. A time in the future counts as now. */
  readonly at: Seconds;
  /** The number of offences, at least 1. */
  readonly hits: number;
  /**
   * The points of the prefix within the window. As many as for a new entry block the prefix itself;
   * fewer reactivate an entry.
   */
  readonly points: number;
  /** By another machine. That proves the prefix, and too little for an entry wider than /16. */
  readonly isReported?: true;
  /** A packet was seen on an external interface: the offender may be a bogon. */
  readonly external: boolean;
  /** The event that leads to it, for the rules of the policy; undefined where none is known. */
  readonly event?: RuleFacts | undefined;
}

/** A request by hand. */
export interface ManualRequest {
  readonly kind: 'manual';
  readonly origin: Origin;
  /** Who makes the entry, if it is new; by default this machine. */
  readonly maker?: Maker | undefined;
  readonly prefix: Prefix;
  readonly at: Seconds;
  /** When the block ends; undefined: the penalty decides. */
  readonly until: Expiry | undefined;
  /** Block this prefix itself rather than reactivate a wider entry. */
  readonly exact: boolean;
  /** Even if it is protected. */
  readonly force: boolean;
  readonly note: string;
}

export type Request = AutomaticRequest | ManualRequest;

/** A request for exactly this prefix that follows from logs alone: the penalty decides its length. */
export function exactRequest(prefix: Prefix, at: Seconds, note = ''): ManualRequest {
  return {
    kind: 'manual',
    origin: 'grok',
    prefix,
    at,
    until: undefined,
    exact: true,
    force: false,
    note,
  };
}

/**
 * Why a prefix is protected: the allow-list, an address of this host, the address of the current ssh
 * session, a trusted proxy, a login, private space, a rule of the policy that ignores it, or (in the
 * firewall's rules only) a network that this host is connected to.
 */
export type ProtectionReason =
  | 'allowed'
  | 'own'
  | 'session'
  | 'proxy'
  | 'login'
  | 'private'
  | 'ignored'
  | 'connected';

export interface Protection {
  readonly prefix: Prefix;
  readonly reason: ProtectionReason;
  /** When it ends; undefined if not known. */
  readonly until?: Seconds;
}

/** The decision on a request. Its entry replaces the stored one. */
export type Decision =
  /** Nothing is stored: the offender or the requested prefix is protected. */
  | { readonly kind: 'refused'; readonly protection: Protection }
  /** An active entry contains it; its hits grow, and perhaps its expiry. */
  | { readonly kind: 'covered'; readonly entry: Entry; readonly extended: boolean }
  /** Before the latest activation of the entry: only recorded. */
  | { readonly kind: 'evidence'; readonly entry: Entry }
  /**
   * An expired entry is active again. `wider`: it contains more than was requested. `inherits`: the
   * narrower prefix from whose activations those of the entry go on.
   */
  | {
      readonly kind: 'reactivated';
      readonly entry: Entry;
      readonly wider: boolean;
      readonly inherits: Prefix | undefined;
    }
  | { readonly kind: 'new'; readonly entry: Entry; readonly inherits: Prefix | undefined };
