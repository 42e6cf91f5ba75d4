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

/**
 * What a scanner found in a line. One object is filled again for each line, so that a million
 * lines make no garbage; it is only to be read when `scan` returned a message.
 */
export interface Reading {
  /** 0 where the message names no address; the words as in an Address, unsigned. */
  family: 0 | 4 | 6;
  a: number;
  b: number;
  c: number;
  d: number;
  /** Where the user name lies in the bytes; -1 where there is none. */
  userStart: number;
  userEnd: number;
}

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
  /**
   * The same of a line that lies in the memory that scanners share; what was read lies there too.
   * Undefined for what is no compiled grammar.
   */
  readonly inMemory?: () => (start: number, end: number) => number;
}

export function emptyReading(): Reading {
  return { family: 0, a: 0, b: 0, c: 0, d: 0, userStart: -1, userEnd: -1 };
}
