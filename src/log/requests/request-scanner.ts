import type { Reading } from '../../../grammar/notation/reading.ts';
import type { GrammarMessage, Scanner } from '../../../grammar/notation/scanner.ts';
import { sameBytes } from '../bytes.ts';
import { PatternFinder } from './pattern-finder.ts';
import type { RequestList, RequestPart } from './request-list.ts';
import { PLAIN, RequestText } from './request-text.ts';

const QUESTION_MARK = 0x3f;
const SPACE = 0x20;
/** The answer of a message that has no STATUS. */
const UNAUTHORISED = 401;
const POST = Buffer.from('POST');
const PROTOCOL = Buffer.from(' HTTP/');

const MISSING: GrammarMessage = {
  name: 'missing',
  kind: 'note',
  points: 0,
  session: 'word',
  request: 'missing',
};

/** Compares requests with a list. */
export class RequestReader {
  readonly #list: RequestList;
  readonly #isRefused: (status: number) => boolean;
  readonly #text = new RequestText();
  #finders: Readonly<Record<RequestPart, PatternFinder>> | undefined;
  #status = 0;
  #isPost = false;
  readonly #accepts = (rule: number): boolean => {
    const { answered, isPost } = this.#list.rules[rule] ?? {};
    return (isPost !== true || this.#isPost) && (answered === undefined || answered(this.#status));
  };

  constructor(list: RequestList) {
    this.#list = list;
    const scan = list.rules.find(({ part }) => part === 'missing');
    this.#isRefused = scan === undefined ? () => false : (scan.answered ?? (() => true));
  }

  /** As the scanner, but that requests in the list are the messages of the list. */
  over(scanner: Scanner): Scanner {
    const requests = scanner.messages.filter(({ request }) => request === 'any');
    if (requests.length === 0) return scanner;
    const namesUser = requests.find((message) => message.namesUser)?.namesUser;
    const messages = [...scanner.messages];
    const indexOf = (message: GrammarMessage) => messages.push({ ...message, namesUser }) - 1;
    const indexes = this.#list.messages.map(indexOf);
    const missing = indexOf(MISSING);
    const scan: Scanner['scan'] = (bytes, start, end, reading) => {
      const found = scanner.scan(bytes, start, end, reading);
      if (found < 0 || messages[found]?.request !== 'any' || reading.requestStart < 0) return found;
      const rule = this.#ruleOf(bytes, reading);
      const message = this.#list.rules[rule]?.message;
      if (message === undefined) return this.#isRefused(this.#status) ? missing : found;
      return this.#list.messages[message]?.kind === 'note' ? found : (indexes[message] ?? found);
    };
    return { ...scanner, messages, scan };
  }

  /** The first rule that the request falls under, or how many there are. Its path is the session. */
  #ruleOf(bytes: Uint8Array, reading: Reading): number {
    this.#finders ??= findersOf(this.#list);
    const { method, path, query, referrer, agent } = this.#finders;
    const { methodStart, methodEnd, requestStart, requestEnd, statusStart, statusEnd } = reading;
    this.#status = statusStart < 0 ? UNAUTHORISED : numberAt(bytes, statusStart, statusEnd);
    this.#isPost = sameBytes(bytes, methodStart, methodEnd, POST);
    const end = targetEnd(bytes, requestStart, requestEnd);
    let pathEnd = requestStart;
    while (pathEnd < end && bytes[pathEnd] !== QUESTION_MARK) pathEnd++;
    reading.sessionStart = requestStart;
    reading.sessionEnd = pathEnd;
    let best = this.#list.rules.length;
    best = this.#find(path, bytes, requestStart, pathEnd, best);
    best = this.#find(method, bytes, methodStart, methodEnd, best);
    const before = best;
    best = this.#find(query, bytes, pathEnd, end, best);
    best = this.#find(referrer, bytes, reading.referrerStart, reading.referrerEnd, best);
    best = this.#find(agent, bytes, reading.agentStart, reading.agentEnd, best);
    if (best < before) reading.sessionEnd = end;
    return best;
  }

  #find(
    finder: PatternFinder,
    bytes: Uint8Array,
    start: number,
    end: number,
    best: number,
  ): number {
    if (start < 0 || start === end) return best;
    const text = this.#text;
    text.read(bytes, start, end);
    return finder.find(text.bytes, text.start, text.end, best, this.#accepts);
  }
}

function findersOf({ rules }: RequestList): Record<RequestPart, PatternFinder> {
  const finderOf = (part: RequestPart) =>
    new PatternFinder(
      rules.flatMap((rule, index) =>
        rule.part === part ? rule.patterns.map((bytes) => ({ bytes, rule: index })) : [],
      ),
      PLAIN,
    );
  return {
    method: finderOf('method'),
    path: finderOf('path'),
    query: finderOf('query'),
    referrer: finderOf('referrer'),
    agent: finderOf('agent'),
    missing: finderOf('missing'),
  };
}

/** Without the protocol at its end. */
function targetEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at > start && at > end - 12; at--) {
    if (bytes[at] === SPACE) return sameBytes(bytes, at, at + PROTOCOL.length, PROTOCOL) ? at : end;
  }
  return end;
}

function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 10 + (bytes[at] ?? 0) - 0x30;
  return value;
}
