import { checkExamples } from '../../grammar/notation/examples.ts';
import type { Fault } from '../../grammar/notation/fault.ts';
import { scannerOf } from '../../grammar/notation/load.ts';
import { readGrammar } from '../../grammar/notation/read.ts';
import { emptyReading, type Reading } from '../../grammar/notation/reading.ts';
import type { NO_MATCH, Scanner } from '../../grammar/notation/scanner.ts';
import type { Interpreted } from '../reference/interpret-grammar.ts';

/** What a compiled scanner finds in a line (one character a byte), as the reference puts it. */
export function scanLine(scanner: Scanner, line: string): Interpreted {
  // Between other bytes, so that reading past an end shows.
  const bytes = Buffer.from(`7${line}7 from 203.0.113.1 port 1`, 'latin1');
  const reading = emptyReading();
  const found = scanner.scan(bytes, 1, 1 + line.length, reading);
  if (found < 0) {
    return { message: found as typeof NO_MATCH, reading: undefined, address: '', user: undefined };
  }
  const { userStart, userEnd } = reading;
  // As offsets in the line.
  const shifted = Object.fromEntries(
    Object.entries(reading).map(([name, value]) => [
      name,
      /Start$|End$/.test(name) && value >= 0 ? value - 1 : value,
    ]),
  ) as unknown as Reading;
  return {
    message: scanner.messages[found]!.name,
    reading: shifted,
    address: addressText(reading),
    user: userStart < 0 ? undefined : bytes.toString('latin1', userStart, userEnd),
  };
}

/** RFC 5952, by way of a browser's URL. */
export function addressText({
  family,
  a,
  b,
  c,
  d,
}: Pick<Reading, 'family' | 'a' | 'b' | 'c' | 'd'>) {
  if (family === 0) return '';
  if (family === 4) return [a >>> 24, (a >>> 16) & 255, (a >>> 8) & 255, a & 255].join('.');
  const groups = [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff]);
  const text = groups.map((group) => group.toString(16)).join(':');
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** The scanner of a grammar that has no fault. */
export function scannerOfText(text: string): Scanner {
  return scannerOf(readGrammar(text, 'x.grammar'));
}

/** The faults of a grammar's examples. */
export function exampleFaults(text: string): readonly Fault[] {
  const grammar = readGrammar(text, 'x.grammar');
  return checkExamples(grammar, scannerOf(grammar));
}

/** The message of the error that a grammar is refused with. */
export function refusal(text: string): string {
  try {
    readGrammar(text, 'x.grammar');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the grammar was read');
}
