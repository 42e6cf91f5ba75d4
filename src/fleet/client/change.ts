import type { Entry, Seconds } from '../../blocklist/entry.ts';
import type { Prefix } from '../../net/prefix.ts';

/** What a server says that changed. */
export type Change =
  | ({ readonly type: 'allow' } & AllowedChange)
  | { readonly type: 'entry'; readonly sequence: number; readonly entry: FleetEntry };

/** An entry of the fleet, and when somebody expired it by hand, if that is what ended it. */
export interface FleetEntry extends Entry {
  readonly endedAt: Seconds | undefined;
}

/** A prefix that went on the allow-list of the fleet, or left it. */
export interface AllowedChange {
  readonly sequence: number;
  readonly prefix: Prefix;
  readonly removed: boolean;
  readonly note: string;
  readonly at: Seconds;
}

/** Changes by rising sequence, all after the number that was asked with. */
export interface ChangesPage {
  /** Which store the numbers are of; empty where the server does not say. */
  readonly store: string;
  /** The number to go on with. */
  readonly next: number;
  readonly more: boolean;
  /** The number of the latest change that the server has; at least that of which it tells. */
  readonly latest: number;
  readonly changes: readonly Change[];
}

/** What became of a report. */
export interface ReportAnswer {
  /** As the server calls it: `new`, `covered`, `repeated`, `refused`, ... */
  readonly outcome: string;
  /** Why it was refused or spared; else empty. */
  readonly reason: string;
}
