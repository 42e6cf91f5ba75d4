import type { GrammarMessage, MessageKind } from '../../../grammar/notation/scanner.ts';
import { McblockError } from '../../errors.ts';
import { BOUNDARY, MAX_PATTERN_BYTES } from './pattern-finder.ts';
import { PLAIN, RequestText } from './request-text.ts';

/** The part of a request that a pattern is sought in; `missing` has none, but counts many requests. */
const PARTS = ['method', 'path', 'query', 'referrer', 'agent', 'missing'] as const;
export type RequestPart = (typeof PARTS)[number];

/** Which answers a rule is about; undefined in a rule: any. */
const ANSWERS = {
  served: (status: number) => status === 200,
  unserved: (status: number) => (status < 200 || status > 299) && status !== 304,
  refused: (status: number) => [400, 401, 403, 404, 405, 410, 444].includes(status),
  denied: (status: number) => status === 401 || status === 403,
} as const;

/** The patterns under one heading of a list. */
interface RequestRule {
  /** Index of the message in the list. */
  readonly message: number;
  readonly part: RequestPart;
  readonly answered: ((status: number) => boolean) | undefined;
  /** Only requests with the method POST. */
  readonly isPost: boolean;
  /** As a RequestText has them. */
  readonly patterns: readonly Uint8Array[];
}

/** `> 404 GET /path agent`: what this request is by the list; `! …`: it is nothing by the list. */
export interface RequestExample {
  readonly at: string;
  readonly message: string | undefined;
  readonly status: string;
  readonly method: string;
  readonly target: string;
  readonly agent: string;
}

/** What to think of requests to web servers; see docs/web-requests.md. */
export interface RequestList {
  readonly messages: readonly GrammarMessage[];
  /** Of several that match, the first one decides. */
  readonly rules: readonly RequestRule[];
  readonly examples: readonly RequestExample[];
}

export interface RequestFile {
  readonly name: string;
  readonly text: string;
}

const HEADING =
  /^(?<name>[a-z][a-z-]*) +(?<kind>sign|attempt|note)(?: +(?<points>\d+))?(?<rest>(?: +[a-z]+)+)$/;
const EXAMPLE =
  /^\s+(?<mark>[>!]) (?<status>\d{3}) (?<method>\S+) (?<target>\S+)(?: (?<agent>.+))?$/;

/** Reads lists of requests, those of the first file before those of the next. */
export function readRequestLists(files: readonly RequestFile[]): RequestList {
  const messages: GrammarMessage[] = [];
  const rules: (RequestRule & { readonly patterns: Uint8Array[] })[] = [];
  const examples: RequestExample[] = [];
  const text = new RequestText();
  let bytes = 0;
  for (const file of files) {
    const before = rules.length;
    for (const [index, line] of file.text.split('\n').entries()) {
      const at = `${file.name}:${index + 1}`;
      const fail = (what: string): never => {
        throw new McblockError('config', `${at}: ${what}`);
      };
      const rule = rules.at(-1);
      const example = EXAMPLE.exec(line)?.groups;
      if (/^\s*(#|$)/.test(line)) continue;
      if (!line.startsWith(' ')) rules.push(readHeading(line, messages, fail));
      else if (rule === undefined || rules.length === before)
        fail('patterns belong under a heading');
      else if (example !== undefined) examples.push(exampleOf(example, at, messages[rule.message]));
      else
        for (const word of line.trim().split(/\s+/)) {
          const pattern = readPattern(word, text);
          bytes += pattern.length;
          if (pattern.length < 2) fail(`${word} is too short`);
          if (bytes > MAX_PATTERN_BYTES) fail(`more than ${MAX_PATTERN_BYTES} bytes of patterns`);
          rule.patterns.push(pattern);
        }
    }
  }
  return { messages, rules, examples };
}

function readHeading(line: string, messages: GrammarMessage[], fail: (what: string) => never) {
  const { name = '', kind, points = '0', rest = '' } = HEADING.exec(line.trimEnd())?.groups ?? {};
  const words = rest.trim().split(/ +/);
  const part = PARTS.find((one) => one === words[0]);
  const unknown = words.slice(1).find((word) => word !== 'post' && !(word in ANSWERS));
  if (part === undefined || unknown !== undefined) {
    fail('expected NAME, sign, attempt or note, points, and the part of the request');
  }
  const message = messageOf(name, kind as MessageKind, Number(points), part === 'missing');
  let index = messages.findIndex((other) => other.name === name);
  const known = messages[index];
  if (known === undefined) index = messages.push(message) - 1;
  else if (known.kind !== message.kind || known.points !== message.points) {
    fail(`${name} is ${known.kind} ${known.points} before`);
  }
  const answer = words.find((word): word is keyof typeof ANSWERS => word in ANSWERS);
  return {
    message: index,
    part: part ?? 'path',
    answered: answer && ANSWERS[answer],
    isPost: words.includes('post'),
    patterns: [],
  };
}

/** A sign counts once for each path, which takes the place of the connection. */
function messageOf(
  name: string,
  kind: MessageKind,
  points: number,
  isScan: boolean,
): GrammarMessage {
  return isScan
    ? { name, kind, points, request: 'scan' }
    : { name, kind, points, session: 'word', request: 'listed' };
}

/** `^` and `$` stand for the beginning and the end of the part. */
function readPattern(word: string, text: RequestText): Uint8Array {
  const bytes = Buffer.from(word.replace(/^\^/, '').replace(/\$$/, ''));
  text.read(bytes, 0, bytes.length);
  const inner = text.bytes.slice(text.start, text.end).map((byte) => PLAIN[byte] ?? 0);
  const [before, after] = [word.startsWith('^'), word.endsWith('$')];
  return Uint8Array.from([...(before ? [BOUNDARY] : []), ...inner, ...(after ? [BOUNDARY] : [])]);
}

function exampleOf(
  { mark, status = '', method = '', target = '', agent = '' }: Record<string, string | undefined>,
  at: string,
  message: GrammarMessage | undefined,
): RequestExample {
  return { at, message: mark === '>' ? message?.name : undefined, status, method, target, agent };
}
