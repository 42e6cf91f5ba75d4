import { wholeAddress } from './fields.ts';
import { bytesOf, unquote } from './literal.ts';
import type { ExpectedReading } from './tree.ts';

/** What an example says, without its place. */
export interface ExampleText {
  readonly line: Uint8Array;
  readonly expected: 'ambiguous' | ExpectedReading;
}

const EXPECTATIONS =
  'address A, no address or ambiguous; then message NAME and user U where they matter';

/**
 * Reads what follows `>`: a line, the last ` | `, and what the line must be read as. Returns what
 * is wrong where it cannot.
 */
export function readExample(text: string): ExampleText | string {
  const bar = text.lastIndexOf(' | ');
  if (bar < 0) return `the example does not say what it is: after " | " write ${EXPECTATIONS}`;
  const line = readLine(text.slice(0, bar));
  if (typeof line === 'string') return line;
  const expected = readExpected(text.slice(bar + 3).trim());
  return typeof expected === 'string' && expected !== 'ambiguous' ? expected : { line, expected };
}

/**
 * Reads a line of a log: as it stands without the space around it, or in quotes, where the space
 * belongs to it and the escapes of a literal hold. Returns what is wrong where it cannot.
 */
export function readLine(text: string): Uint8Array | string {
  const trimmed = text.trim();
  if (!isQuoted(trimmed)) return bytesOf(trimmed);
  const bytes = unquote(trimmed);
  return typeof bytes === 'string' ? bytes : Uint8Array.from(bytes);
}

/** What is wrong, as a text, where it is not `ambiguous`. */
function readExpected(text: string): ExpectedReading | string {
  if (text === 'ambiguous') return 'ambiguous';
  let address: string | undefined;
  let message: string | undefined;
  let user: Uint8Array | undefined;
  let addressSaid = false;
  // The user comes last and takes the rest, as a user name may have a comma in it.
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
    } else return `"${clause}" is not understood; write ${EXPECTATIONS}`;
  }
  if (!addressSaid) return `the example names no address; write ${EXPECTATIONS}`;
  return { message, address, user };
}

function isQuoted(text: string): boolean {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"');
}
