import type { Expiry, Origin, Seconds } from '../blocklist/entry.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { Details } from '../validation/evidence.ts';

/** What a peer or a person tells the fleet. */
export type Report = OffenceReport | ListReport | BlockReport | ExpireReport | AllowReport;

/** An offender that a machine has decided to block by its own log or firewall. */
export interface OffenceReport {
  readonly kind: 'offence';
  /** Made by the sender: a report with a key that is known from this sender counts nothing. */
  readonly key: string | undefined;
  readonly address: Address;
  /** What the machine blocks itself; undefined leaves it to the policy of the fleet. */
  readonly prefix: Prefix | undefined;
  readonly firstSeen: Seconds;
  readonly at: Seconds;
  readonly origin: Origin;
  readonly details: Details;
}

/** Version 1: a machine has this prefix in a table of its firewall. It is taken as it stands. */
export interface ListReport {
  readonly kind: 'list';
  readonly prefix: Prefix;
  /** The table, as a rule. */
  readonly source: string;
}

/** A person blocks. */
export interface BlockReport {
  readonly kind: 'block';
  readonly key: string | undefined;
  readonly prefix: Prefix;
  /** When the block ends; undefined leaves it to the penalty. */
  readonly until: Expiry | undefined;
  readonly exact: boolean;
  readonly note: string;
}

/** The block of this very prefix ends now. */
export interface ExpireReport {
  readonly kind: 'expire';
  readonly key: string | undefined;
  readonly prefix: Prefix;
}

/** The prefix goes on the allow-list of the fleet, or leaves it. */
export interface AllowReport {
  readonly kind: 'allow' | 'disallow';
  readonly prefix: Prefix;
  readonly note: string;
}

/** Who reports, and what he may ask for. */
export interface Reporter {
  readonly name: string;
  /** An administrator is a person: private space does not hold him back. */
  readonly isAdmin: boolean;
  /** The widest prefix he may have blocked, as a length. */
  readonly widest4: number;
  readonly widest6: number;
  readonly longestSeconds: Expiry;
}

/** What became of a report. */
export interface ReportResult {
  readonly outcome:
    | 'new'
    | 'reactivated'
    | 'extended'
    | 'covered'
    | 'evidence'
    | 'expired'
    | 'allowed'
    | 'disallowed'
    /** There was nothing to expire or to take off the allow-list. */
    | 'absent'
    /** The key was known: it was counted the first time. */
    | 'repeated'
    /** It would touch what is protected. */
    | 'spared'
    /** The reporter may not ask for it. */
    | 'refused';
  /** The prefix of the entry that it counts for. */
  readonly prefix: Prefix | undefined;
  readonly expiresAt: Expiry | undefined;
  /** Why it was spared or refused; else empty. */
  readonly reason: string;
}
