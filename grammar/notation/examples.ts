import { type Fault, faultAt } from './fault.ts';
import { bytesOf } from './literal.ts';
import { addressAt, words } from './runtime.ts';
import { AMBIGUOUS, emptyReading, NO_MATCH, type Reading, type Scanner } from './scanner.ts';
import type { Example, ExpectedReading, Forged, Grammar, MessageRule } from './tree.ts';

/** Runs every example and forged line of a grammar through its scanner; gives what fails. */
export function checkExamples(grammar: Grammar, scanner: Scanner): readonly Fault[] {
  const reading = emptyReading();
  const scan = (line: Uint8Array) => scanner.scan(line, 0, line.length, reading);
  return grammar.messages.flatMap((message) => [
    ...message.examples.flatMap((example) => checkExample(example, message)),
    ...message.forged.flatMap(checkForged),
  ]);

  function checkExample({ at, line, expected }: Example, message: MessageRule): Fault[] {
    const found = scan(line);
    if (expected === 'ambiguous') {
      return found === AMBIGUOUS ? [] : [faultAt(at, `is not ambiguous: ${resultText(found)}`)];
    }
    const name = expected.message ?? message.name;
    if (found < 0 || scanner.messages[found]?.name !== name) {
      return [faultAt(at, `is not ${name}: ${resultText(found)}`)];
    }
    return [...addressFaults(expected), ...userFaults(expected, line)].map((fault) =>
      faultAt(at, fault),
    );
  }

  function checkForged({ at, line }: Forged): Fault[] {
    const found = scan(line);
    return found === NO_MATCH ? [] : [faultAt(at, `must not match: ${resultText(found)}`)];
  }

  function addressFaults({ address }: ExpectedReading): string[] {
    if (address === undefined) {
      return reading.family === 0 ? [] : ['names an address, and should name none'];
    }
    return isAddress(reading, address) ? [] : [`does not name the address ${address}`];
  }

  function userFaults({ user }: ExpectedReading, line: Uint8Array): string[] {
    if (user === undefined) return [];
    if (reading.userStart < 0) return ['names no user'];
    const found = textOf(line.subarray(reading.userStart, reading.userEnd));
    return found === textOf(user) ? [] : [`names the user ${JSON.stringify(found)}`];
  }

  function resultText(found: number): string {
    if (found === NO_MATCH) return 'no message matches';
    return found === AMBIGUOUS
      ? 'its readings name different addresses'
      : `it is ${scanner.messages[found]?.name}`;
  }
}

function isAddress(reading: Reading, text: string): boolean {
  const bytes = bytesOf(text);
  addressAt(bytes, 0, bytes.length);
  const [a = 0, b = 0, c = 0, d = 0, family] = words;
  if (reading.family !== family || reading.a !== a >>> 0) return false;
  return family === 4 || (reading.b === b >>> 0 && reading.c === c >>> 0 && reading.d === d >>> 0);
}

/** Latin-1, as a name may hold bytes that are no UTF-8: each byte is one character. */
function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
