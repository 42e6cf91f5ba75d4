import type { Entry, Expiry, Origin, Seconds } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import type { Usage } from '../blocklist/user-usage.ts';
import type { Address } from '../net/address.ts';
import type { Prefix } from '../net/prefix.ts';
import type { PrefixList } from '../net/prefix-list.ts';
import type { FleetFeeds } from './fleet-feeds.ts';
import type { User, UserChange, UserKey } from './user.ts';

/** An entry in the fleet's store. */
export interface FleetEntry {
  readonly entry: Entry;
  /** The number of its latest change that concerns other machines; unique to the change. */
  readonly sequence: number;
  /** The number of the change that activated it last: version 1 lists in this order. */
  readonly activatedSequence: number;
  /** The latest one. */
  readonly activation: FleetActivation;
  /** The first of its evidence, a few rows, which goes with the entry to other machines. */
  readonly latestEvidence: readonly Evidence[];
  /** Users other than the one who made that activation reported evidence for it. */
  readonly isShared: boolean;
  /** The latest activation was withdrawn, and no longer counts among the entry's activations. */
  readonly isWithdrawn: boolean;
}

/** A prefix of the fleet's allow-list. A removed one stays, so that every machine learns of it. */
export interface FleetAllowed {
  readonly prefix: Prefix;
  readonly sequence: number;
  readonly removed: boolean;
  readonly note: string;
  readonly by: string;
  readonly at: Seconds;
}

export interface FleetActivation {
  readonly prefix: Prefix;
  /** The first is 1. */
  readonly number: number;
  readonly at: Seconds;
  readonly until: Expiry;
  /** When it was expired by hand; `until` stays what it would have been. */
  readonly endedAt: Seconds | undefined;
  readonly origin: Origin;
  readonly note: string;
  readonly by: string;
  readonly byAdmin: boolean;
}

/** Evidence that was reported for an activation. Rows with the same key are merged. */
export interface FleetEvidence extends Evidence {
  readonly prefix: Prefix;
  readonly activation: number;
  /** The user who reported it. */
  readonly by: string;
  readonly kind: 'offence' | 'list' | 'block' | 'expire';
}

/** A wide prefix that a user reported, and until when they would have it blocked. */
export interface Claim {
  readonly prefix: Prefix;
  readonly by: string;
  readonly until: Expiry;
}

/** Offences at one machine that blocked nobody there. */
export interface FleetOffence {
  /** The automatic prefix around the address. */
  readonly network: Prefix;
  /** The key of the event. */
  readonly event: string;
  readonly address: Address;
  /** The machine that reported them. */
  readonly by: string;
  readonly at: Seconds;
  readonly service: string;
  readonly message: string;
  readonly points: number;
  readonly count: number;
}

/** Whose reports of which address count no more. */
export type TakenBack = Pick<FleetOffence, 'network' | 'address' | 'by'>;

/** The key of a report that was processed. */
export interface ReportKey {
  readonly by: string;
  readonly key: string;
}

/** What a change has to know. */
export interface SnapshotQuery {
  readonly prefixes: readonly Prefix[];
  readonly keys: readonly ReportKey[];
  /** Also read all entries that are active at this time. */
  readonly activeAt: Seconds | undefined;
  /** The users whose usage is needed, and when; of those in `counted`, what they have active. */
  readonly users: readonly string[];
  readonly counted: readonly string[];
  /** The claims to these prefixes are needed, and to what contains them. */
  readonly claimed: readonly Prefix[];
  /** The offences from exactly these networks are needed. */
  readonly offenders: readonly Prefix[];
  readonly now: Seconds;
}

/** The state of the store under its write lock. */
export interface FleetSnapshot {
  readonly sequence: number;
  /** Entries that contain a prefix of the query, each once, in any order. */
  readonly entries: readonly FleetEntry[];
  /** The whole allow-list, removed prefixes included. */
  readonly allowed: readonly FleetAllowed[];
  /** The keys of the query that are known. */
  readonly keys: readonly ReportKey[];
  /** How much evidence there is for the latest activation of these entries; others have none. */
  readonly evidenceCounts: readonly EvidenceCount[];
  /** No user of the query has more active than this; those that were never counted are left out. */
  readonly usage: ReadonlyMap<string, Usage>;
  /** The active entries whose latest activation a user in `counted` made. */
  readonly activeOf: ReadonlyMap<string, PrefixList>;
  readonly claims: readonly Claim[];
  readonly offences: readonly FleetOffence[];
}

/** How many rows of evidence the latest activation of an entry has. */
export interface EvidenceCount {
  readonly prefix: Prefix;
  readonly count: number;
}

/** What to write, as a whole or not at all. No list has duplicates. */
export interface FleetChange {
  /** The latest number in use. */
  readonly sequence: number;
  readonly at: Seconds;
  readonly entries: readonly FleetEntry[];
  readonly allowed: readonly FleetAllowed[];
  /** Activations that are no longer the latest of their entry. */
  readonly past: readonly FleetActivation[];
  readonly evidence: readonly FleetEvidence[];
  readonly keys: readonly ReportKey[];
  readonly usage: ReadonlyMap<string, Usage>;
  /** Of each user only the latest are kept. */
  readonly claims: readonly Claim[];
  /** What was stored before of these is deleted. */
  readonly takenBack: readonly TakenBack[];
  /** Those of each user up to `forgetsTo`, and all but the latest, are forgotten. */
  readonly offences: readonly FleetOffence[];
  readonly forgetsTo: Seconds;
}

/** An entry with its history. */
export interface EntryHistory extends FleetEntry {
  /** Oldest first. */
  readonly activations: readonly FleetActivation[];
  readonly evidence: readonly FleetEvidence[];
}

export type Changed =
  | { readonly kind: 'entry'; readonly value: FleetEntry }
  | { readonly kind: 'allowed'; readonly value: FleetAllowed };

/**
 * The store of the API server. Several servers may use one at the same time. Every method may throw
 * McblockError('store').
 */
export interface FleetStore {
  readonly feeds: FleetFeeds;
  /** The number of the latest change. */
  sequence(): Promise<number>;
  /** A random name, made with the store: change numbers of another store mean other changes. */
  identity(): Promise<string>;
  /** Makes a new identity. To be called after a restore, when change numbers are used again. */
  renewIdentity(): Promise<void>;
  /**
   * Reads what the query asks for, calls `decide` and writes its result, in one transaction under the
   * write lock. `decide` is pure; if it throws, nothing is written.
   */
  change(query: SnapshotQuery, decide: (snapshot: FleetSnapshot) => FleetChange): Promise<void>;
  /** Changes after this number in rising order, at most `limit`. */
  changesSince(sequence: number, limit: number): Promise<readonly Changed[]>;
  /** The allow-list by sequence, removed prefixes included. */
  allowed(): Promise<readonly FleetAllowed[]>;
  history(prefix: Prefix): Promise<EntryHistory | undefined>;
  /** How many prefixes are claimed at that time. */
  countClaimed(at: Seconds): Promise<number>;
  user(name: string): Promise<User | undefined>;
  /** By name. */
  users(): Promise<readonly User[]>;
  /** The keys of the users who have one and are not disabled, by name. */
  keys(): Promise<readonly UserKey[]>;
  /** Gives the user this key. Returns the one before, which is empty if there was none. */
  setKey(name: string, key: string, at: Seconds): Promise<string>;
  /** Adds the user, or replaces the one of this name, whose key stays. */
  putUser(user: User): Promise<void>;
  /** Changes only what is given, whatever another process changes meanwhile. Returns whether the user exists. */
  changeUser(name: string, change: UserChange): Promise<boolean>;
  /** Returns whether the user existed. */
  removeUser(name: string): Promise<boolean>;
  /** Deletes the keys of reports before this time. Returns their number. */
  forgetKeys(before: Seconds): Promise<number>;
  close(): Promise<void>;
}
