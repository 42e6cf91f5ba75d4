import { type Address, addressOf } from '../../src/net/address.ts';
import { LINES } from '../fields/memory-map.ts';
import { exportsOf, fieldsModule } from './assembly.ts';
import { memoryBytes, words } from './memory.ts';

/**
 * The end of the field that begins at `start`, or -1 if there is none; `end` is that of the line. All
 * are offsets in the memory.
 */
export type FieldEnd = (start: number, end: number) => number;

/** The functions of grammar/fields; those that find an address leave it in `words`. */
export interface Fields {
  readonly addressAt: FieldEnd;
  readonly endpointAt: FieldEnd;
  readonly dottedEndpointAt: FieldEnd;
  readonly nameEnd: FieldEnd;
  readonly beforeFullStop: FieldEnd;
  readonly nameAndPortEnd: FieldEnd;
  readonly pastColon: FieldEnd;
  readonly portEnd: FieldEnd;
  readonly intEnd: FieldEnd;
  readonly wordEnd: FieldEnd;
  /** A whole number of 53 bits; `seed` is a 32-bit integer. */
  readonly hash: (start: number, end: number, seed: number) => number;
  readonly quotedEnd: FieldEnd;
  readonly bareEnd: FieldEnd;
  readonly arrayEnd: FieldEnd;
}

let loaded: Fields | undefined;

/** Loaded when the first scanner needs them. */
export function fields(): Fields {
  // The build compiles them from grammar/fields/index.ts.
  loaded ??= exportsOf(fieldsModule()) as unknown as Fields;
  return loaded;
}

/** With a zone. */
const MAX_ADDRESS_BYTES = 61;

/** The address that `bytes` are as a whole. Not to be called while a line is read. */
export function wholeAddress(bytes: Uint8Array): Address | undefined {
  if (bytes.length > MAX_ADDRESS_BYTES) return undefined;
  memoryBytes.set(bytes, LINES);
  const end = LINES + bytes.length;
  if (fields().addressAt(LINES, end) !== end) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, family] = words;
  return family === 4 ? addressOf(4, a) : addressOf(6, a, b, c, d);
}
