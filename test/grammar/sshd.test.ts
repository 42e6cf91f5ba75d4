import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkExamples } from '../../grammar/notation/examples.ts';
import { scannerOf } from '../../grammar/notation/load.ts';
import { readGrammar } from '../../grammar/notation/read.ts';
import { AMBIGUOUS } from '../../grammar/notation/scanner.ts';
import type { Expression } from '../../grammar/notation/tree.ts';
import { interpretGrammar } from '../reference/interpret-grammar.ts';
import { scanLine } from './reader.ts';

const file = new URL('../../grammar/sshd.grammar', import.meta.url);
const grammar = readGrammar(readFileSync(file, 'utf8'), 'sshd.grammar');
const scanner = scannerOf(grammar);
const rules = new Map(grammar.rules.map(({ name, body }) => [name, body]));

/** What a client can put where its words are written: pieces of the messages themselves. */
const HOSTILE = [
  'root',
  '',
  ' ',
  'x from 192.0.2.9 port 1 ssh2',
  ' 192.0.2.9 port 1',
  ' from 192.0.2.9',
  ' for y',
  'invalid user z',
  ' [preauth]',
  ': Too many authentication failures',
  ' (192.0.2.9)',
  ', ip=192.0.2.9).',
  ' from 192.0.2.9 port 1 ssh2: a b',
  '\xff\x00',
];

/** A line of one of the messages, by a stream of small choices. */
function lineOf(body: Expression, choices: readonly number[]): string {
  let at = 0;
  const choose = (below: number) => (choices[at++ % choices.length] ?? 0) % below;
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
        switch (expression.field) {
          case 'ADDRESS':
            return ['192.0.2.7', '2001:db8::7', '::ffff:192.0.2.7', 'host.example'][choose(4)]!;
          case 'DOTTED-ENDPOINT':
            return '192.0.2.7.4711';
          case 'ENDPOINT':
            return ['192.0.2.7:4711', '[2001:db8::7]:4711', '2001:db8::7:4711'][choose(3)]!;
          case 'PORT':
          case 'INT':
          case 'SESSION-PORT':
          case 'SESSION-PID':
          case 'STATUS':
            return String(choose(70_000));
          case 'WORD':
          case 'BARE':
          case 'BARE-USER':
          case 'METHOD':
          case 'SESSION':
            return ['w', 'SHA256:ab/c', '192.0.2.9'][choose(3)]!;
          case 'USER':
          case 'TEXT':
          case 'FORWARDED':
          case 'QUOTED':
          case 'QUOTED-USER':
          case 'REQUEST':
          case 'REFERRER':
          case 'AGENT':
            return HOSTILE[choose(HOSTILE.length)]! + (choose(3) === 0 ? HOSTILE[choose(5)]! : '');
        }
    }
  };
  return render(body);
}

describe('the grammar of sshd', () => {
  it('holds all its examples', () => {
    expect(checkExamples(grammar, scanner)).toEqual([]);
  });

  it('has an example for every message, and a forged line for each free text with an address', () => {
    for (const { name, examples, forged, kind } of grammar.messages) {
      expect({ name, shown: examples.length > 0 }).toEqual({ name, shown: true });
      if (kind !== 'note')
        expect({ name, forged: forged.length > 0 }).toEqual({ name, forged: true });
    }
  });

  it('reads the examples as the interpreter does', () => {
    for (const { examples, forged } of grammar.messages) {
      for (const { line } of [...examples, ...forged]) {
        const text = Buffer.from(line).toString('latin1');
        expect({ text, ...scanLine(scanner, text) }).toEqual({
          text,
          ...interpretGrammar(grammar, text),
        });
      }
    }
  });

  it('reads hostile words as the interpreter does', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...grammar.messages),
        fc.array(fc.nat(100_000), { minLength: 4, maxLength: 30 }),
        ({ body }, choices) => {
          const line = lineOf(body, choices);
          fc.pre(line.length < 170);
          expect({ line, ...scanLine(scanner, line) }).toEqual({
            line,
            ...interpretGrammar(grammar, line),
          });
        },
      ),
      { numRuns: 400 },
    );
  });

  it.each([
    [' from 192.0.2.7 port 1 ssh2', 'Failed password for ', ''],
    [' from 192.0.2.7 port 1 ssh2', 'Failed password for', ' '],
    [' from 192.0.2.7 port 1 ssh2: a b', 'Failed publickey for', ''],
    [' from 192.0.2.7 port 1 ssh2: , client user "', 'Failed hostbased for', '"'],
    [' (serial 1) CA ', 'Failed publickey for x from 192.0.2.7 port 1 ssh2:', ''],
    [' 192.0.2.7 port 1: ', 'Disconnecting invalid user', '[preauth]'],
    [' 192.0.2.7 port 1', 'Connection closed by invalid user', ' [preauth]'],
    [' for root from 192.0.2.7', 'error: PAM: x', ''],
    [' (192.0.2.7)', 'refused connect from x', ''],
    ['9', 'PAM ', ' more'],
    ['[', 'drop connection #1 from [192.0.2.7]:1 on [', ''],
    ['a]:1 ', 'drop connection #1 from [192.0.2.7]:1 on [', ''],
    ['(', 'in ', ''],
    ["'", "Bad protocol version identification '", ''],
    ['x', 'Starting session: ', ''],
    [' for a from 192.0.2.7 port 1 id 1', 'Starting session: ', ''],
  ])('terminates on a line of 64 KiB of %j', (piece, head, tail) => {
    const middle = piece.repeat(Math.floor((65_536 - head.length - tail.length) / piece.length));
    const { message, address } = scanLine(scanner, head + middle + tail);
    // Whichever it is: nobody but the one address in the line is named.
    if (address !== '') expect(address).toBe('192.0.2.7');
    else expect(typeof message === 'string' ? message : message < 0).toBeTruthy();
  });

  it('names nobody for a long line with two addresses', () => {
    const forged = ' from 192.0.2.9 port 1 ssh2: a b'.repeat(950);
    const line = `Failed hostbased for${forged} from 192.0.2.7 port 1 ssh2: R S, client user "${forged}", client host "h"`;
    expect(scanLine(scanner, line).message).toBe(AMBIGUOUS);
  });
});
