import { READING } from '../fields/memory-map.ts';
import { exportsOf } from './assembly.ts';
import type { CompiledGrammar } from './compile.ts';
import { fields } from './fields.ts';
import { LINE_LIMIT_BYTES, memory, placeOf } from './memory.ts';
import { NO_MATCH, type Reading, type Scanner } from './scanner.ts';

/** A grammar whose code is read when its first line comes. */
export interface LateGrammar extends Omit<CompiledGrammar, 'wasm'> {
  readonly wasm: () => Uint8Array;
}

type Scan = (start: number, end: number) => number;

/** The scanner of a grammar that was compiled, be it long ago. */
export function instantiate({ service, programs, messages, wasm }: LateGrammar): Scanner {
  let loaded: Scan | undefined;
  const inMemory = (): Scan => (loaded ??= scanOf(wasm()));
  const scan: Scanner['scan'] = (bytes, start, end, reading) => {
    if (end - start > LINE_LIMIT_BYTES) return NO_MATCH;
    const place = placeOf(bytes, start, end);
    const found = (loaded ?? inMemory())(place, place + end - start);
    if (found >= 0) takeReading(reading, start - place);
    return found;
  };
  return { service, programs, messages, scan, inMemory };
}

function scanOf(wasm: Uint8Array): Scan {
  // The compiler exports it from every module.
  return exportsOf(wasm, {}, { ...fields() })['scan'] as Scan;
}

const family = new Int32Array(memory.buffer, READING, 1);
const words = new Uint32Array(memory.buffer, READING + 4, 4);
const user = new Int32Array(memory.buffer, READING + 20, 2);

/** Takes what a scanner read; `shift` turns a place in the memory into one in the line's bytes. */
function takeReading(reading: Reading, shift: number): void {
  const found = family[0] ?? 0;
  reading.family = found === 4 ? 4 : found === 6 ? 6 : 0;
  reading.a = found === 0 ? 0 : (words[0] ?? 0);
  reading.b = found === 6 ? (words[1] ?? 0) : 0;
  reading.c = found === 6 ? (words[2] ?? 0) : 0;
  reading.d = found === 6 ? (words[3] ?? 0) : 0;
  const userStart = user[0] ?? -1;
  reading.userStart = userStart < 0 ? -1 : userStart + shift;
  reading.userEnd = userStart < 0 ? -1 : (user[1] ?? -1) + shift;
}

/** Puts an address where a scanner leaves the one that it read. */
export function putAddress(
  address: Pick<Reading, 'a' | 'b' | 'c' | 'd'> & { family: number },
): void {
  family[0] = address.family;
  words[0] = address.a;
  words[1] = address.b;
  words[2] = address.c;
  words[3] = address.d;
}
