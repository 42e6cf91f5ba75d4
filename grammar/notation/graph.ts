import type { Flat } from './flatten.ts';
import { type Field, type Location, namesAddress } from './tree.ts';

/**
 * A message as a graph: a state is what must match from here to the end of the line. Branches that
 * join again share what follows. There are no loops.
 */
export type State = EndState | LiteralState | FieldState | ChoiceState;

/** What is known of the rest of a line that a state matches. */
interface Rest {
  /** Its length in bytes; `most` may be Infinity. */
  readonly least: number;
  readonly most: number;
  /** Whether some path to the end has an ADDRESS. */
  readonly addressAhead: boolean;
  /** The bytes with which it can begin. */
  readonly firstBytes: ReadonlySet<number>;
  /** The bytes with which it always begins. */
  readonly prefix: readonly number[];
}

interface EndState extends Rest {
  readonly type: 'end';
}

export interface LiteralState extends Rest {
  readonly type: 'literal';
  readonly at: Location;
  readonly bytes: readonly number[];
  readonly next: State;
}

export interface FieldState extends Rest {
  readonly type: 'field';
  readonly at: Location;
  readonly field: Field;
  readonly next: State;
}

interface ChoiceState extends Rest {
  readonly type: 'choice';
  readonly at: Location;
  readonly branches: readonly State[];
}

/** The first state of the graph of a message. */
export function graphOf(flat: Flat): State {
  const build = (part: Flat, next: State): State => {
    switch (part.type) {
      case 'sequence':
        return part.items.reduceRight((rest, item) => build(item, rest), next);
      case 'literal':
        return literalState(part.at, part.bytes, next);
      case 'field':
        return fieldState(part.at, part.field, next);
      case 'choice': {
        const branches = part.branches.map((branch) => build(branch, next));
        return choiceState(part.at, branches);
      }
    }
  };
  const end: EndState = {
    type: 'end',
    least: 0,
    most: 0,
    addressAhead: false,
    firstBytes: new Set(),
    prefix: [],
  };
  return build(flat, end);
}

/** The states at `state`, with choices replaced by their branches. */
export function followers(state: State): readonly State[] {
  return state.type === 'choice' ? state.branches.flatMap(followers) : [state];
}

/** Every state once, in the order of a line. */
export function statesOf(start: State): readonly State[] {
  const seen = new Set<State>();
  const visit = (state: State): void => {
    if (seen.has(state)) return;
    for (const next of nextOf(state)) visit(next);
    seen.add(state);
  };
  visit(start);
  return [...seen].toReversed();
}

export function nextOf(state: State): readonly State[] {
  if (state.type === 'end') return [];
  return state.type === 'choice' ? state.branches : [state.next];
}

/** Whether the field is the rest of a JSON array: what follows ends one. */
export function isRestOfArray({ field, next }: FieldState): boolean {
  return (
    field === 'FORWARDED' &&
    next.type === 'literal' &&
    next.bytes[0] === 0x22 &&
    next.bytes[1] === 0x5d
  );
}

function literalState(at: Location, bytes: readonly number[], next: State): LiteralState {
  const length = bytes.length;
  return {
    type: 'literal',
    at,
    bytes,
    next,
    least: length + next.least,
    most: length + next.most,
    addressAhead: next.addressAhead,
    firstBytes: new Set(bytes.slice(0, 1)),
    prefix: [...bytes, ...next.prefix],
  };
}

function fieldState(at: Location, field: Field, next: State): FieldState {
  const { least, most, firstBytes } = FIELD_SHAPES[field];
  return {
    type: 'field',
    at,
    field,
    next,
    least: least + next.least,
    most: most + next.most,
    addressAhead: namesAddress(field) || next.addressAhead,
    firstBytes: least === 0 ? ANY_BYTE : firstBytes,
    prefix: [],
  };
}

function choiceState(at: Location, branches: readonly State[]): ChoiceState {
  return {
    type: 'choice',
    at,
    branches,
    least: Math.min(...branches.map((branch) => branch.least)),
    most: Math.max(...branches.map((branch) => branch.most)),
    addressAhead: branches.some((branch) => branch.addressAhead),
    firstBytes: new Set(branches.flatMap((branch) => [...branch.firstBytes])),
    prefix: commonPrefix(branches.map((branch) => branch.prefix)),
  };
}

function commonPrefix(prefixes: readonly (readonly number[])[]): readonly number[] {
  const [first = [], ...others] = prefixes;
  const differs = first.findIndex((byte, index) => others.some((other) => other[index] !== byte));
  return differs < 0 ? first : first.slice(0, differs);
}

const ANY_BYTE: ReadonlySet<number> = new Set(Array.from({ length: 256 }, (_, byte) => byte));
const DIGITS: ReadonlySet<number> = new Set(Buffer.from('0123456789'));
const NO_SPACE: ReadonlySet<number> = new Set([...ANY_BYTE].filter((byte) => byte !== 0x20));

/**
 * Instead of an ADDRESS there can be a name of 255 bytes and a colon, which is longer than any address;
 * brackets, colon and port add 8 to the name.
 */
const FIELD_SHAPES: Readonly<
  Record<Field, { least: number; most: number; firstBytes: ReadonlySet<number> }>
> = {
  ADDRESS: { least: 0, most: 256, firstBytes: ANY_BYTE },
  ENDPOINT: { least: 2, most: 263, firstBytes: ANY_BYTE },
  'DOTTED-ENDPOINT': { least: 0, most: 256, firstBytes: ANY_BYTE },
  PORT: { least: 1, most: 5, firstBytes: DIGITS },
  INT: { least: 1, most: 20, firstBytes: DIGITS },
  WORD: { least: 1, most: Number.POSITIVE_INFINITY, firstBytes: NO_SPACE },
  USER: { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
  TEXT: { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
  QUOTED: { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
  'QUOTED-USER': { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
  FORWARDED: { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
  BARE: { least: 1, most: Number.POSITIVE_INFINITY, firstBytes: NO_SPACE },
  'BARE-USER': { least: 1, most: Number.POSITIVE_INFINITY, firstBytes: NO_SPACE },
  SESSION: { least: 1, most: Number.POSITIVE_INFINITY, firstBytes: NO_SPACE },
  'SESSION-PORT': { least: 1, most: 5, firstBytes: DIGITS },
  'SESSION-PID': { least: 1, most: 20, firstBytes: DIGITS },
  METHOD: { least: 1, most: Number.POSITIVE_INFINITY, firstBytes: NO_SPACE },
  REQUEST: { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
  STATUS: { least: 1, most: 20, firstBytes: DIGITS },
  REFERRER: { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
  AGENT: { least: 0, most: Number.POSITIVE_INFINITY, firstBytes: ANY_BYTE },
};
