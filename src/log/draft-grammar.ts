import { tryGrammar } from '../../grammar/notation/load.ts';
import { formatAddress, parseAddress } from '../net/address-text.ts';
import { lineStart } from './bytes.ts';
import type { Warn } from './compression/broken.ts';
import { DEFAULT_SIZE_LIMIT_BYTES, decompress } from './compression/decompress.ts';
import { anyOrderTemplates } from './draft-json.ts';
import { emptyHeader } from './header/header.ts';
import { readHeader } from './header/read-header.ts';
import { LineSplitter } from './lines.ts';
import type { Source } from './source.ts';
import { quoted } from './template-notation.ts';
import { FAILED, LOGGED_IN, type Template, Templates } from './templates.ts';

/** A draft of a grammar, for a person to finish. */
export interface Draft {
  /** In the notation of grammars; `grammar check` accepts it. */
  readonly text: string;
  readonly lines: number;
  /** Number of lines that begin as the draft says, or that a syslogd wrote. */
  readonly timed: number;
  readonly messages: number;
}

/** Enough to see every kind of message. */
const MAX_LINES = 100_000;
const MAX_LINE_BYTES = 1024;

/** The first lines of a log of any format. Throws as decompress() does. */
export async function firstLines(source: Source, warn: Warn): Promise<readonly string[]> {
  const lines: string[] = [];
  const splitter = new LineSplitter((bytes, start, end) => {
    const from = lineStart(bytes, start, end);
    if (lines.length < MAX_LINES && end > from) {
      lines.push(bytes.toString('utf8', from, Math.min(end, from + MAX_LINE_BYTES)));
    }
  });
  const sizeLimitBytes = DEFAULT_SIZE_LIMIT_BYTES;
  const options = { decompressor: 'auto', sizeLimitBytes, onBytes: () => {}, warn } as const;
  for await (const chunk of decompress(source, options)) {
    splitter.push(chunk);
    if (lines.length === MAX_LINES) return lines;
  }
  splitter.finish();
  return lines;
}

const CLOCK = 'HOUR ":" MINUTE ":" SECOND';
const FRACTION = '["." FRACTION]';
const DAY = '\\d\\d';
const MONTH_NAME = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = '\\d\\d:\\d\\d:\\d\\d';

/** The notation of each form of time, and its regular expression; the first that matches is taken. */
const TIMES: readonly (readonly [notation: string, pattern: RegExp])[] = (
  [
    [
      'ISO-TIME',
      `\\d{4}-\\d\\d-\\d\\d[T _]${TIME}(?:[.,]\\d+)?(?:Z|[+-]\\d\\d(?::?\\d\\d)?)?(?![\\d.])`,
    ],
    [
      `YEAR "-" MONTH "-" DAY "\\t" ${CLOCK} ${FRACTION}`,
      `\\d{4}-\\d\\d-${DAY}\\t${TIME}(?:\\.\\d+)?`,
    ],
    [`YEAR "/" MONTH "/" DAY " " ${CLOCK} ${FRACTION}`, `\\d{4}/\\d\\d/${DAY} ${TIME}(?:\\.\\d+)?`],
    [
      `DAY "/" MONTH-NAME "/" YEAR ":" ${CLOCK} " " ZONE`,
      `${DAY}/${MONTH_NAME}/\\d{4}:${TIME} [+-]\\d{4}`,
    ],
    [`DAY "/" MONTH-NAME "/" YEAR " " ${CLOCK}`, `${DAY}/${MONTH_NAME}/\\d{4} ${TIME}`],
    [
      `DAY "-" MONTH-NAME "-" YEAR " " ${CLOCK} ${FRACTION}`,
      `${DAY}-${MONTH_NAME}-\\d{4} ${TIME}(?:\\.\\d+)?`,
    ],
    [`DAY "." MONTH "." YEAR " " ${CLOCK}`, `${DAY}\\.\\d\\d\\.\\d{4} ${TIME}`],
    [
      `MONTH "/" DAY "/" YEAR [","] " " ${CLOCK} " " AM-PM`,
      `\\d\\d/${DAY}/\\d{4},? \\d?\\d:\\d\\d:\\d\\d [AP]M`,
    ],
    ['CTIME', `[A-Z][a-z]{2} ${MONTH_NAME} [ \\d]\\d ${TIME}(?:\\.\\d+)? \\d{4}`],
    ['SYSLOG-TIME', `${MONTH_NAME} [ \\d]\\d ${TIME}`],
    [`YEAR MONTH DAY "-" ${CLOCK}`, `\\d{8}-${TIME}`],
    ['EPOCH-MS', '(?<!\\d)1\\d{12}(?!\\d)'],
    [`EPOCH ${FRACTION}`, '(?<!\\d)1\\d{9}(?:\\.\\d+)?(?!\\d)'],
  ] as const
).map(([notation, pattern]) => [notation, new RegExp(pattern)]);

/** What may stand between time and message: punctuation, and a level in brackets. */
const AFTER_TIME = /^([\])}>:,|-]*(?: [-|:] )?[ \t]?)(\[(\w+)\] ?)?/;
/** What W3C extended logs and Zeek begin with: `#Fields: date time c-ip`. */
const DIRECTIVE = /^#[A-Za-z]/;
const JSON_START = /^\{\s*"/;
/** The key of what follows, and the quote before that. */
const JSON_KEY = /[{,]?\s*"[^"]*"\s*:\s*"?$/;
/** Of the lines with a time; the others are continued lines. */
const TIMED_SHARE = 0.5;
/** Of these, the lines with the same text before the time. */
const ALIKE_SHARE = 0.8;
const MAX_NAME_WORDS = 4;

/**
 * Drafts a grammar from lines of a log: how they begin, and templates of their messages with counts and
 * examples. A person has to decide what counts.
 */
export function draftGrammar(service: string, lines: readonly string[]): Draft {
  const { file, messages, timed } =
    syslogMessages(lines) ?? ownMessages(lines.filter((line) => !DIRECTIVE.test(line)));
  const rules: Rule[] = [];
  for (const { template, count, example } of anyOrderTemplates(messages) ?? templatesOf(messages)) {
    // The rest, beyond the limits of templates.
    if (template === 'TEXT') continue;
    rules.push(ruleOf(template, count, example, rules));
  }
  const kept = accepted(service, file, rules);
  const text = textOf(service, file, kept);
  return { text, lines: lines.length, timed, messages: kept.length };
}

function templatesOf(messages: readonly string[]): readonly Template[] {
  const templates = new Templates();
  for (const message of messages) templates.add('', message);
  return templates.all();
}

interface Messages {
  /** The rule `file`; undefined where a syslogd writes the lines. */
  readonly file: string | undefined;
  readonly messages: readonly string[];
  readonly timed: number;
}

/** Undefined if fewer than half of the lines are those of a syslogd. */
function syslogMessages(lines: readonly string[]): Messages | undefined {
  const header = emptyHeader();
  const messages = lines.flatMap((line) => {
    const bytes = Buffer.from(line);
    const isRead = readHeader(bytes, 0, bytes.length, header) && header.pid >= 0;
    return isRead ? [bytes.toString('utf8', header.messageStart)] : [];
  });
  if (messages.length < lines.length * TIMED_SHARE) return undefined;
  return { file: undefined, messages, timed: messages.length };
}

function ownMessages(lines: readonly string[]): Messages {
  for (const [notation, pattern] of TIMES) {
    const found = lines.flatMap((line) => {
      const match = pattern.exec(line);
      return match === null
        ? []
        : [{ line, before: line.slice(0, match.index), end: match.index + match[0].length }];
    });
    if (found.length === 0 || found.length < lines.length * TIMED_SHARE) continue;
    const befores = found.map(({ before }) => before);
    const before = mostFrequent(befores);
    const alike = found.filter((one) => one.before === before);
    if (alike.length >= found.length * ALIKE_SHARE && !JSON_START.test(before)) {
      const { notations, lengths } = afterTime(alike.map(({ line, end }) => line.slice(end)));
      return {
        file: [...literal(before), notation, ...notations].join(' '),
        messages: alike.map(({ line, end }, index) => line.slice(end + (lengths[index] ?? 0))),
        timed: alike.length,
      };
    }
    const common = commonEnd(befores);
    const end = JSON_KEY.exec(common)?.[0] ?? common;
    const isWhole = befores.every((one) => one === end);
    return {
      file: [isWhole ? 'MESSAGE' : 'MESSAGE TEXT', ...literal(end), notation].join(' '),
      messages: found.map(({ line }) => line),
      timed: found.length,
    };
  }
  return { file: undefined, messages: lines, timed: 0 };
}

/** The notation of what follows the time, and its length in each line. */
function afterTime(rests: readonly string[]): { notations: string[]; lengths: number[] } {
  const afters = rests.map((rest) => AFTER_TIME.exec(rest) ?? ['']);
  const [[, mark = '', level = '', word = ''] = []] = afters;
  if (afters.some(([, other]) => other !== mark)) return { notations: [], lengths: [] };
  if (level === '' || !afters.every(([, , other]) => other)) {
    return { notations: literal(mark), lengths: afters.map(() => mark.length) };
  }
  return {
    notations: [quoted(`${mark}[`), 'WORD', quoted(level.slice(word.length + 1))],
    lengths: afters.map(([all = '']) => all.length),
  };
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const [[text] = ['']] = Array.from(counts).toSorted((p, q) => q[1] - p[1]);
  return text;
}

interface Rule {
  readonly name: string;
  readonly kind: string;
  readonly template: string;
  readonly count: number;
  readonly example: string;
}

function ruleOf(template: string, count: number, example: string, rules: readonly Rule[]): Rule {
  const words = (example.match(/[A-Za-z]{2,}/g) ?? ['message']).slice(0, MAX_NAME_WORDS);
  const base = words.join('-').toLowerCase();
  const same = rules.filter(({ name }) => name === base || name.startsWith(`${base}-`)).length;
  const name = same === 0 ? base : `${base}-${same + 1}`;
  const isOfPeer = template.includes('ADDRESS');
  const kind =
    isOfPeer && FAILED.test(example)
      ? 'attempt 10'
      : isOfPeer && LOGGED_IN.test(example)
        ? 'login'
        : 'note';
  return { name, kind, template, count, example };
}

/** Drops the rules that the notation refuses or whose example fails. */
function accepted(
  service: string,
  file: string | undefined,
  rules: readonly Rule[],
): readonly Rule[] {
  let kept = rules;
  for (;;) {
    const text = textOf(service, file, kept);
    const { faults, wrong } = tryGrammar(text);
    const lines = text.split('\n');
    const bad = new Set(
      [...faults, ...wrong].map(({ line }) =>
        lines.slice(0, line).findLast((one) => /^[a-z].* = /.test(one)),
      ),
    );
    const good = kept.filter((rule) => ![...bad].some((one) => one?.startsWith(`${rule.name} `)));
    if (good.length === kept.length) return bad.size === 0 ? kept : [];
    kept = good;
  }
}

function textOf(service: string, file: string | undefined, rules: readonly Rule[]): string {
  const head = `# A draft: decide what counts (see mcblock-grammar(5)), and name the fields of a user USER.
service ${service}  "${service}"
${file === undefined ? '' : `\nfile = ${file}\n`}`;
  const parts = rules.map(({ name, kind, template, count, example }) => {
    const isOfPeer = template.includes('ADDRESS');
    const expected = isOfPeer ? `address ${firstAddress(example)}` : 'no address';
    return `
# ${count} ${count === 1 ? 'line' : 'lines'}
${name} ${kind} = ${template}
  > ${quoted(example)} | ${expected}
`;
  });
  return head + parts.join('');
}

/** The first address; if it is not that of the template, the example fails and the rule is left out. */
function firstAddress(example: string): string {
  const words = example.match(/\d+(?:\.\d+){3}|[\dA-Fa-f]*:[\dA-Fa-f:.]*[\dA-Fa-f]/g) ?? [];
  const address = words.map(parseAddress).find((one) => one !== undefined);
  return address === undefined ? '' : formatAddress(address);
}

/** Nothing for an empty text, which the notation refuses. */
function literal(text: string): string[] {
  return text === '' ? [] : [quoted(text)];
}

function commonEnd(texts: readonly string[]): string {
  const [first = ''] = texts;
  let length = 0;
  while (
    length < Math.min(first.length, 32) &&
    texts.every((text) => text.at(-1 - length) === first.at(-1 - length))
  ) {
    length++;
  }
  return first.slice(first.length - length);
}
