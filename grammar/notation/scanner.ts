import type { Reading } from './reading.ts';

/** See grammar/README.md. */
export type MessageKind = 'attempt' | 'sign' | 'login' | 'note';

/** A message of a service, as its grammar declares it. */
export interface GrammarMessage {
  readonly name: string;
  readonly kind: MessageKind;
  /** 0 for a login or a note. */
  readonly points: number;
}

/** `scan` found no message. */
export const NO_MATCH = -1;
/** Two readings of the line name different addresses. */
export const AMBIGUOUS = -2;

/** Recognises the messages of a service. */
export interface Scanner {
  readonly service: string;
  /** The programs whose lines it reads. */
  readonly programs: readonly string[];
  readonly messages: readonly GrammarMessage[];
  /**
   * Reads the message that bytes[start, end) are as a whole. Returns its index, NO_MATCH or
   * AMBIGUOUS.
   */
  readonly scan: (bytes: Uint8Array, start: number, end: number, reading: Reading) => number;
}
