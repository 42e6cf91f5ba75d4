import type { Reading } from './reading.ts';

/** What a message tells of; see grammar/README.md. */
export type MessageKind = 'attempt' | 'sign' | 'login' | 'note';

/** One kind of message of a service, as its grammar declares it. */
export interface Message {
  readonly name: string;
  readonly kind: MessageKind;
  /** 0 for a login and a note. */
  readonly points: number;
}

/** `scan` found no message that the line is. */
export const NO_MATCH = -1;
/** The line can be read in two ways that name different addresses. */
export const AMBIGUOUS = -2;

/** What a grammar is compiled to. */
export interface Scanner {
  readonly service: string;
  /** The program names whose lines it reads. */
  readonly programs: readonly string[];
  readonly messages: readonly Message[];
  /**
   * Reads the message in bytes[start, end), from its first byte to its last. Returns the index of
   * the message, NO_MATCH or AMBIGUOUS.
   */
  readonly scan: (bytes: Uint8Array, start: number, end: number, reading: Reading) => number;
}
