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

/** The text that a search looks for: all that is then compared already where it is a literal. */
function searchText(next: State): readonly number[] {
  return next.type === 'literal' ? next.bytes : next.prefix;
}

/** Goes on with the next at where what follows cannot stand at q. */
export function searchTest(next: State, q: Local, e: Local, again: Label): Code {
  const bytes = searchText(next);
  const tests = bytes.length > 0 ? differsFrom(bytes, q, 0) : optional(firstByteTest(next, q));
  const tested = tests.map((test) => branchWhen(test, again));
  // At the end of the line nothing may be left.
  return next.least === 0 ? when(op(get(q), '<', get(e)), tested) : tested;
}

const WIDTHS = [8, 4, 2, 1] as const;

/**
 * Tests whether bytes that are known to lie in the line are others than these, as many at a time as
 * it can: each test gives no zero where they are.
 */
export function differsFrom(bytes: readonly number[], base: Local, offset: number): Code[] {
  const tests: Code[] = [];
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.length - at;
    // The last ones are read together with some that were compared already.
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

/** Tests whether the state cannot begin with the byte at a at; undefined where most can. */
export function firstByteTest({ firstBytes }: State, at: Local): Code | undefined {
  if (firstBytes.size > MAX_BYTES_TESTED) return undefined;
  const byte = load(1, get(at), 0);
  const [first = int(0), ...others] = [...firstBytes].map((one) => op(byte, '==', int(one)));
  return not(others.reduce((left, right) => op(left, '|', right), first));
}

function optional(test: Code | undefined): readonly Code[] {
  return test === undefined ? [] : [test];
}
