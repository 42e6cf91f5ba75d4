import type { Address } from '../net/address.ts';
import type { Seconds } from './entry.ts';

/** What is the same in many offences. There is one object for each, so that === compares them. */
export interface OffenceKind {
  /** The service that spoke, and which of its messages it was: `sshd`, `failed-login`. */
  readonly service: string;
  readonly message: string;
  /** The log it stands in and the host that the line names; empty where there is none. */
  readonly log: string;
  readonly host: string;
}

/** An event that counts against an address. */
export interface Offence {
  readonly at: Seconds;
  readonly address: Address;
  /** What it adds to the points of its prefix; above 0. */
  readonly points: number;
  /** How many events it stands for (a repeated message); at least 1. */
  readonly count: number;
  /** The source port of the last of them; undefined if none is named. */
  readonly port: number | undefined;
  readonly kind: OffenceKind;
}
