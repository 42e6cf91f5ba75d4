import { emptyReading, type Reading } from '../../grammar/notation/reading.ts';
import { AMBIGUOUS, NO_MATCH } from '../../grammar/notation/scanner.ts';
import {
  type Expression,
  type Field,
  type Grammar,
  isQuoted,
  REQUEST_FIELDS,
} from '../../grammar/notation/tree.ts';
import { parseAddressReference } from './address-text.ts';
import {
  arrayLength,
  bareLength,
  intLength,
  lengthBeforeFullStop,
  nameAndPortLengths,
  nameLengths,
  portLength,
  quotedLength,
  readAddress,
  readDottedEndpoint,
  readEndpoint,
  wordLength,
} from './read-fields.ts';

/** What a scanner should find in a line. */
export interface Interpreted {
  /** The name of the message, NO_MATCH or AMBIGUOUS. */
  readonly message: string | typeof NO_MATCH | typeof AMBIGUOUS;
  /** Undefined if there is no message. */
  readonly reading: Reading | undefined;
  /** The address of the reading as text, '' if there is none. */
  readonly address: string;
  readonly user: string | undefined;
}

interface Found {
  readonly end: number;
  /** NOBODY if there is a name instead of an address. */
  readonly address: string;
  /** A quoted text in front of the address ends at a quote that the service should have escaped. */
  readonly isDoubted: boolean;
  readonly port: number;
  readonly user: { readonly start: number; readonly end: number } | undefined;
  readonly session: { readonly start: number; readonly end: number } | undefined;
  /** The parts of a request. */
  readonly parts: Partial<Reading>;
}

const NOBODY = 'nobody';
const BEGINNING: Found = {
  end: 0,
  address: '',
  isDoubted: false,
  port: -1,
  user: undefined,
  session: undefined,
  parts: {},
};
const NONE = { reading: undefined, address: '', user: undefined };

const READ_ADDRESS = {
  ADDRESS: readAddress,
  ENDPOINT: readEndpoint,
  'DOTTED-ENDPOINT': readDottedEndpoint,
} as const;

/**
 * Tries every way of deriving the line (one character a byte, fewer than 900, from where on a line
 * may have been cut) and looks at all of them.
 */
export function interpretGrammar(grammar: Grammar, line: string): Interpreted {
  const rules = new Map(grammar.rules.map(({ name, body }) => [name, body]));
  let first: Interpreted | undefined;
  let isDoubted = false;
  const addresses = new Set<string>();
  for (const { name, body } of grammar.messages) {
    for (const found of readings(body, BEGINNING)) {
      // Any quoted text could be the rest of a line without an address.
      if (found.end !== line.length || (found.isDoubted && found.address === '')) continue;
      addresses.add(found.address);
      if (found.address === NOBODY) continue;
      if (found.isDoubted) isDoubted = true;
      else first ??= interpreted(name, found);
    }
  }
  // No address is named by either.
  if (addresses.has('')) addresses.delete(NOBODY);
  if (addresses.size > 1) return { message: AMBIGUOUS, ...NONE };
  return first ?? { message: isDoubted ? AMBIGUOUS : NO_MATCH, ...NONE };

  function interpreted(
    message: string,
    { address, port, user, session, parts }: Found,
  ): Interpreted {
    const reading = {
      ...emptyReading(),
      ...parseAddressReference(address),
      port,
      ...(user && { userStart: user.start, userEnd: user.end }),
      ...(session && { sessionStart: session.start, sessionEnd: session.end }),
      ...parts,
    };
    return { message, reading, address, user: user && line.slice(user.start, user.end) };
  }

  function* readings(expression: Expression, from: Found): Generator<Found> {
    switch (expression.type) {
      case 'literal': {
        const text = String.fromCharCode(...expression.bytes);
        if (line.startsWith(text, from.end)) yield { ...from, end: from.end + text.length };
        return;
      }
      case 'header-field':
        // Of the rule `file`, which no message uses.
        return;
      case 'name':
        yield* readings(rules.get(expression.name)!, from);
        return;
      case 'choice':
        for (const branch of expression.branches) yield* readings(branch, from);
        return;
      case 'optional':
        yield* readings(expression.body, from);
        yield from;
        return;
      case 'sequence':
        yield* inOrder(expression.items, from);
        return;
      case 'field':
        yield* fieldReadings(expression.field, line, from);
        if (isQuoted(expression.field) && (from.address === '' || from.isDoubted)) {
          yield* doubtedReadings(line, from);
        }
    }
  }

  function* inOrder(items: readonly Expression[], from: Found): Generator<Found> {
    const [item, ...rest] = items;
    if (!item) yield from;
    else for (const found of readings(item, from)) yield* inOrder(rest, found);
  }
}

/** A service that escapes no quotes could have ended the text at any of them. */
function* doubtedReadings(line: string, from: Found): Generator<Found> {
  for (let end = line.indexOf('"', from.end); end >= 0; end = line.indexOf('"', end + 1)) {
    yield { ...from, end, isDoubted: true };
  }
}

/** The fields that match the same. */
const PLAIN = { SESSION: 'WORD', 'SESSION-PID': 'INT', 'SESSION-PORT': 'PORT' } as const;
const PLAIN_PARTS = {
  METHOD: 'BARE',
  REQUEST: 'QUOTED',
  STATUS: 'INT',
  REFERRER: 'QUOTED',
  AGENT: 'QUOTED',
} as const;

function* fieldReadings(field: Field, line: string, from: Found): Generator<Found> {
  const start = from.end;
  switch (field) {
    case 'USER':
      for (let end = line.length; end >= start; end--) {
        yield { ...from, end, user: { start, end } };
      }
      return;
    case 'TEXT':
      for (let end = line.length; end >= start; end--) yield { ...from, end };
      return;
    case 'QUOTED':
    case 'QUOTED-USER':
    case 'BARE':
    case 'BARE-USER': {
      const isInQuotes = field.startsWith('QUOTED');
      const length = (isInQuotes ? quotedLength : bareLength)(line.slice(start));
      if (length === undefined) return;
      const end = start + length;
      yield { ...from, end, user: field.endsWith('USER') ? { start, end } : from.user };
      return;
    }
    case 'FORWARDED': {
      const rest = line.slice(start);
      const [text, array] = [quotedLength(rest), arrayLength(rest)];
      for (const length of array === text ? [text] : [array, text]) {
        if (length === undefined) continue;
        const end = start + length;
        yield {
          ...from,
          end,
          parts: { ...from.parts, forwardedStart: start, forwardedEnd: end },
        };
      }
      return;
    }
    case 'WORD':
      for (let end = start + wordLength(line.slice(start)); end > start; end--) {
        yield { ...from, end };
      }
      return;
    case 'INT':
    case 'PORT': {
      const length = (field === 'INT' ? intLength : portLength)(line.slice(start));
      if (length === undefined) return;
      const end = start + length;
      const isPeers = field === 'PORT' && from.address !== '' && from.port < 0;
      yield { ...from, end, port: isPeers ? Number(line.slice(start, end)) : from.port };
      return;
    }
    case 'SESSION':
    case 'SESSION-PID':
    case 'SESSION-PORT':
      for (const found of fieldReadings(PLAIN[field], line, from)) {
        yield { ...found, session: { start, end: found.end } };
      }
      return;
    case 'METHOD':
    case 'REQUEST':
    case 'STATUS':
    case 'REFERRER':
    case 'AGENT': {
      const [first, last] = REQUEST_FIELDS[field];
      for (const found of fieldReadings(PLAIN_PARTS[field], line, from)) {
        yield { ...found, parts: { ...from.parts, [first]: start, [last]: found.end } };
      }
      return;
    }
    case 'ADDRESS':
    case 'ENDPOINT':
    case 'DOTTED-ENDPOINT': {
      const found = READ_ADDRESS[field](line.slice(start));
      if (found) yield { ...from, port: -1, ...found, end: start + found.length };
      else {
        const rest = line.slice(start);
        const before = field === 'ENDPOINT' ? undefined : lengthBeforeFullStop(rest);
        const lengths = (field === 'ENDPOINT' ? nameAndPortLengths : nameLengths)(rest);
        if (before !== undefined) lengths.push(before);
        for (const length of lengths) yield { ...from, end: start + length, address: NOBODY };
      }
    }
  }
}
