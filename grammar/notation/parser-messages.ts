import type {
  IParserErrorMessageProvider,
  IRecognitionException,
  IToken,
  TokenType,
} from 'chevrotain';
import { Head, Service } from './lexer.ts';
import type { Location } from './tree.ts';

/** Messages in the terms of grammar/README.md. */
export const PARSER_MESSAGES: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) =>
    `expected ${labelOf(expected)}, found ${foundText(actual)}`,
  buildNotAllInputParsedMessage: ({ firstRedundant }) =>
    `expected a name in the first column or the end of the file, found ${foundText(firstRedundant)}`,
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual }) =>
    `expected ${firstOf(expectedPathsPerAlt.flat())}, found ${foundText(actual[0])}`,
  buildEarlyExitMessage: ({ expectedIterationPaths, actual }) =>
    `expected ${firstOf(expectedIterationPaths)}, found ${foundText(actual[0])}`,
};

function firstOf(paths: readonly (readonly TokenType[])[]): string {
  const labels = [...new Set(paths.flatMap(([first]) => (first ? [labelOf(first)] : [])))];
  const last = labels.pop() ?? 'something else';
  return labels.length === 0 ? last : `${labels.join(', ')} or ${last}`;
}

function labelOf(type: TokenType): string {
  return type.LABEL ?? type.name;
}

function foundText(token: IToken | undefined): string {
  if (!token || token.image === '') return 'the end of the file';
  return token.tokenType === Head || token.tokenType === Service
    ? `${token.image} in the first column (continued lines must be indented)`
    : token.image;
}

export function locationOf(token: IToken): Location {
  return { line: token.startLine ?? 1, column: token.startColumn ?? 1 };
}

export function locationOfError({ token }: IRecognitionException, end: Location): Location {
  return Number.isInteger(token.startLine) ? locationOf(token) : end;
}

export function endLocation(text: string): Location {
  const lines = text.trimEnd().split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
