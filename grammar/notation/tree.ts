import type { HeaderField } from './file-fields.ts';
import type { ConnectionRole, MessageKind, ServiceDeclaration, SessionKind } from './scanner.ts';

/** A location in a grammar, from 1; columns are UTF-16 units. */
export interface Location {
  readonly line: number;
  readonly column: number;
}

/** The fields of messages; see grammar/README.md. */
export const FIELDS = [
  'ADDRESS',
  'ENDPOINT',
  'DOTTED-ENDPOINT',
  'PORT',
  'USER',
  'WORD',
  'INT',
  'TEXT',
  'QUOTED',
  'QUOTED-USER',
  'BARE',
  'BARE-USER',
  'FORWARDED',
  'SESSION',
  'SESSION-PORT',
  'SESSION-PID',
  'METHOD',
  'REQUEST',
  'STATUS',
  'REFERRER',
  'AGENT',
] as const;

export type Field = (typeof FIELDS)[number];

/** Whether the field names the peer. */
export function namesAddress(field: Field): boolean {
  return field === 'ADDRESS' || field === 'ENDPOINT' || field === 'DOTTED-ENDPOINT';
}

/** Whether the field names the user. */
export function namesUser(field: Field): boolean {
  return field === 'USER' || field === 'QUOTED-USER' || field === 'BARE-USER';
}

/** Whether the field is what a service put in quotes, or left without as it needs none. */
export function isValue(field: Field): boolean {
  return isQuoted(field) || field === 'BARE' || field === 'BARE-USER' || field === 'METHOD';
}

const QUOTED_FIELDS: ReadonlySet<Field> = new Set([
  'QUOTED',
  'QUOTED-USER',
  'REQUEST',
  'REFERRER',
  'AGENT',
  'FORWARDED',
]);

/** Whether the field ends at a quote. */
export function isQuoted(field: Field): boolean {
  return QUOTED_FIELDS.has(field);
}

/** The fields of a request to a web server, and the names of their ends in a Reading. */
export const REQUEST_FIELDS = {
  METHOD: ['methodStart', 'methodEnd'],
  REQUEST: ['requestStart', 'requestEnd'],
  STATUS: ['statusStart', 'statusEnd'],
  REFERRER: ['referrerStart', 'referrerEnd'],
  AGENT: ['agentStart', 'agentEnd'],
  FORWARDED: ['forwardedStart', 'forwardedEnd'],
} as const;

export type RequestField = keyof typeof REQUEST_FIELDS;

/** Whether the field tells of a request to a web server. */
export function isOfRequest(field: Field): field is RequestField {
  return field in REQUEST_FIELDS;
}

/** The fields that identify the connection. */
const SESSION_KINDS: Readonly<Partial<Record<Field, SessionKind>>> = {
  SESSION: 'word',
  'SESSION-PORT': 'port',
  'SESSION-PID': 'pid',
};

/** How the field identifies the connection; undefined if it does not. */
export function sessionKind(field: Field): SessionKind | undefined {
  return SESSION_KINDS[field];
}

/** The right side of a statement, as written. */
export type Expression =
  | { readonly type: 'literal'; readonly at: Location; readonly bytes: readonly number[] }
  | { readonly type: 'field'; readonly at: Location; readonly field: Field }
  | { readonly type: 'header-field'; readonly at: Location; readonly field: HeaderField }
  | { readonly type: 'name'; readonly at: Location; readonly name: string }
  | { readonly type: 'sequence'; readonly at: Location; readonly items: readonly Expression[] }
  | { readonly type: 'choice'; readonly at: Location; readonly branches: readonly Expression[] }
  | { readonly type: 'optional'; readonly at: Location; readonly body: Expression };

/** `name = expression` */
export interface SubRule {
  readonly at: Location;
  readonly name: string;
  readonly body: Expression;
}

/** `name KIND [POINTS] [ROLE] = expression`, with its examples. */
export interface MessageRule {
  readonly at: Location;
  readonly name: string;
  readonly kind: MessageKind;
  /** Undefined if there are none. */
  readonly points: number | undefined;
  readonly role: ConnectionRole | undefined;
  readonly body: Expression;
  readonly examples: readonly Example[];
  readonly forged: readonly Forged[];
}

/** `> line | expectation` */
export interface Example {
  readonly at: Location;
  readonly line: Uint8Array;
  readonly expected: 'ambiguous' | ExpectedReading;
}

export interface ExpectedReading {
  /** Default: the message to which the example belongs. */
  readonly message: string | undefined;
  /** As written, and valid; undefined if the line names none. */
  readonly address: string | undefined;
  /** Undefined if the example does not name the user. */
  readonly user: Uint8Array | undefined;
}

/** `! line`, which no message of the service may match. */
export interface Forged {
  readonly at: Location;
  readonly line: Uint8Array;
}

/** One grammar file. */
export interface Grammar extends ServiceDeclaration {
  readonly rules: readonly SubRule[];
  readonly messages: readonly MessageRule[];
}
