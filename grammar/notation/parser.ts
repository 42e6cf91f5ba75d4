import { EmbeddedActionsParser, type IToken } from 'chevrotain';
import { readExample, readLine } from './example.ts';
import { type Fault, faultAt } from './fault.ts';
import { HEADER_FIELDS } from './file-fields.ts';
import {
  Bar,
  Equals,
  ExampleLine,
  FieldName,
  Head,
  Kind,
  Name,
  Points,
  Quoted,
  Role,
  RoundClose,
  RoundOpen,
  Service,
  SquareClose,
  SquareOpen,
  TOKENS,
  tokenize,
  Writers,
} from './lexer.ts';
import { unquote } from './literal.ts';
import { endLocation, locationOf, locationOfError, PARSER_MESSAGES } from './parser-messages.ts';
import type { ConnectionRole, MessageKind } from './scanner.ts';
import {
  type Example,
  type Expression,
  FIELDS,
  type Forged,
  type Grammar,
  type MessageRule,
  type SubRule,
} from './tree.ts';

/**
 * Parses a grammar. If there are faults, as many as possible are returned, and the tree is not to be
 * used.
 */
export function parseGrammar(text: string): { grammar: Grammar; faults: readonly Fault[] } {
  const { tokens, faults } = tokenize(text);
  parser.text = text;
  parser.faults = faults;
  parser.input = tokens;
  const grammar = parser.file();
  const end = endLocation(text);
  for (const error of parser.errors)
    faults.push(faultAt(locationOfError(error, end), error.message));
  return { grammar, faults };
}

/** What is left of a file without a service. */
const NOTHING: Grammar = {
  service: '',
  programs: [],
  users: [],
  processes: [],
  rules: [],
  messages: [],
};

/** Both undefined while the parser recovers from a fault. */
interface Statement {
  readonly rule?: SubRule;
  readonly message?: MessageRule;
}

/** The notation for chevrotain; grammar/README.md has it in EBNF. */
class GrammarParser extends EmbeddedActionsParser {
  text = '';
  faults: Fault[] = [];

  constructor() {
    super(TOKENS, { recoveryEnabled: true, errorMessageProvider: PARSER_MESSAGES });
    this.performSelfAnalysis();
  }

  readonly file = this.RULE(
    'file',
    (): Grammar => {
      const rules: SubRule[] = [];
      const messages: MessageRule[] = [];
      this.CONSUME(Service);
      const service = this.CONSUME(Name).image;
      const programs = this.SUBRULE(this.texts);
      const writers: Record<string, string[]> = {};
      this.MANY(() => {
        const kind = this.CONSUME(Writers);
        const names = this.SUBRULE1(this.texts);
        this.ACTION(() => {
          writers[kind.image] = [...(writers[kind.image] ?? []), ...names];
        });
      });
      this.MANY1(() => {
        const { rule, message } = this.SUBRULE(this.statement) ?? {};
        if (rule) rules.push(rule);
        if (message) messages.push(message);
      });
      const { users = [], processes = [] } = writers;
      return { service, programs, users, processes, rules, messages };
    },
    { recoveryValueFunc: () => NOTHING },
  );

  private readonly texts = this.RULE('texts', (): string[] => {
    const texts: string[] = [];
    this.AT_LEAST_ONE(() => {
      const text = this.CONSUME(Quoted);
      this.ACTION(() => texts.push(this.textOf(text)));
    });
    return texts;
  });

  private readonly statement = this.RULE('statement', (): Statement => {
    const head = this.CONSUME(Head);
    let kind: IToken | undefined;
    let points: IToken | undefined;
    let role: IToken | undefined;
    const examples: Example[] = [];
    const forged: Forged[] = [];
    this.OPTION(() => {
      kind = this.CONSUME(Kind);
      this.OPTION1(() => {
        points = this.CONSUME(Points);
      });
      this.OPTION2(() => {
        role = this.CONSUME(Role);
      });
    });
    this.CONSUME(Equals);
    const body = this.SUBRULE(this.expression);
    this.MANY(() => {
      const token = this.CONSUME(ExampleLine);
      this.ACTION(() => this.addExample(token, examples, forged));
    });
    return this.ACTION((): Statement => {
      const at = locationOf(head);
      if (kind) {
        const number = points && Number(points.image);
        const named = { at, name: head.image, kind: kind.image as MessageKind, points: number };
        const connection = { role: role?.image as ConnectionRole | undefined };
        return { message: { ...named, ...connection, body, examples, forged } };
      }
      for (const { at: location } of [...examples, ...forged]) {
        this.faults.push(faultAt(location, 'an example belongs under a message, not a sub-rule'));
      }
      return { rule: { at, name: head.image, body } };
    });
  });

  private readonly expression = this.RULE('expression', (): Expression => {
    const branches: Expression[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: Bar,
      DEF: () => {
        const branch = this.SUBRULE(this.sequence);
        branches.push(branch);
      },
    });
    return this.ACTION(() => joined('choice', branches));
  });

  private readonly sequence = this.RULE('sequence', (): Expression => {
    const items: Expression[] = [];
    this.AT_LEAST_ONE(() => {
      const item = this.SUBRULE(this.item);
      items.push(item);
    });
    return this.ACTION(() => joined('sequence', items));
  });

  private readonly item = this.RULE(
    'item',
    (): Expression =>
      this.OR([
        {
          ALT: () => {
            const token = this.CONSUME(Quoted);
            return this.ACTION(() => this.literal(token));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(FieldName);
            return this.ACTION(() => this.field(token));
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(Name);
            return { type: 'name', at: locationOf(token), name: token.image };
          },
        },
        {
          ALT: () => {
            const open = this.CONSUME(SquareOpen);
            const body = this.SUBRULE(this.expression);
            this.CONSUME(SquareClose);
            return { type: 'optional', at: locationOf(open), body };
          },
        },
        {
          ALT: () => {
            this.CONSUME(RoundOpen);
            const body = this.SUBRULE1(this.expression);
            this.CONSUME(RoundClose);
            return body;
          },
        },
      ]),
  );

  private literal(token: IToken): Expression {
    const bytes = unquote(token.image);
    const fault = typeof bytes === 'string' ? bytes : bytes.length === 0 && 'the text is empty';
    if (fault !== false) this.faults.push(faultAt(locationOf(token), fault));
    return {
      type: 'literal',
      at: locationOf(token),
      bytes: typeof bytes === 'string' ? [] : bytes,
    };
  }

  private field(token: IToken): Expression {
    const at = locationOf(token);
    const header = HEADER_FIELDS.find((name) => name === token.image);
    if (header) return { type: 'header-field', at, field: header };
    const field = FIELDS.find((name) => name === token.image);
    if (!field) {
      const known = `the fields are ${FIELDS.join(', ')}; sub-rules have lower case names`;
      this.faults.push(faultAt(at, `unknown field ${token.image}: ${known}`));
    }
    return { type: 'field', at, field: field ?? 'TEXT' };
  }

  private textOf(token: IToken): string {
    const bytes = unquote(token.image);
    const text = typeof bytes === 'string' ? '' : new TextDecoder().decode(Uint8Array.from(bytes));
    const fault =
      typeof bytes === 'string' ? bytes : text === '' && 'the name of a program is empty';
    if (fault !== false) this.faults.push(faultAt(locationOf(token), fault));
    return text;
  }

  private addExample(token: IToken, examples: Example[], forged: Forged[]): void {
    this.mustBeginItsLine(token);
    const at = locationOf(token);
    const text = token.image.slice(1);
    const isForged = token.image.startsWith('!');
    const read = isForged ? readLine(text) : readExample(text);
    if (typeof read === 'string') this.faults.push(faultAt(at, read));
    else if ('line' in read) examples.push({ at, ...read });
    else forged.push({ at, line: read });
  }

  private mustBeginItsLine(token: IToken): void {
    const lineStart = this.text.lastIndexOf('\n', token.startOffset) + 1;
    if (this.text.slice(lineStart, token.startOffset).trim() === '') return;
    const what = token.image.charAt(0);
    this.faults.push(faultAt(locationOf(token), `${what} must begin a line`));
  }
}

/** A single part is not wrapped. */
function joined(type: 'choice' | 'sequence', parts: readonly Expression[]): Expression {
  const [first] = parts;
  const at = first?.at ?? { line: 1, column: 1 };
  if (first && parts.length === 1) return first;
  return type === 'choice' ? { type, at, branches: parts } : { type, at, items: parts };
}

const parser = new GrammarParser();
