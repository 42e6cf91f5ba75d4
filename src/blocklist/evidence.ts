import type { Address } from '../net/address.ts';
import type { Seconds } from './entry.ts';

/** Why an activation happened, or what has hit it since: one kind of message from one address. */
export interface Evidence {
  /** Undefined where more addresses offended than are kept one by one. */
  readonly address: Address | undefined;
  readonly service: string;
  readonly message: string;
  /** The TCP or UDP source port of the latest of them; undefined where it names none. */
  readonly port: number | undefined;
  /** How many offences of this kind. */
  readonly count: number;
  readonly firstSeen: Seconds;
  readonly lastSeen: Seconds;
  /** The log that told of it, as it was named; empty where there was none. */
  readonly log: string;
  /** The host that the log lines name; empty where they name none. */
  readonly host: string;
}

/** The details of evidence that has none. */
export const NO_DETAILS = { service: '', message: '', log: '', host: '', port: undefined } as const;
