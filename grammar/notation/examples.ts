import { formatAddress } from '../../src/net/address-text.ts';
import { type Fault, faultAt } from './fault.ts';
import { bytesOf } from './literal.ts';
import { addressAt, words } from './runtime.ts';
import { AMBIGUOUS, emptyReading, type Reading, type Scanner } from './scanner.ts';
import type { Example, ExpectedReading, Grammar, MessageRule } from './tree.ts';

/**
 * Runs every example and forged line of a grammar through its scanner. Each fault says what was
 * expected and what came.
 */
export function checkExamples(grammar: Grammar, scanner: Scanner): readonly Fault[] {
  return grammar.messages.flatMap((message) => [
    ...message.examples.flatMap((example) => {
      const { expected, came } = compare(example, message, scanner);
      return expected === came ? [] : [faultAt(example.at, `expected ${expected}; came ${came}`)];
    }),
    ...message.forged.flatMap(({ at, line }) => {
      const came = readingText(scanner, line, true);
      return came === 'no message' ? [] : [faultAt(at, `expected no message; came ${came}`)];
    }),
  ]);
}

function compare({ line, expected }: Example, { name }: MessageRule, scanner: Scanner) {
  if (expected === 'ambiguous') return { expected, came: readingText(scanner, line, true) };
  return {
    expected: expectedText(expected, name),
    // Of the user only where the example says something of him.
    came: readingText(scanner, line, expected.user !== undefined),
  };
}

function expectedText({ message, address, user }: ExpectedReading, name: string): string {
  let named: string | undefined;
  if (address !== undefined) {
    const bytes = bytesOf(address);
    addressAt(bytes, 0, bytes.length);
    const [a = 0, b = 0, c = 0, d = 0, family] = words;
    const rest = family === 4 ? [0, 0, 0] : [b, c, d];
    named = addressText({
      family: family === 4 ? 4 : 6,
      a,
      b: rest[0] ?? 0,
      c: rest[1] ?? 0,
      d: rest[2] ?? 0,
    });
  }
  return said(message ?? name, named, user);
}

function readingText(scanner: Scanner, line: Uint8Array, withUser: boolean): string {
  const reading = emptyReading();
  const found = scanner.scan(line, 0, line.length, reading);
  if (found === AMBIGUOUS) return 'ambiguous';
  const message = scanner.messages[found];
  if (!message) return 'no message';
  const { family, userStart, userEnd } = reading;
  const address = family === 0 ? undefined : addressText({ ...reading, family });
  const hasUser = withUser && userStart >= 0;
  return said(message.name, address, hasUser ? line.subarray(userStart, userEnd) : undefined);
}

function said(message: string, address: string | undefined, user: Uint8Array | undefined): string {
  const named = address === undefined ? 'no address' : `address ${address}`;
  // Latin-1, as a name may hold bytes that are no UTF-8: each byte is one character.
  const who = user ? `, user ${JSON.stringify(Buffer.from(user).toString('latin1'))}` : '';
  return `${message}, ${named}${who}`;
}

function addressText({
  family,
  a,
  b,
  c,
  d,
}: Pick<Reading, 'a' | 'b' | 'c' | 'd'> & { family: 4 | 6 }): string {
  return formatAddress({ family, a: a >>> 0, b: b >>> 0, c: c >>> 0, d: d >>> 0 });
}
