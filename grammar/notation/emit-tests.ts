import type { State } from './graph.ts';
import {
  branchWhen,
  type Code,
  differs,
  get,
  int,
  type Label,
  type Local,
  load,
  long,
  not,
  op,
  when,
} from './wasm/code.ts';

/** The text to search for; of a literal it is the whole, which then need not be compared again. */
function searchText(next: State): readonly number[] {
  return next.type === 'literal' ? next.bytes : next.prefix;
}

/** Continues with the next position if `next` cannot be at q. */
export function searchTest(next: State, q: Local, e: Local, again: Label): Code {
  const bytes = searchText(next);
  const tests = bytes.length > 0 ? differsFrom(bytes, q, 0) : optional(firstByteTest(next, q));
  const tested = tests.map((test) => branchWhen(test, again));
  // At the end of the line nothing may be left.
  return next.least === 0 ? when(op(get(q), '<', get(e)), tested) : tested;
}

const WIDTHS = [8, 4, 2, 1] as const;

/**
 * Compares bytes that are known to be in the line with these, up to eight at a time. A test is not zero
 * if they differ.
 */
export function differsFrom(bytes: readonly number[], base: Local, offset: number): Code[] {
  const tests: Code[] = [];
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.length - at;
    // The last bytes are read together with some that were already compared.
    const width = WIDTHS.find((one) => one <= rest || (one < rest * 2 && one <= bytes.length)) ?? 1;
    const from = Math.min(at, bytes.length - width);
    tests.push(differsAt(bytes.slice(from, from + width), width, base, offset + from));
    at = from + width;
  }
  return tests;
}

function differsAt(
  bytes: readonly number[],
  width: (typeof WIDTHS)[number],
  base: Local,
  offset: number,
): Code {
  const value = bytes.reduceRight((high, byte) => high * 256n + BigInt(byte), 0n);
  const expected = width === 8 ? long(value) : int(Number(value));
  return differs(load(width, get(base), offset), expected, width);
}

const MAX_BYTES_TESTED = 8;

/** Tests that the state cannot begin with this byte; undefined if it can begin with most. */
export function firstByteTest({ firstBytes }: State, at: Local): Code | undefined {
  if (firstBytes.size > MAX_BYTES_TESTED) return undefined;
  const byte = load(1, get(at), 0);
  const [first = int(0), ...others] = [...firstBytes].map((one) => op(byte, '==', int(one)));
  return not(others.reduce((left, right) => op(left, '|', right), first));
}

function optional(test: Code | undefined): readonly Code[] {
  return test === undefined ? [] : [test];
}
