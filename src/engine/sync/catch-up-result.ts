import type { Seconds } from '../../blocklist/entry.ts';
import type { Policies } from '../policies.ts';

export interface CatchUpOptions {
  readonly policies: Policies;
  /** Blocks by the fleet last no longer than this here. */
  readonly longestSeconds: Seconds;
  /** Changes beyond this number wait for the next time. */
  readonly maxChanges: number;
  readonly now: () => Seconds;
}

/** The effect of the fleet's changes on this machine. */
export interface CatchUpResult {
  /** The number of the last change that this machine has. */
  lastNumber: number;
  /** How many change numbers are left for the next time. */
  behind: number;
  /** Entries that became active; extended ones are not counted. */
  blocked: number;
  expired: number;
  /** Changes to the allow-list. */
  allowed: number;
  /** Protected here, too wide, or more than `limits` allow; the last is asked for again another day. */
  refused: number;
  /** On the first contact with the server: entries of this machine that it was not told of. */
  unshared: number;
  /** Wide ones that no second machine reported yet (`fleet.quorum`); asked for again another day. */
  held: number;
}
