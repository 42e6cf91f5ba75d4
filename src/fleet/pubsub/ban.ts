import type { Expiry, Origin, Seconds } from '../../blocklist/entry.ts';
import type { Address } from '../../net/address.ts';
import type { Prefix } from '../../net/prefix.ts';
import { DETAIL_FIELDS, type Details } from '../../validation/evidence.ts';

/** A message names the address, the host and the time itself, and no log. */
const { log: _, host: __, ...fields } = DETAIL_FIELDS;
export const MESSAGE_FIELDS = fields;

/** Why a prefix is blocked. */
export type BanEvidence = Omit<Details, 'log' | 'host'>;

/** What one host shares with the others: a prefix, until when it is blocked, and why. */
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
