import type { PrefixList } from '../net/prefix-list.ts';

/** A change to what a firewall holds. All lists are in the order of comparePrefixes. */
export interface Change {
  readonly wanted: PrefixList;
  readonly added: PrefixList;
  readonly removed: PrefixList;
  /** The table does not exist or is not in our form, and is to be replaced. */
  readonly whole: boolean;
}

/** What is wrong, and what to do about it. */
export interface FirewallFault {
  readonly text: string;
  readonly advice: string;
}

/**
 * Holds the rules: a table of our own in pf or nftables, or a file. Nothing else in the firewall is
 * touched. All methods may throw McblockError('program' or 'file') with what the program wrote and
 * what to do about it.
 */
export interface Firewall {
  /** For messages: `pf table mcblock`. */
  readonly name: string;
  /** What it holds, sorted; undefined if it does not exist or is not in our form. */
  read(): Promise<PrefixList | undefined>;
  change(change: Change): Promise<void>;
  /**
   * Adds prefixes without reading the table, at a cost that does not depend on its size. False if the
   * table must be read first. Absent if reading is cheap.
   */
  readonly add?: (prefixes: PrefixList) => Promise<boolean>;
  /**
   * Starts the program that `add` needs, which takes longer than what it then does, where it does not
   * run. `release` ends it. Absent if there is nothing to start ahead.
   */
  readonly prepare?: () => void;
  readonly release?: () => void;
  /** Kills the states of hosts in these prefixes. Absent if not needed. */
  readonly kill?: (prefixes: PrefixList) => Promise<void>;
  /** Why the firewall may not block the rules that it holds. Absent if rules always block. */
  readonly fault?: (rules: number) => Promise<FirewallFault | undefined>;
  /**
   * Called once the rules are in place, whether or not anything changed. `force` as for reconcile.
   */
  readonly finish?: (rules: PrefixList, force: boolean) => Promise<void>;
}
