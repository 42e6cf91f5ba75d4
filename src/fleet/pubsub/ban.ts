import type { Expiry, Origin, Seconds } from '../../blocklist/entry.ts';
import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';

/** One kind of offence, and how often it was seen. */
interface BanEvidence {
  readonly service: string;
  readonly message: string;
  readonly count: number;
}

/** What one host tells the others: this prefix is blocked, until when, and why. */
export interface Ban {
  readonly prefix: Prefix;
  /** Who offended; undefined for a block by hand. */
  readonly address: Address | undefined;
  readonly expiresAt: Expiry;
  readonly origin: Origin;
  /** No more than 16. */
  readonly evidence: readonly BanEvidence[];
  readonly note: string;
}

/** A ban under way: who says so, when, and which of his messages it is. */
export interface Message {
  readonly ban: Ban;
  readonly sender: string;
  /** Rises with each message of the sender, so that none counts twice. */
  readonly number: number;
  readonly at: Seconds;
}

/** Evidence beyond this is left out of a message. */
export const MAX_EVIDENCE = 16;
