import type { Entry, Expiry, Origin, Seconds } from '../blocklist/entry.ts';
import type { Evidence } from '../blocklist/evidence.ts';
import type { Prefix } from '../net/prefix.ts';
import type { User } from './user.ts';

/** An entry as the fleet keeps it. */
export interface FleetEntry {
  readonly entry: Entry;
  /** The number of its latest change that concerns other machines; no two changes share one. */
  readonly sequence: number;
  /** The number of the change that activated it last: version 1 lists in this order. */
  readonly activatedSequence: number;
  /** The latest one. */
  readonly activation: FleetActivation;
}

/** A prefix of the fleet's allow-list. One that was removed stays, so that all can be told. */
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
}

/** Evidence that was reported for an activation. Rows with the same key are merged. */
export interface FleetEvidence extends Evidence {
  readonly prefix: Prefix;
  readonly activation: number;
  /** The user who reported it. */
  readonly by: string;
  readonly kind: 'offence' | 'list' | 'block' | 'expire';
}

/** The key of a report that was counted. */
export interface ReportKey {
  readonly by: string;
  readonly key: string;
}

/** What has to be known for a change. */
export interface Need {
  readonly prefixes: readonly Prefix[];
  readonly keys: readonly ReportKey[];
  /** All entries that are active at this time, as well. */
  readonly activeAt: Seconds | undefined;
}

/** What was there when nobody else could write. */
export interface FleetSnapshot {
  readonly sequence: number;
  /** Those that cover a prefix of the need, each once, in any order. */
  readonly entries: readonly FleetEntry[];
  /** The whole allow-list, and what was removed from it. */
  readonly allowed: readonly FleetAllowed[];
  /** The keys of the need that are known. */
  readonly keys: readonly ReportKey[];
  /** How much evidence there is for the latest activation of these entries; others have none. */
  readonly evidenceCounts: readonly EvidenceCount[];
}

/** How many rows of evidence the latest activation of an entry has. */
export interface EvidenceCount {
  readonly prefix: Prefix;
  readonly count: number;
}

/** What is to be written, whole or not at all. In each list no two are alike. */
export interface Change {
  /** The latest number given out. */
  readonly sequence: number;
  readonly at: Seconds;
  readonly entries: readonly FleetEntry[];
  readonly allowed: readonly FleetAllowed[];
  /** Activations that are no longer the latest of their entry, for good. */
  readonly past: readonly FleetActivation[];
  readonly evidence: readonly FleetEvidence[];
  readonly keys: readonly ReportKey[];
}

/** One entry with all that is known of it. */
export interface EntryHistory extends FleetEntry {
  /** The first one first. */
  readonly activations: readonly FleetActivation[];
  readonly evidence: readonly FleetEvidence[];
}

/** What changed, by rising sequence. */
export type Changed =
  | { readonly kind: 'entry'; readonly value: FleetEntry }
  | { readonly kind: 'allowed'; readonly value: FleetAllowed };

/**
 * What a server keeps. Several servers may use one at the same time. Everything may throw
 * McblockError('store').
 */
export interface FleetStore {
  /** The number of the latest change. */
  sequence(): Promise<number>;
  /** Made at random with the store: the numbers of another one are those of other changes. */
  identity(): Promise<string>;
  /** Another identity from now on: an older copy was put back, whose numbers come a second time. */
  renewIdentity(): Promise<void>;
  /**
   * Reads what is needed, lets `settle` decide, and writes that, in one transaction in which nobody
   * else writes. `settle` is pure; where it throws, nothing is written.
   */
  change(need: Need, settle: (past: FleetSnapshot) => Change): Promise<void>;
  /** What changed after this number, at most so much of it. */
  changesSince(sequence: number, limit: number): Promise<readonly Changed[]>;
  /** The allow-list by sequence, and what was removed from it. */
  allowed(): Promise<readonly FleetAllowed[]>;
  history(prefix: Prefix): Promise<EntryHistory | undefined>;
  user(name: string): Promise<User | undefined>;
  /** By name. */
  users(): Promise<readonly User[]>;
  /** Adds the user, or changes the one of this name. */
  putUser(user: User): Promise<void>;
  /** Whether he was there. */
  removeUser(name: string): Promise<boolean>;
  /** Forgets the keys of reports before this time; gives their number. */
  forgetKeys(before: Seconds): Promise<number>;
  close(): Promise<void>;
}
