import { formatAddress } from '../../src/net/address-text.ts';
import { type Fault, faultAt } from './fault.ts';
import { wholeAddress } from './fields.ts';
import { bytesOf } from './literal.ts';
import { emptyReading } from './reading.ts';
import { AMBIGUOUS, type Scanner } from './scanner.ts';
import type { Example, ExpectedReading, Grammar, MessageRule } from './tree.ts';

/**
 * Runs every example and forged line of a grammar through its scanner. Each fault tells what was
 * expected and what was read.
 */
export function checkExamples(grammar: Grammar, scanner: Scanner): readonly Fault[] {
  return grammar.messages.flatMap((message) => [
    ...message.examples.flatMap((example) => {
      const { expected, came } = compare(example, message, scanner);
      return expected === came ? [] : [faultAt(example.at, `expected ${expected}; read ${came}`)];
    }),
    ...message.forged.flatMap(({ at, line }) => {
      const came = readingText(scanner, line, true);
      return came === 'no message' ? [] : [faultAt(at, `expected no message; read ${came}`)];
    }),
  ]);
}

function compare({ line, expected }: Example, { name }: MessageRule, scanner: Scanner) {
  if (expected === 'ambiguous') return { expected, came: readingText(scanner, line, true) };
  return {
    expected: expectedText(expected, name),
    // The user is compared only if the example names one.
    came: readingText(scanner, line, expected.user !== undefined),
  };
}

function expectedText({ message, address, user }: ExpectedReading, name: string): string {
  const named = address === undefined ? undefined : wholeAddress(bytesOf(address));
  return textOf(message ?? name, named && formatAddress(named), user);
}

function readingText(scanner: Scanner, line: Uint8Array, withUser: boolean): string {
  const reading = emptyReading();
  const found = scanner.scan(line, 0, line.length, reading);
  if (found === AMBIGUOUS) return 'ambiguous';
  const message = scanner.messages[found];
  if (!message) return 'no message';
  const { family, userStart, userEnd } = reading;
  const address = family === 0 ? undefined : formatAddress({ ...reading, family });
  const hasUser = withUser && userStart >= 0;
  return textOf(message.name, address, hasUser ? line.subarray(userStart, userEnd) : undefined);
}

function textOf(
  message: string,
  address: string | undefined,
  user: Uint8Array | undefined,
): string {
  const named = address === undefined ? 'no address' : `address ${address}`;
  // Latin-1, as a name may not be valid UTF-8.
  const who = user ? `, user ${JSON.stringify(Buffer.from(user).toString('latin1'))}` : '';
  return `${message}, ${named}${who}`;
}
