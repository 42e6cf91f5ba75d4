import type { Expiry, Origin, Seconds } from '../blocklist/entry.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Details } from '../validation/evidence.ts';

/** A report to the API. */
export type Report =
  | OffenceReport
  | ListReport
  | BlockReport
  | ExpireReport
  | WithdrawReport
  | PendingReport
  | AllowReport;

/** An offender that a machine blocks because of its own log or firewall. */
export interface OffenceReport {
  readonly kind: 'offence';
  /** Chosen by the sender. A report with a known key of the same sender is ignored. */
  readonly key: string | undefined;
  readonly address: Address;
  /** The prefix that the machine blocks; undefined leaves it to the fleet's policy. */
  readonly prefix: Prefix | undefined;
  readonly firstSeen: Seconds;
  readonly at: Seconds;
  readonly origin: Origin;
  readonly details: Details;
}

/** Version 1: a prefix in a table of a machine's firewall, blocked as it is. */
export interface ListReport {
  readonly kind: 'list';
  readonly prefix: Prefix;
  /** Usually the name of the table. */
  readonly source: string;
}

/** A block by hand. */
export interface BlockReport {
  readonly kind: 'block';
  readonly key: string | undefined;
  readonly prefix: Prefix;
  /** When the block ends; undefined leaves it to the penalty. */
  readonly until: Expiry | undefined;
  readonly exact: boolean;
  readonly note: string;
}

/** Expires the entry of exactly this prefix. */
export interface ExpireReport {
  readonly kind: 'expire';
  readonly key: string | undefined;
  readonly prefix: Prefix;
}

/**
 * Withdraws the latest activation of exactly this prefix, if the sender made it and nobody else
 * reported an offence since: with a login that came later, it would not have arisen.
 */
export interface WithdrawReport {
  readonly kind: 'withdraw';
  readonly key: string | undefined;
  readonly prefix: Prefix;
}

/** Offences that blocked nobody at the machine, which may do so together with those at others. */
export interface PendingReport {
  readonly kind: 'pending';
  /** The key of the event. Equal keys of any machines count once. */
  readonly event: string;
  readonly address: Address;
  readonly at: Seconds;
  readonly service: string;
  readonly message: string;
  /** 0: what the sender reported of the address counts no more. */
  readonly points: number;
  readonly count: number;
}

/** Adds a prefix to the fleet's allow-list, or removes it. */
export interface AllowReport {
  readonly kind: 'allow' | 'disallow';
  readonly prefix: Prefix;
  readonly note: string;
}

/** The user who reports, with their limits. */
export interface Reporter {
  readonly name: string;
  /** An administrator is a person, who may block private space. */
  readonly isAdmin: boolean;
  /** The shortest prefix lengths that they may have blocked. */
  readonly widest4: number;
  readonly widest6: number;
  readonly longestSeconds: Expiry;
}

/** A limit that puts a report off. */
export type DeferringLimit = 'limits.user-share' | 'limits.user-prefixes6' | 'fleet.quorum';

export interface ReportResult {
  readonly outcome:
    | 'new'
    | 'reactivated'
    | 'extended'
    | 'covered'
    | 'evidence'
    | 'expired'
    | 'withdrawn'
    | 'allowed'
    | 'disallowed'
    /** Offences that block nobody yet. */
    | 'pending'
    /** There was nothing to expire, to withdraw or to remove from the allow-list. */
    | 'absent'
    /** The key was known: the report was counted before. */
    | 'repeated'
    /** Not now: the reporter keeps it and sends it again another day. Its key is not remembered. */
    | 'deferred'
    /** The prefix overlaps a protected one. */
    | 'spared'
    /** It exceeds the reporter's limits. */
    | 'refused';
  /** The prefix of the entry that was changed or hit. */
  readonly prefix: Prefix | undefined;
  readonly expiresAt: Expiry | undefined;
  /** Why it was spared, refused or deferred; otherwise empty. */
  readonly reason: string;
  /** The limit for which it was deferred. */
  readonly limit?: DeferringLimit | undefined;
  /** The wider prefix that waits until other machines report it too. */
  readonly held?: Prefix | undefined;
}
