import { wholeAddress } from './fields.ts';
import { bytesOf, unquote } from './literal.ts';
import type { ExpectedReading } from './tree.ts';

/** An example without its location. */
export interface ExampleText {
  readonly line: Uint8Array;
  readonly expected: 'ambiguous' | ExpectedReading;
}

const EXPECTATIONS =
  'address A, no address or ambiguous; then message NAME and user U where they matter';

/**
 * Reads what follows `>`: a line, ` | `, and how the line must be read. Returns the fault as a text if
 * it cannot.
 */
export function readExample(text: string): ExampleText | string {
  const bar = text.lastIndexOf(' | ');
  if (bar < 0) return `the example has no expectation: after " | " write ${EXPECTATIONS}`;
  const line = readLine(text.slice(0, bar));
  if (typeof line === 'string') return line;
  const expected = readExpected(text.slice(bar + 3).trim());
  return typeof expected === 'string' && expected !== 'ambiguous' ? expected : { line, expected };
}

/**
 * Reads a line of a log: without the space around it, or in quotes, where space is kept and the escapes
 * of a literal apply. Returns the fault as a text if it cannot.
 */
export function readLine(text: string): Uint8Array | string {
  const trimmed = text.trim();
  if (!isQuoted(trimmed)) return bytesOf(trimmed);
  const bytes = unquote(trimmed);
  return typeof bytes === 'string' ? bytes : Uint8Array.from(bytes);
}

/** Returns the fault as a text if it cannot; `ambiguous` is an expectation. */
function readExpected(text: string): ExpectedReading | string {
  if (text === 'ambiguous') return 'ambiguous';
  let address: string | undefined;
  let message: string | undefined;
  let user: Uint8Array | undefined;
  let addressSaid = false;
  // The user is last and takes the rest, as a user name may contain a comma.
  const userAt = /(?:^|, )user /u.exec(text);
  if (userAt) {
    const bytes = readLine(text.slice(userAt.index + userAt[0].length));
    if (typeof bytes === 'string') return bytes;
    user = bytes;
  }
  for (const clause of (userAt ? text.slice(0, userAt.index) : text).split(', ')) {
    const [word = '', value = '', ...more] = clause.split(' ');
    const good = value !== '' && more.length === 0;
    if (clause === 'no address' && !addressSaid) addressSaid = true;
    else if (word === 'message' && good && message === undefined) message = value;
    else if (word === 'address' && good && !addressSaid) {
      if (!wholeAddress(bytesOf(value))) return `${value} is not an address`;
      addressSaid = true;
      address = value;
    } else return `unknown expectation "${clause}"; write ${EXPECTATIONS}`;
  }
  if (!addressSaid) return `the example names no address; write ${EXPECTATIONS}`;
  return { message, address, user };
}

function isQuoted(text: string): boolean {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"');
}
