import type { FileForm } from './file-fields.ts';
import type { Reading } from './reading.ts';

/** See grammar/README.md. */
export type MessageKind = 'attempt' | 'sign' | 'witness' | 'login' | 'note';

/**
 * What a message tells of its connection: it begins it, ends it, or occurs at most once in it.
 */
export type ConnectionRole = 'opens' | 'closes' | 'once';

/**
 * What identifies a connection, if not the process that writes the line: the process and the peer's
 * port, an identifier that the service gives it, or another process.
 */
export type SessionKind = 'port' | 'word' | 'pid';

/**
 * What a message tells of a request to a web server: `any`, as a grammar declares it; `listed`, in the
 * list of requests; `missing`, refused and not listed; `scan`, for many of these.
 */
export type RequestRole = 'any' | 'listed' | 'missing' | 'scan';

/** A message of a service, as its grammar declares it. */
export interface GrammarMessage {
  readonly name: string;
  readonly kind: MessageKind;
  /** 0 for a login or a note, 1 for a witness. */
  readonly points: number;
  readonly role?: ConnectionRole | undefined;
  readonly session?: SessionKind | undefined;
  /** The message names no address: its peer is the one of the message that opened the connection. */
  readonly takesPeer?: true | undefined;
  /** It may name a user. */
  readonly namesUser?: true | undefined;
  readonly request?: RequestRole | undefined;
}

/** `scan` found no message. */
export const NO_MATCH = -1;
/** Two readings of the line name different addresses. */
export const AMBIGUOUS = -2;

/** What a grammar says of its service. */
export interface ServiceDeclaration {
  readonly service: string;
  /** The programs whose lines it reads. */
  readonly programs: readonly string[];
  /** Users other than root that its processes run as. */
  readonly users: readonly string[];
  /** Processes that write in the name of one of its programs, besides these. */
  readonly processes: readonly string[];
  /** How it begins the lines of a file of its own; undefined if nothing is known of such. */
  readonly file?: FileForm | undefined;
}

/** Recognises the messages of a service. */
export interface Scanner extends ServiceDeclaration {
  readonly messages: readonly GrammarMessage[];
  /**
   * Reads the message that bytes[start, end) are as a whole. Returns its index, NO_MATCH or
   * AMBIGUOUS.
   */
  readonly scan: (bytes: Uint8Array, start: number, end: number, reading: Reading) => number;
}
