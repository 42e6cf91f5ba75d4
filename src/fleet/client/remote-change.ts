import type { Entry, Maker, Seconds } from '../../blocklist/entry.ts';
import type { Evidence } from '../../blocklist/evidence.ts';
import type { Prefix } from '../../net/prefix.ts';

/** A change in the fleet, as a server reports it. */
export type RemoteChange = ({ readonly type: 'allow' } & RemoteAllowed) | RemoteEntry;

/** An entry of the fleet. */
export interface RemoteEntry {
  readonly type: 'entry';
  readonly sequence: number;
  readonly entry: Entry;
  /** Who made its latest activation. */
  readonly activatedBy: Maker;
  /** The first evidence for that activation. */
  readonly evidence: readonly Evidence[];
  /** Users other than that one reported it too. */
  readonly isShared: boolean;
  /** The machine that made that activation withdrew it. */
  readonly isWithdrawn: boolean;
}

/** A prefix that was added to the fleet's allow-list, or removed from it. */
export interface RemoteAllowed {
  readonly sequence: number;
  readonly prefix: Prefix;
  readonly removed: boolean;
  readonly note: string;
  readonly at: Seconds;
}

/** Changes in rising sequence, all after the number that was asked with. */
export interface ChangesPage {
  /** The store whose numbers these are; empty where the server does not say. */
  readonly store: string;
  /** The number to ask with next. */
  readonly next: number;
  readonly more: boolean;
  /** The server's latest number; at least that of the last change here. */
  readonly latest: number;
  readonly changes: readonly RemoteChange[];
}

/** A feed of the fleet. */
export interface RemoteFeed {
  readonly name: string;
  /** Of its list. */
  readonly digest: string;
}

export interface RemoteFeedList extends RemoteFeed {
  readonly prefixes: readonly Prefix[];
}

/** What became of one report. */
export interface RemoteResult {
  /** In the server's words: `new`, `covered`, `repeated`, `refused`, ... */
  readonly outcome: string;
  /** Why it was refused or spared; else empty. */
  readonly reason: string;
  /** A wider prefix that waits until other machines report it too. */
  readonly held?: Prefix | undefined;
}
