import { exportsOf } from './assembly.ts';
import type { CompiledGrammar } from './compile.ts';
import { fields } from './fields.ts';
import { LINE_LIMIT_BYTES, memory, offsetInMemory } from './memory.ts';
import { READING_OFFSETS, type Reading } from './reading.ts';
import { NO_MATCH, type Scanner } from './scanner.ts';

/** A grammar whose code is loaded with the first line that it reads. */
export interface LateGrammar extends Omit<CompiledGrammar, 'wasm'> {
  readonly wasm: () => Uint8Array;
}

type Scan = (start: number, end: number) => number;

/** The scanner of a compiled grammar. */
export function instantiate({ wasm, ...described }: LateGrammar): Scanner {
  let loaded: Scan | undefined;
  const usesRequest = described.messages.some(({ request }) => request !== undefined);
  const scan: Scanner['scan'] = (bytes, start, end, reading) => {
    if (end - start > LINE_LIMIT_BYTES) return NO_MATCH;
    loaded ??= scanOf(wasm());
    const offset = offsetInMemory(bytes, start, end);
    const message = loaded(offset, offset + end - start);
    if (message < 0) return message;
    takeReading(reading, start - offset);
    if (usesRequest) takeRequest(reading, start - offset);
    else forgetRequest(reading);
    return message;
  };
  return { ...described, scan };
}

function scanOf(wasm: Uint8Array): Scan {
  // The compiler exports it from every module.
  return exportsOf(wasm, { ...fields() })['scan'] as Scan;
}

const ints = new Int32Array(memory.buffer);
const FAMILY = READING_OFFSETS.family >> 2;
const A = READING_OFFSETS.a >> 2;
const B = READING_OFFSETS.b >> 2;
const C = READING_OFFSETS.c >> 2;
const D = READING_OFFSETS.d >> 2;
const PORT = READING_OFFSETS.port >> 2;
const USER_START = READING_OFFSETS.userStart >> 2;
const USER_END = READING_OFFSETS.userEnd >> 2;
const SESSION_START = READING_OFFSETS.sessionStart >> 2;
const SESSION_END = READING_OFFSETS.sessionEnd >> 2;

/** Takes what the scanner left in memory; `shift` turns an offset there into one in the line's bytes. */
function takeReading(reading: Reading, shift: number): void {
  const family = ints[FAMILY] ?? 0;
  reading.family = family === 4 ? 4 : family === 6 ? 6 : 0;
  reading.a = (ints[A] ?? 0) >>> 0;
  reading.b = (ints[B] ?? 0) >>> 0;
  reading.c = (ints[C] ?? 0) >>> 0;
  reading.d = (ints[D] ?? 0) >>> 0;
  reading.port = ints[PORT] ?? -1;
  const userStart = ints[USER_START] ?? -1;
  reading.userStart = userStart < 0 ? -1 : userStart + shift;
  reading.userEnd = userStart < 0 ? -1 : (ints[USER_END] ?? -1) + shift;
  const sessionStart = ints[SESSION_START] ?? -1;
  reading.sessionStart = sessionStart < 0 ? -1 : sessionStart + shift;
  reading.sessionEnd = sessionStart < 0 ? -1 : (ints[SESSION_END] ?? -1) + shift;
}

const METHOD = READING_OFFSETS.methodStart >> 2;

/** As takeReading: the parts of a request, which lie one after the other. */
function takeRequest(reading: Reading, shift: number): void {
  const at = (index: number): number => {
    const place = ints[METHOD + index] ?? -1;
    return place < 0 ? -1 : place + shift;
  };
  reading.methodStart = at(0);
  reading.methodEnd = at(1);
  reading.requestStart = at(2);
  reading.requestEnd = at(3);
  reading.statusStart = at(4);
  reading.statusEnd = at(5);
  reading.referrerStart = at(6);
  reading.referrerEnd = at(7);
  reading.agentStart = at(8);
  reading.agentEnd = at(9);
  reading.forwardedStart = at(10);
  reading.forwardedEnd = at(11);
}

/** The reading may be that of another scanner before. */
function forgetRequest(reading: Reading): void {
  reading.methodStart = -1;
  reading.requestStart = -1;
  reading.statusStart = -1;
  reading.referrerStart = -1;
  reading.agentStart = -1;
  reading.forwardedStart = -1;
}
