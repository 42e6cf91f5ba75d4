import type { PrefixList } from '../net/prefix-list.ts';

/** What is to become of what a firewall holds. All lists are in the order of comparePrefixes. */
export interface Change {
  readonly wanted: PrefixList;
  /** Wanted and not held; held and not wanted. */
  readonly added: PrefixList;
  readonly removed: PrefixList;
  /** What is held is not known or not as we write it: then all of it is put in its place anew. */
  readonly whole: boolean;
}

/**
 * What holds the rules: a table of our own in pf or nftables, or a file. Nothing else of it is ever
 * touched. Everything may throw McblockError 'program' or 'file', with what the program said and
 * what to do about it.
 */
export interface Firewall {
  /** For messages, such as `the pf table mcblock`. */
  readonly name: string;
  /** What it holds, in order; undefined where that is nothing of ours, or not as we write it. */
  read(): Promise<PrefixList | undefined>;
  change(change: Change): Promise<void>;
  /**
   * Puts these in besides what it holds, without a look at that: it costs the same however much that
   * is. False where it has to be read first. Absent where reading costs next to nothing.
   */
  readonly add?: (prefixes: PrefixList) => Promise<boolean>;
  /** Ends the connections that hosts in these prefixes have. Absent where that is not needed. */
  readonly kill?: (prefixes: PrefixList) => Promise<void>;
  /** Called once the rules are as wanted, whether or not anything had to be changed. */
  readonly finish?: () => Promise<void>;
}
