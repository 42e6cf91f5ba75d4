import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emptyReading } from '../../../grammar/notation/reading.ts';
import { type RequestExample, readRequestLists } from '../../../src/log/requests/request-list.ts';
import { RequestReader } from '../../../src/log/requests/request-scanner.ts';
import { scannerOfText } from '../../grammar/reader.ts';

const name = 'web.requests';
const shipped = {
  name,
  text: readFileSync(new URL(`../../../grammar/${name}`, import.meta.url), 'utf8'),
};
const GRAMMAR = `service w "w"
request note = ADDRESS " \\"" METHOD " " REQUEST "\\" " STATUS " \\"" REFERRER "\\" \\"" AGENT "\\""
`;

/** Reads requests with these lists; returns the name of the message. */
function readerOf(...texts: string[]) {
  const files = texts.map((text, index) => ({ name: `${index}.requests`, text }));
  const scanner = new RequestReader(readRequestLists(files)).over(scannerOfText(GRAMMAR));
  return (line: string) => {
    const bytes = Buffer.from(`192.0.2.7 ${line}`, 'latin1');
    return scanner.messages[scanner.scan(bytes, 0, bytes.length, emptyReading())]?.name;
  };
}

const lineOf = ({ status, method, target, agent }: RequestExample) =>
  `"${method} ${quoted(target)} HTTP/1.1" ${status} "-" "${quoted(agent)}"`;

const quoted = (text: string) => text.replaceAll('"', '\\"');

describe('the shipped list of requests', () => {
  const read = readerOf(shipped.text);
  const { examples, messages, rules } = readRequestLists([shipped]);

  it.each(examples.map((example) => ({ ...example, line: lineOf(example) })))(
    'reads the example at $at',
    ({ message, line }) => {
      const found = read(line);
      const isListed = messages.some((one) => one.name === found);
      expect(message === undefined ? isListed : found).toBe(message ?? false);
    },
  );

  it('has an example for each message that has patterns', () => {
    const wanted = messages.filter(({ kind, request }) => kind !== 'note' && request !== 'scan');
    expect(
      wanted.map((one) => one.name).filter((one) => !examples.some((e) => e.message === one)),
    ).toEqual([]);
  });

  it('counts no request with points that block by itself', () => {
    expect(Math.max(...messages.map(({ points }) => points))).toBeLessThan(30);
  });

  it('has no pattern twice in a rule', () => {
    for (const { patterns } of rules) {
      const texts = patterns.map((bytes) => Buffer.from(bytes).toString('latin1'));
      expect(texts.filter((text, index) => texts.indexOf(text) < index)).toEqual([]);
    }
  });
});

describe('a list of requests', () => {
  const LIST = `a sign 2 path refused
  /secret$  ^/top
b sign 3 query
  x=1
c attempt 2 path post
  /form
quiet note path
  /quiet
s sign 10 missing refused
`;
  const read = readerOf(LIST);

  it.each([
    ['GET /secret HTTP/1.1', 404, 'a'],
    ['GET /secret', 404, 'a'],
    ['GET /a/SECRET?y HTTP/1.1', 404, 'a'],
    ['GET //a//%73ecret HTTP/1.1', 404, 'a'],
    ['GET /%2573ecret HTTP/1.1', 404, 'a'],
    ['GET /%%373ecret HTTP/1.1', 404, 'a'],
    ['GET /\\x73ecret HTTP/1.1', 404, 'a'],
    ['GET /\\u0073ecret HTTP/1.1', 404, 'a'],
    ['GET \\\\secret HTTP/1.1', 404, 'a'],
    ['GET /topmost HTTP/2.0', 403, 'a'],
    ['GET /a/top HTTP/2.0', 403, 'missing'],
    ['GET /secrets HTTP/1.1', 404, 'missing'],
    ['GET /secret HTTP/1.1', 200, 'request'],
    ['GET /?x=1 HTTP/1.1', 200, 'b'],
    ['GET /x=1 HTTP/1.1', 200, 'request'],
    ['GET /secret?x=1 HTTP/1.1', 404, 'a'],
    ['POST /form HTTP/1.1', 200, 'c'],
    ['GET /form HTTP/1.1', 200, 'request'],
    ['GET /quiet HTTP/1.1', 404, 'request'],
    ['GET /%zz%4 HTTP/1.1', 404, 'missing'],
    [`GET /${'%73'.repeat(9000)}/secret HTTP/1.1`, 404, 'missing'],
  ])('reads %s, answered with %d, as %s', (request, status, expected) => {
    expect(read(`"${request}" ${status} "-" "x"`)).toBe(expected);
  });

  it('yields to one before it', () => {
    const both = readerOf('own note path\n  /secret/known\n', LIST);
    expect(both('"GET /secret/known/secret HTTP/1.1" 404 "-" "x"')).toBe('request');
    expect(both('"GET /secret HTTP/1.1" 404 "-" "x"')).toBe('a');
  });

  it.each([
    ['a sign 2\n', ':1: expected NAME'],
    ['a sign 2 host\n', ':1: expected NAME'],
    ['a sign 2 path often\n', ':1: expected NAME'],
    ['  /x\n', ':1: patterns belong under a heading'],
    ['a sign 2 path\n  /\n', ':2: / is too short'],
    ['a sign 2 path\na sign 3 query\n', ':2: a is sign 2 before'],
  ])('is refused if it is wrong: %j', (text, message) => {
    expect(() => readerOf(text)).toThrow(message);
  });

  it('is refused if it is too large', () => {
    const words = Array.from({ length: 20 }, (_, index) => `/${index}${'x'.repeat(4000)}`);
    expect(() => readerOf(`a sign 2 path\n  ${words.join(' ')}\n`)).toThrow(
      ':2: more than 60000 bytes of patterns',
    );
  });

  it('reads nothing that its grammar does not call a request', () => {
    const scanner = scannerOfText('service v "v"\nm note = ADDRESS " /secret" TEXT\n');
    expect(new RequestReader(readRequestLists([{ name, text: LIST }])).over(scanner)).toBe(scanner);
  });
});
