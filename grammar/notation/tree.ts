import type { MessageKind } from './scanner.ts';

/** Where something stands in a grammar: both from 1, the column in UTF-16 units. */
export interface Location {
  readonly line: number;
  readonly column: number;
}

/** The fields a message can have; what each matches stands in grammar/README.md. */
export const FIELDS = ['ADDRESS', 'ENDPOINT', 'PORT', 'USER', 'WORD', 'INT', 'TEXT'] as const;

export type Field = (typeof FIELDS)[number];

/** Whether what a field matches names the peer. */
export function namesAddress(field: Field): boolean {
  return field === 'ADDRESS' || field === 'ENDPOINT';
}

/** What stands on the right of `=`, as it was written. */
export type Expression =
  | { readonly type: 'literal'; readonly at: Location; readonly bytes: readonly number[] }
  | { readonly type: 'field'; readonly at: Location; readonly field: Field }
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

/** `name KIND [POINTS] = expression`, with the lines that show what it is to match. */
export interface MessageRule {
  readonly at: Location;
  readonly name: string;
  readonly kind: MessageKind;
  /** undefined where the grammar names none. */
  readonly points: number | undefined;
  readonly body: Expression;
  readonly examples: readonly Example[];
  readonly forged: readonly Forged[];
}

/** `> line | what it must be read as` */
export interface Example {
  readonly at: Location;
  readonly line: Uint8Array;
  readonly expected: 'ambiguous' | ExpectedReading;
}

export interface ExpectedReading {
  /** The message that the line is; undefined for the one that the example stands under. */
  readonly message: string | undefined;
  /** As it was written, known to be a good address; undefined where the line names none. */
  readonly address: string | undefined;
  /** undefined where the example says nothing of the user. */
  readonly user: Uint8Array | undefined;
}

/** `! line` that no message of the service may match. */
export interface Forged {
  readonly at: Location;
  readonly line: Uint8Array;
}

/** One grammar file. */
export interface Grammar {
  readonly service: string;
  readonly programs: readonly string[];
  readonly rules: readonly SubRule[];
  readonly messages: readonly MessageRule[];
}
