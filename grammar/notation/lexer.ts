import { createToken, type ILexingError, Lexer, type TokenType } from 'chevrotain';
import { type Fault, faultAt } from './fault.ts';

/** `service` at the beginning of a statement. */
export const Service = atLineStart('Service', /service(?![A-Za-z0-9-])/y, 'service');
/** The name at the beginning of a statement, the only name in the first column. */
export const Head = atLineStart('Head', /[a-z][a-z0-9-]*/y, 'a name in the first column');

export const Name = createToken({
  name: 'Name',
  pattern: /[a-z][a-z0-9-]*/,
  label: 'a name',
});
/** A keyword only after the name of a message; elsewhere a name. */
export const Kind = createToken({
  name: 'Kind',
  pattern: /(?:attempt|sign|witness|login|note)(?![a-z0-9-])/,
  label: 'attempt, sign, witness, login or note',
  categories: [Name],
});
/** A keyword only after the kind of a message. */
export const Role = createToken({
  name: 'Role',
  pattern: /(?:opens|closes|once)(?![a-z0-9-])/,
  label: 'opens, closes or once',
  categories: [Name],
});
/** A keyword only after the programs of a service. */
export const Writers = createToken({
  name: 'Writers',
  pattern: /(?:users|processes)(?![a-z0-9-])/,
  label: 'users or processes',
  categories: [Name],
});
export const FieldName = createToken({
  name: 'FieldName',
  pattern: /[A-Z][A-Za-z0-9-]*/,
  label: 'a field',
});
export const Quoted = createToken({
  name: 'Quoted',
  pattern: /"(?:[^"\\\r\n]|\\[^\r\n])*"/,
  label: 'text in quotes',
});
export const Points = createToken({ name: 'Points', pattern: /[0-9]+/, label: 'points' });
export const Equals = createToken({ name: 'Equals', pattern: '=', label: '=' });
export const Bar = createToken({ name: 'Bar', pattern: '|', label: '|' });
export const RoundOpen = createToken({ name: 'RoundOpen', pattern: '(', label: '(' });
export const RoundClose = createToken({ name: 'RoundClose', pattern: ')', label: ')' });
export const SquareOpen = createToken({ name: 'SquareOpen', pattern: '[', label: '[' });
export const SquareClose = createToken({ name: 'SquareClose', pattern: ']', label: ']' });
export const ExampleLine = createToken({
  name: 'ExampleLine',
  pattern: /[>!][^\r\n]*/,
  label: 'an example (>) or a forged line (!)',
});
const Space = createToken({
  name: 'Space',
  pattern: /[ \t\r\n]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
const Comment = createToken({ name: 'Comment', pattern: /#[^\r\n]*/, group: Lexer.SKIPPED });

/** Every token, in order of precedence. */
export const TOKENS: TokenType[] = [
  Space,
  Comment,
  Service,
  Head,
  Kind,
  Role,
  Writers,
  Name,
  FieldName,
  Quoted,
  Points,
  Equals,
  Bar,
  RoundOpen,
  RoundClose,
  SquareOpen,
  SquareClose,
  ExampleLine,
];

const lexer = new Lexer(TOKENS, {
  positionTracking: 'full',
  ensureOptimizations: true,
});

/** The tokens of a grammar, and faults for what is none. */
export function tokenize(text: string) {
  const { tokens, errors } = lexer.tokenize(text);
  return { tokens, faults: errors.map((error) => lexingFault(error, text)) };
}

function lexingFault(error: ILexingError, text: string): Fault {
  const found = text.charAt(error.offset);
  const location = { line: error.line ?? 1, column: error.column ?? 1 };
  return faultAt(
    location,
    found === '"'
      ? 'unterminated text; inside a text write \\" for a quote'
      : `${JSON.stringify(found)} is unexpected; put text of a message in quotes`,
  );
}

function atLineStart(name: string, pattern: RegExp, label: string): TokenType {
  return createToken({
    name,
    label,
    line_breaks: false,
    start_chars_hint: 'abcdefghijklmnopqrstuvwxyz'.split(''),
    pattern: (text: string, offset: number) => {
      if (offset > 0 && text[offset - 1] !== '\n') return null;
      pattern.lastIndex = offset;
      return pattern.exec(text);
    },
  });
}
