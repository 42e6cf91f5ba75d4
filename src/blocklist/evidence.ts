import type { Address } from '../net/address.ts';
import type { Seconds } from './entry.ts';

/** What led to an activation or hit it since: one kind of message from one address. */
export interface Evidence {
  /** Undefined in the sum for addresses beyond the limit. */
  readonly address: Address | undefined;
  readonly service: string;
  readonly message: string;
  /** The TCP or UDP source port of the latest offence; undefined if it names none. */
  readonly port: number | undefined;
  /** The number of offences. */
  readonly count: number;
  readonly firstSeen: Seconds;
  readonly lastSeen: Seconds;
  /** The name of the log; empty if there is none. */
  readonly log: string;
  /** The host that the log lines name; empty if there is none. */
  readonly host: string;
  /** The trusted proxy through which the offender came; empty if there is none. */
  readonly proxy: string;
  /**
   * The rules of the policy that decided the points; empty if none did. In the fleet, where they have
   * no rows of their own, those of the latest offence.
   */
  readonly rule: string;
}

/** How many offences they are together. */
export function hitsOf(rows: Iterable<{ readonly count: number }>): number {
  let hits = 0;
  for (const { count } of rows) hits += count;
  return hits;
}

/** The proxy through which all of them came, or the first of several; empty if somebody came directly. */
export function proxyOf(rows: Iterable<Pick<Evidence, 'proxy'>>): string {
  let first: string | undefined;
  // The empty text comes before all others.
  for (const { proxy } of rows) if (first === undefined || proxy < first) first = proxy;
  return first ?? '';
}

/** The details of evidence without any. */
export const NO_DETAILS = {
  service: '',
  message: '',
  log: '',
  host: '',
  proxy: '',
  rule: '',
  port: undefined,
} as const;
