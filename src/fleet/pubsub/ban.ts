import type { Expiry, Origin, Seconds } from '../../blocklist/entry.ts';
import { type Address, FAMILY_BITS } from '../../net/address.ts';
import { formatAddress } from '../../net/address-text.ts';
import type { Prefix } from '../../net/prefix.ts';
import { DETAIL_FIELDS, type Details } from '../../validation/evidence.ts';

/** A message names the address, the host and the time itself, and no log. */
const { log: _, host: __, ...fields } = DETAIL_FIELDS;
export const MESSAGE_FIELDS = fields;

/** Why a prefix is blocked. */
type BanEvidence = Omit<Details, 'log' | 'host'>;

/** A prefix that a host blocks: until when, and why. */
export interface Ban {
  readonly prefix: Prefix;
  /** The offender; undefined for a block by hand. */
  readonly address: Address | undefined;
  readonly expiresAt: Expiry;
  readonly origin: Origin;
  /** At most MAX_EVIDENCE. */
  readonly evidence: readonly BanEvidence[];
  readonly note: string;
}

/** The address as text, if the ban is of one or names its offender. */
export function addressText({ prefix, address }: Pick<Ban, 'prefix' | 'address'>) {
  const one = prefix.length === FAMILY_BITS[prefix.family] ? prefix : undefined;
  const named = address ?? one;
  return named && formatAddress(named);
}

/** A ban as it is published. */
export interface BanMessage {
  readonly ban: Ban;
  /** The machine, as a user of the API. */
  readonly sender: string;
  /** Where it was published; empty in messages of earlier versions. */
  readonly channel: string;
  /** Rises with each message of the sender, so that none is accepted twice. */
  readonly number: number;
  readonly at: Seconds;
}

/** More evidence is left out of a message. */
export const MAX_EVIDENCE = 16;
