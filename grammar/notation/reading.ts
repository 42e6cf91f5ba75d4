import { READING } from '../fields/memory-map.ts';

/**
 * What a scanner found in a line. One object is reused for all lines; it is valid only if `scan`
 * returned a message.
 */
export interface Reading {
  /** 0 if the message names no address; the words are those of an Address, unsigned. */
  family: 0 | 4 | 6;
  a: number;
  b: number;
  c: number;
  d: number;
  /** Of the peer; -1 if the message names none. */
  port: number;
  /** Where the user name is in the bytes of the line; -1 if there is none. */
  userStart: number;
  userEnd: number;
  /** Where the words that identify the connection are; -1 if there are none. */
  sessionStart: number;
  sessionEnd: number;
  /** Where the parts of a request are, if the message has such; -1 if there is none. */
  methodStart: number;
  methodEnd: number;
  requestStart: number;
  requestEnd: number;
  statusStart: number;
  statusEnd: number;
  referrerStart: number;
  referrerEnd: number;
  agentStart: number;
  agentEnd: number;
  /** Where the list of addresses that proxies forwarded is; -1 if there is none. */
  forwardedStart: number;
  forwardedEnd: number;
}

/** The fields in the order in which a compiled scanner leaves them in memory, an i32 each. */
export const READING_FIELDS = [
  'family',
  'a',
  'b',
  'c',
  'd',
  'port',
  'userStart',
  'userEnd',
  'sessionStart',
  'sessionEnd',
  'methodStart',
  'methodEnd',
  'requestStart',
  'requestEnd',
  'statusStart',
  'statusEnd',
  'referrerStart',
  'referrerEnd',
  'agentStart',
  'agentEnd',
  'forwardedStart',
  'forwardedEnd',
] as const;

/** Their byte offsets in memory. */
export const READING_OFFSETS = Object.fromEntries(
  READING_FIELDS.map((field, index) => [field, READING + 4 * index]),
) as Readonly<Record<keyof Reading, number>>;

export function emptyReading(): Reading {
  return {
    family: 0,
    a: 0,
    b: 0,
    c: 0,
    d: 0,
    port: -1,
    userStart: -1,
    userEnd: -1,
    sessionStart: -1,
    sessionEnd: -1,
    methodStart: -1,
    methodEnd: -1,
    requestStart: -1,
    requestEnd: -1,
    statusStart: -1,
    statusEnd: -1,
    referrerStart: -1,
    referrerEnd: -1,
    agentStart: -1,
    agentEnd: -1,
    forwardedStart: -1,
    forwardedEnd: -1,
  };
}
