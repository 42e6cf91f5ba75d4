import type { Address } from '../net/address.ts';
import type { Seconds } from './entry.ts';

/**
 * A keyed hash of a user's name and the group of services that share their users, a whole number
 * from 1 to 2^53 - 1. Undefined: no user is named.
 */
export type UserHash = number | undefined;

/** What many offences have in common. Equal kinds are the same object. */
export interface OffenceKind {
  /** The service and its message: `sshd`, `failed-login`. */
  readonly service: string;
  readonly message: string;
  /** The name of the log and the host that the line names; empty if there is none. */
  readonly log: string;
  readonly host: string;
  /** The trusted proxy through which the offender came, as text; empty if there is none. */
  readonly proxy: string;
  /** It proves little: it hits, prolongs and brings back entries, and counts for no new one. */
  readonly isWitness?: true | undefined;
  /** The rules that decided its points or window; undefined if none did. */
  readonly rule?: string | undefined;
  /** The conditions on users that hold, a bit each. It is known of new offences alone. */
  readonly users?: number | undefined;
}

/** An event that counts against an address. */
export interface Offence {
  readonly at: Seconds;
  readonly address: Address;
  /** Added to the points of its prefix; above 0. */
  readonly points: number;
  /** The number of events, above 1 for a repeated message. */
  readonly count: number;
  /** The source port of the last of them; undefined if none is named. */
  readonly port: number | undefined;
  /** The user that it names. */
  readonly user: UserHash;
  readonly kind: OffenceKind;
  /** The key of its first event; undefined where it is not known, or is not to be told. */
  readonly key?: number | undefined;
  /** It was judged with an earlier log, and goes on counting for its automatic prefix only. */
  readonly isJudged?: true | undefined;
}
