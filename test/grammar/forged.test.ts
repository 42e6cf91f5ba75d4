import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readExample, readLine } from '../../grammar/notation/example.ts';
import { checkExamples } from '../../grammar/notation/examples.ts';
import { emptyReading } from '../../grammar/notation/reading.ts';
import type { Example, Forged, Grammar } from '../../grammar/notation/tree.ts';
import { interpretGrammar } from '../reference/interpret-grammar.ts';
import { addressText, scanLine } from './reader.ts';
import { shippedGrammars } from './shipped.ts';

const DECOY = '198.51.100.9';
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

function corpusOf(service: string) {
  const file = new URL(`../../fixtures/forged/${service}.txt`, import.meta.url);
  const examples: Example[] = [];
  const forged: Forged[] = [];
  if (!existsSync(file)) return { examples, forged };
  for (const [index, text] of readFileSync(file, 'utf8').split('\n').entries()) {
    const at = { line: index + 1, column: 1 };
    if (text.startsWith('>')) {
      const example = readExample(text.slice(1));
      if (typeof example === 'string') throw new Error(`${service}.txt:${at.line}: ${example}`);
      examples.push({ at, ...example });
    } else if (text.startsWith('!')) {
      const line = readLine(text.slice(1));
      if (typeof line === 'string') throw new Error(`${service}.txt:${at.line}: ${line}`);
      forged.push({ at, line });
    }
  }
  return { examples, forged };
}

describe.each(shippedGrammars().map((one) => ({ ...one, name: one.grammar.service })))(
  'the forged lines of $name',
  ({ grammar, scanner, name }) => {
    const { examples, forged } = corpusOf(name);

    it('are read as expected', () => {
      const wanted = `fixtures/forged/${name}.txt must hold more than 20 readings (>) and more than 5 forged lines (!)`;
      expect(examples.length, wanted).toBeGreaterThan(20);
      expect(forged.length, wanted).toBeGreaterThan(5);
      const [first] = grammar.messages;
      const corpus: Grammar = {
        ...grammar,
        messages: first ? [{ ...first, examples, forged }] : [],
      };
      expect(checkExamples(corpus, scanner)).toEqual([]);
    });

    it('name nobody but the peer', () => {
      for (const { expected } of examples) {
        expect(expected === 'ambiguous' ? undefined : expected.address).not.toBe(DECOY);
      }
    });

    it('are read by the interpreter in the same way', () => {
      for (const { line } of [...examples, ...forged]) {
        const text = latin1(line);
        if (text.length > 130) continue;
        expect({ text, ...scanLine(scanner, text) }).toEqual({
          text,
          ...interpretGrammar(grammar, text),
        });
      }
    });

    it('name nobody with a name of 64 KiB', () => {
      const reading = emptyReading();
      for (const { examples: own } of grammar.messages) {
        for (const { line } of own) {
          if (scanner.scan(line, 0, line.length, reading) < 0 || reading.userStart < 0) continue;
          const text = latin1(line);
          const truth = addressText(reading);
          const head = text.slice(0, reading.userStart);
          const tail = text.slice(reading.userEnd);
          const lie = `x${tail.replaceAll(/192\.0\.2\.7|2001:db8::7/g, DECOY)}`;
          const long = head + lie.repeat(65_536 / lie.length) + tail;
          // Whole, and cut behind a lie, where syslog cuts.
          for (const said of [
            long,
            long.slice(0, head.length + lie.length * Math.ceil(1023 / lie.length)),
          ]) {
            const { address } = scanLine(scanner, said);
            expect(['', truth]).toContain(address);
          }
        }
      }
    });
  },
);
