import type { State } from './graph.ts';

/** The text that a search looks for: all that is then compared already where it is a literal. */
export function searchText(next: State): readonly number[] {
  return next.type === 'literal' ? next.bytes : next.prefix;
}

/** Statements that go on with the next place where what follows cannot stand at q. */
export function searchTest(next: State, q: string): string {
  const bytes = searchText(next);
  const test = bytes.length > 0 ? textTest(bytes, q, 0, '===', ' && ') : firstByteTest(next, q);
  if (test === '') return '';
  const notLast = next.least === 0 ? `${q} < e && ` : '';
  return `if (${notLast}!(${test})) continue;\n`;
}

/**
 * Compares bytes that are known to lie in the line, four at a time where it can: a place in a
 * DataView is as fast to read as one in an array.
 */
export function textTest(
  bytes: readonly number[],
  base: string,
  offset: number,
  operator: '===' | '!==',
  join: string,
): string {
  const tests: string[] = [];
  for (let i = 0; i < bytes.length; ) {
    const rest = bytes.length - i;
    const [size, read] = rest >= 4 ? WIDE : rest >= 2 ? DOUBLE : SINGLE;
    // The last ones are read together with some that were compared already.
    const from = rest === 3 && i > 0 ? i - 1 : i;
    const [width, reader] = from < i ? WIDE : [size, read];
    const value = bytes.slice(from, from + width).reduceRight((high, byte) => high * 256 + byte, 0);
    tests.push(
      `${reader(sum(base, offset + from))} ${operator} ${width === 4 ? value | 0 : value}`,
    );
    i = from + width;
  }
  return tests.join(join);
}

const WIDE = [4, (place: string) => `view.getInt32(${place}, true)`] as const;
const DOUBLE = [2, (place: string) => `view.getUint16(${place}, true)`] as const;
const SINGLE = [1, (place: string) => `b[${place}]`] as const;

const MOST_BYTES_TESTED = 8;

/** Whether the byte at a place is one that the state can begin with; '' where most are. */
export function firstByteTest({ firstBytes }: State, place: string): string {
  if (firstBytes.size > MOST_BYTES_TESTED) return '';
  return [...firstBytes].map((byte) => `b[${place}] === ${byte}`).join(' || ');
}

export function sum(base: string, offset: number): string {
  return offset === 0 ? base : `${base} + ${offset}`;
}
