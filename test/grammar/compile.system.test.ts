import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkGrammar } from '../../grammar/notation/check.ts';
import { compileGrammar } from '../../grammar/notation/compile.ts';
import { fields } from '../../grammar/notation/fields.ts';
import { scannerOf } from '../../grammar/notation/load.ts';
import { parseGrammar } from '../../grammar/notation/parser.ts';
import { readGrammar } from '../../grammar/notation/read.ts';
import { AMBIGUOUS, NO_MATCH } from '../../grammar/notation/scanner.ts';
import type { Expression, Grammar } from '../../grammar/notation/tree.ts';
import { interpretGrammar } from '../reference/interpret-grammar.ts';
import { scanLine, scannerOfText } from './reader.ts';

const TEXTS = [' ', ' x ', ': ', 'x', '"', '" '];
const FIELDS = [
  'ADDRESS',
  'ADDRESS',
  'ENDPOINT',
  'DOTTED-ENDPOINT',
  'PORT',
  'USER',
  'WORD',
  'INT',
  'TEXT',
  'QUOTED',
  'QUOTED-USER',
  'FORWARDED',
  'BARE',
  'BARE-USER',
  'METHOD',
  'REQUEST',
  'STATUS',
  'REFERRER',
  'AGENT',
];
const VALUES = [
  '1.2.3.4',
  '5.6.7.8',
  '::1',
  '1.2.3.45:',
  '7',
  '70000',
  '',
  'x',
  'a b',
  '::1:7',
  '\\"',
  '\\\\',
];
const DOTTED_ENDPOINTS = ['1.2.3.4.7', '::1.7', '::1', '1.2.3.4.7.'];
const ENDPOINTS = ['1.2.3.4:7', '::1:7', '[::1]:7', '::1:2:7:'];

/** A few messages over few texts, so that lines have many readings. */
const grammarText = fc
  .tuple(expressionText(1), fc.array(expressionText(2), { minLength: 1, maxLength: 3 }))
  .map(([rule, messages]) => {
    const lines = messages.map((body, index) => `m${index} note = ${body}`).join('\n');
    const crossing = 'crossing note = TEXT " " ADDRESS [" " USER]';
    return `service t "t"\npart = ${rule}\n${lines}\nlast note = "part: " part\n${crossing}\n`;
  });

function expressionText(depth: number): fc.Arbitrary<string> {
  const text = fc.constantFrom(...TEXTS).map((literal) => JSON.stringify(literal));
  const field = fc.constantFrom(...FIELDS);
  if (depth === 0) return fc.tuple(text, field).map((both) => both.join(' '));
  const inner = expressionText(depth - 1);
  const item = fc.oneof(
    { weight: 4, arbitrary: field },
    { weight: 2, arbitrary: inner.map((body) => `[${body}]`) },
    { weight: 1, arbitrary: fc.tuple(inner, inner).map(([p, q]) => `(${p} | ${q})`) },
    { weight: 1, arbitrary: depth > 1 ? fc.constant('part') : field },
  );
  return fc
    .array(fc.tuple(text, item), { minLength: 1, maxLength: 3 })
    .chain((pairs) =>
      fc.option(text, { nil: '' }).map((end) => `${pairs.flat().join(' ')} ${end}`.trim()),
    );
}

/** A line that the grammar nearly or wholly derives, by a stream of small choices. */
function lineOf(grammar: Grammar, choices: readonly number[]): string {
  let at = 0;
  const choose = (below: number) => (choices[at++ % choices.length] ?? 0) % below;
  const rules = new Map(grammar.rules.map(({ name, body }) => [name, body]));
  const render = (expression: Expression): string => {
    switch (expression.type) {
      case 'literal':
        return String.fromCharCode(...expression.bytes);
      case 'header-field':
        return expression.field;
      case 'name':
        return render(rules.get(expression.name)!);
      case 'choice':
        return render(expression.branches[choose(expression.branches.length)]!);
      case 'optional':
        return choose(2) === 0 ? '' : render(expression.body);
      case 'sequence':
        return expression.items.map(render).join('');
      case 'field':
        if (expression.field === 'ADDRESS') return VALUES[choose(3)]!;
        if (expression.field === 'ENDPOINT') return ENDPOINTS[choose(4)]!;
        if (expression.field === 'DOTTED-ENDPOINT') return DOTTED_ENDPOINTS[choose(4)]!;
        if (expression.field === 'PORT' || expression.field === 'INT') return String(choose(12));
        // Free text that is itself made of pieces of the grammar.
        return Array.from({ length: choose(4) }, () =>
          choose(2) === 0 ? TEXTS[choose(TEXTS.length)] : VALUES[choose(VALUES.length)],
        ).join('');
    }
  };
  const { body } = grammar.messages[choose(grammar.messages.length)]!;
  const line = render(body);
  return choose(4) === 0 ? line + TEXTS[choose(TEXTS.length)]! : line;
}

/** A line of so many bytes. */
function ofLength(length: number): string {
  return `user ${'x'.repeat(length - 20)} from 192.0.2.7`;
}

describe('a compiled grammar', () => {
  it('reads a line as the interpreter of its tree does', () => {
    const seen = { ambiguous: 0, none: 0, read: 0 };
    fc.assert(
      fc.property(
        grammarText,
        fc.array(fc.array(fc.nat(251), { minLength: 3, maxLength: 40 }), {
          minLength: 8,
          maxLength: 12,
        }),
        (text, streams) => {
          const { grammar, faults } = parseGrammar(text);
          fc.pre(faults.length === 0 && checkGrammar(grammar).length === 0);
          const scanner = scannerOf(grammar);
          for (const stream of streams) {
            const line = lineOf(grammar, stream).slice(0, 60);
            const expected = interpretGrammar(grammar, line);
            expect({ line, ...scanLine(scanner, line) }).toEqual({ line, ...expected });
            if (expected.message === AMBIGUOUS) seen.ambiguous++;
            else if (expected.message === NO_MATCH) seen.none++;
            else seen.read++;
          }
        },
      ),
      { numRuns: 120, maxSkipsPerRun: 100 },
    );
    // The property says little where lines are all of one kind.
    expect(Math.min(seen.ambiguous, seen.none, seen.read)).toBeGreaterThan(20);
  });

  it('names a line after the first message that matches', () => {
    const scanner = scannerOfText(
      'service t "t"\nfirst note = "a " TEXT\nsecond note = "a b"\nthird note = "c"\n',
    );
    expect(scanLine(scanner, 'a b').message).toBe('first');
    expect(scanLine(scanner, 'c').message).toBe('third');
    expect(scanLine(scanner, 'c ').message).toBe(NO_MATCH);
    expect(scanLine(scanner, '').message).toBe(NO_MATCH);
  });

  it('takes the first port after the address, in whichever branch it is', () => {
    const scanner = scannerOfText(
      'service t "t"\n' +
        'm note = "for " [PORT "! "] ADDRESS [" port " PORT] [" to port " PORT] [" on " INT]\n' +
        'n note = "by " ENDPOINT [" port " PORT]\n',
    );
    for (const [line, port] of [
      ['for 192.0.2.7 port 4711', 4711],
      ['for 192.0.2.7', -1],
      ['for 22! 192.0.2.7', -1],
      ['for 22! 192.0.2.7 port 0 to port 22', 0],
      ['for 192.0.2.7 to port 22', 22],
      ['for 192.0.2.7 on 22', -1],
      ['by [2001:db8::7]:4711 port 22', 4711],
    ] as const) {
      expect({ line, port: scanLine(scanner, line).reading?.port }).toEqual({ line, port });
    }
  });

  it('treats a reading without an address as a different address', () => {
    const scanner = scannerOfText(
      'service t "t"\nnamed note = "from " ADDRESS\nall note = "from " TEXT\n',
    );
    expect(scanLine(scanner, 'from 192.0.2.7').message).toBe(AMBIGUOUS);
    expect(scanLine(scanner, 'from host').message).toBe('all');
  });

  it('treats a name instead of an address as nobody, who disagrees with every address', () => {
    const scanner = scannerOfText(
      'service t "t"\nm sign 1 = "ruser=" TEXT " rhost=" ADDRESS [" user=" USER]\nall note = "r" TEXT "!"\n',
    );
    const lie = 'user=x rhost=198.51.100.9';
    for (const name of ['host.example', 'UNKNOWN', '192.030.0.6', '', 'unix:', '\xe9.example']) {
      expect(scanLine(scanner, `ruser= rhost=${name} user=x`).message).toBe(NO_MATCH);
      expect(scanLine(scanner, `ruser= rhost=${name} ${lie}`).message).toBe(AMBIGUOUS);
      expect(scanLine(scanner, `ruser= rhost=${name} user=x!`).message).toBe('all');
    }
    expect(scanLine(scanner, 'ruser= rhost=192.0.2.7 user=x')).toMatchObject({
      address: '192.0.2.7',
    });
    // No name: longer than any, or beginning with a sign.
    for (const none of ['x'.repeat(256), '-', '(x)']) {
      expect(scanLine(scanner, `ruser= rhost=${none} ${lie}`).address).toBe('198.51.100.9');
    }
  });

  it('trusts no address after free text in a line that may be truncated', () => {
    const scanner = scannerOfText(
      'service t "t"\nm note = "user " USER " from " ADDRESS\nn note = "[" ADDRESS "] " TEXT\n',
    );
    expect(ofLength(899)).toHaveLength(899);
    expect(scanLine(scanner, ofLength(899)).address).toBe('192.0.2.7');
    expect(scanLine(scanner, ofLength(900)).message).toBe(AMBIGUOUS);
    expect(scanLine(scanner, `[192.0.2.7] ${'x'.repeat(5000)}`).address).toBe('192.0.2.7');
  });

  it('finds the other reading that begins one byte before the first', () => {
    const scanner = scannerOfText(
      'service t "t"\nm note = "u" [" "] USER " " ADDRESS [" " TEXT]\n',
    );
    expect(scanLine(scanner, 'u 192.0.2.7 192.0.2.9').message).toBe(AMBIGUOUS);
    expect(scanLine(scanner, 'u 192.0.2.7 (x)')).toMatchObject({ address: '192.0.2.7', user: '' });
  });

  it('takes the longest free text and keeps optional parts', () => {
    const scanner = scannerOfText('service t "t"\nm note = "u " ["the "] USER " from " TEXT\n');
    expect(scanLine(scanner, 'u the a from b from c').user).toBe('a from b');
    expect(scanLine(scanner, 'u thea from c').user).toBe('thea');
  });

  it('reads invalid UTF-8', () => {
    const scanner = scannerOfText('service t "t"\nm note = "\\xff\\t\\\\\\"" USER "é"\n');
    expect(scanLine(scanner, '\xff\t\\"\xfe\x00\xc3\xa9')).toMatchObject({ user: '\xfe\x00' });
  });

  it('has what the grammar declares', () => {
    const scanner = scannerOfText(
      'service note  "a" "b c"\nm attempt 10 = "x " ADDRESS\nl login = "y " ADDRESS\n',
    );
    expect(scanner.service).toBe('note');
    expect(scanner.programs).toEqual(['a', 'b c']);
    expect(scanner.messages).toEqual([
      { name: 'm', kind: 'attempt', points: 10 },
      { name: 'l', kind: 'login', points: 0 },
    ]);
  });

  it('takes a dot that no name goes on from for the end of an address', () => {
    const grammar = readGrammar(
      `service t  "t"
vault attempt 10 = "Login failed. IP: " ADDRESS ". Username: " WORD
from attempt 10 = USER " from " ADDRESS ". No"
last attempt 10 = "last " ADDRESS "."
port attempt 10 = "port " ENDPOINT "."
`,
      'x.grammar',
    );
    const scanner = scannerOf(grammar);
    for (const [line, address] of [
      ['Login failed. IP: 192.0.2.7. Username: me', '192.0.2.7'],
      ['Login failed. IP: 2001:db8::7. Username: me', '2001:db8::7'],
      ['Login failed. IP: fe80::7%em0. Username: me', 'fe80::7'],
      ['last 192.0.2.7.', '192.0.2.7'],
      ['last 192.0.2.7..', ''],
      ['last 192.0.2.7.x.', ''],
      ['last 192.0.2.7.\xe9.', ''],
      ['port 192.0.2.7:22.', '192.0.2.7'],
      ['port 2001:db8::7:22.', '2001:db8::7'],
      ['port [2001:db8::7]:22.', '2001:db8::7'],
      ['x from 198.51.100.9. y from 192.0.2.7. No', '192.0.2.7'],
      ['x from 198.51.100.9. y from host.example. No', ''],
      ['x from 198.51.100.9. No from host.example. No', ''],
      ['x from 198.51.100.9. No from host.example.. No', ''],
      ['x from 198.51.100.9. No from . No', ''],
      ['x from 198.51.100.9. No from 198.51.100.8.example. No', ''],
    ] as const) {
      const found = scanLine(scanner, line);
      expect({ line, address: found.address }).toEqual({ line, address });
      expect({ line, ...found }).toEqual({ line, ...interpretGrammar(grammar, line) });
    }
  });

  it('tells what the grammar says of connections and users', () => {
    const scanner = scannerOfText(`service t  "t"
open note opens = SESSION " open " ADDRESS
bad sign 2 once = SESSION " bad"
port note closes = "from " ADDRESS [":" SESSION-PORT]
pid note = "pid = " SESSION-PID
word note = "a" SESSION "b"
user note = "is " ("-" | BARE-USER)
`);
    expect(scanner.messages).toEqual([
      { name: 'open', kind: 'note', points: 0, role: 'opens', session: 'word' },
      { name: 'bad', kind: 'sign', points: 2, role: 'once', session: 'word', takesPeer: true },
      { name: 'port', kind: 'note', points: 0, role: 'closes', session: 'port' },
      { name: 'pid', kind: 'note', points: 0, session: 'pid' },
      { name: 'word', kind: 'note', points: 0, session: 'word' },
      { name: 'user', kind: 'note', points: 0, namesUser: true },
    ]);
    const session = (line: string) => {
      const { sessionStart, sessionEnd, port } = scanLine(scanner, line).reading ?? {};
      return [line.slice(sessionStart, sessionEnd), port];
    };
    expect(session('9a open 192.0.2.7')).toEqual(['9a', -1]);
    expect(session('9a bad')).toEqual(['9a', -1]);
    expect(session('from 192.0.2.7:22')).toEqual(['22', 22]);
    expect(scanLine(scanner, 'from 192.0.2.7').reading).toMatchObject({ sessionStart: -1 });
    expect(session('pid = 4711')).toEqual(['4711', -1]);
    expect(session('axbyb')).toEqual(['xby', -1]);
  });

  it('can have messages as large as the notation allows', () => {
    for (const field of ['INT', 'TEXT', 'WORD']) {
      const parts = Array.from({ length: 980 }, (_, i) => `"a${i}=" ${field} `);
      const scanner = scannerOfText(`service t "t"\nm note = ${parts.join('')} "!"\n`);
      expect(scanLine(scanner, 'a0=1!').message).toBe(NO_MATCH);
      // Of free text there would be too many readings.
      if (field !== 'INT') continue;
      const line = parts.map((_, i) => `a${i}=1`).join('');
      expect(scanLine(scanner, `${line}!`).message).toBe('m');
    }
  });

  it('can have many messages that begin with any byte', () => {
    const messages = Array.from(
      { length: 1000 },
      (_, i) => `any${i} note = TEXT "any ${i}!"\nown${i} note = "own ${i} " INT\n`,
    );
    const scanner = scannerOfText(`service t "t"\n${messages.join('')}`);
    for (const i of [0, 500, 999]) {
      expect(scanLine(scanner, `x any ${i}!`).message).toBe(`any${i}`);
      expect(scanLine(scanner, `own ${i} 1`).message).toBe(`own${i}`);
    }
  });

  it('is a module that can only read the shared memory', () => {
    const evil = '`${globalThis.hacked = 1}`*/\\"\'); globalThis.hacked = 1; //';
    const literal = JSON.stringify(evil);
    const grammar = readGrammar(`service t ${literal}\nm note = ${literal} USER\n`, 'x.grammar');
    const module = new WebAssembly.Module(compileGrammar(grammar).wasm);
    expect(WebAssembly.Module.exports(module)).toEqual([{ name: 'scan', kind: 'function' }]);
    const imported = WebAssembly.Module.imports(module).map((one) => `${one.module}.${one.name}`);
    const forScanners = Object.keys(fields()).filter((name) => name !== 'hash');
    const given = forScanners.map((name) => `fields.${name}`);
    expect(imported.toSorted()).toEqual(['env.memory', ...given].toSorted());
    const scanner = scannerOf(grammar);
    expect(scanner.programs).toEqual([evil]);
    expect(scanLine(scanner, `${evil}me`)).toMatchObject({ message: 'm', user: 'me' });
    expect('hacked' in globalThis).toBe(false);
  });

  it('reports a line with too many readings as ambiguous', () => {
    const scanner = scannerOfText(`service t "t"
text note = "a" TEXT "a" TEXT "a" TEXT "a" TEXT "; " ADDRESS " "
word note = "w" WORD "w" WORD "w" WORD "-" ADDRESS " "
part note = "o" ${'["o"] '.repeat(40)} "!" ADDRESS
`);
    for (const piece of ['a', 'a; ', 'aa; 192.0.2.7 ', 'w', 'w-', 'w-w']) {
      expect({ piece, ...scanLine(scanner, piece.repeat(65_536 / piece.length)) }).toMatchObject({
        message: AMBIGUOUS,
      });
    }
    // Short enough for the message, and still with a billion ways to leave parts out.
    expect(scanLine(scanner, `${'o'.repeat(30)}!x192.0.2.7`).message).toBe(AMBIGUOUS);
  });
});
