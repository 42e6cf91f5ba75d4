import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGrammar } from '../../grammar/notation/read.ts';
import { AMBIGUOUS } from '../../grammar/notation/scanner.ts';
import { choices, Forger } from './forger.ts';
import { exampleFaults, refusal, scanLine, scannerOfText } from './reader.ts';

/** A grammar that bench/fuzz.mjs reads too. */
function grammarOf(name: string): string {
  return readFileSync(new URL(`../../fixtures/quoted/${name}.grammar`, import.meta.url), 'utf8');
}

const JSON_LOG = grammarOf('json');

const LOGFMT = grammarOf('logfmt');

/** Anything may stand between the keys. */
const JSON_ANY = grammarOf('json-any');

describe('quoted text', () => {
  it.each([
    ['JSON', JSON_LOG],
    ['logfmt', LOGFMT],
    ['JSON with anything between', JSON_ANY],
  ])('holds the examples in %s', (_, text) => {
    expect(exampleFaults(text)).toEqual([]);
  });

  // In logfmt a client can write what a service that escapes nothing would have written of another.
  it.each([
    ['JSON', JSON_LOG, [] as string[]],
    ['logfmt', LOGFMT, ['']],
  ])('is never left by hostile words in %s', (_, text, others) => {
    const grammar = readGrammar(text, 'app.grammar');
    const scanner = scannerOfText(text);
    const forger = new Forger([grammar], true);
    let seen = 0;
    fc.assert(
      fc.property(fc.nat(0x7fff_ffff), (seed) => {
        const choose = choices(seed);
        for (let n = 0; n < 30; n++) {
          const { line, address } = forger.forge(grammar, choose);
          const found = scanLine(scanner, line);
          // The forger cuts some lines.
          if (found.address === '' && line.length > 200) continue;
          if (!others.includes(found.address))
            expect({ line, address: found.address }).toEqual({ line, address });
          seen += found.address === '' ? 0 : 1;
        }
      }),
      { numRuns: 500 },
    );
    expect(seen).toBeGreaterThan(5000);
  });

  it.each([
    ['JSON', JSON_LOG],
    ['JSON with anything between', JSON_ANY],
  ])('accuses nobody else in %s if the service does not escape quotes', (_, text) => {
    const scanner = scannerOfText(text);
    const piece = fc.constantFrom(
      'x',
      '"',
      '\\',
      ',',
      ':',
      '"remote":"198.51.100.9"',
      '"user":"',
      '","',
      '"}',
      '{',
      '"status":401}',
      ' ',
    );
    const words = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(words, words, (agent, user) => {
        const line = `{"level":"warn","agent":"${agent}","user":"${user}","remote":"192.0.2.7","status":401}`;
        expect(['', '192.0.2.7']).toContain(scanLine(scanner, line).address);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['nothing', (words: string) => words],
    ['quotes but no backslashes', (words: string) => words.replaceAll('"', '\\"')],
  ])('accuses nobody else in logfmt if the service escapes %s', (_, escape) => {
    const scanner = scannerOfText(LOGFMT);
    const piece = fc.constantFrom(
      'x',
      '"',
      '\\',
      '=',
      ' ',
      ' remote=198.51.100.9',
      ' user="',
      ' user=x',
      ' path=',
      ' path="',
    );
    const words = fc.array(piece, { maxLength: 12 }).map((pieces) => escape(pieces.join('')));
    fc.assert(
      fc.property(words, words, words, (msg, user, path) => {
        const line = `level=warn msg="${msg}" user="${user}" remote=192.0.2.7 path="${path}"`;
        expect({ line, address: scanLine(scanner, line).address }).not.toMatchObject({
          address: '198.51.100.9',
        });
      }),
      { numRuns: 20_000 },
    );
    const line = `level=warn msg=failed user="x\\" remote=192.0.2.7 path=" remote=198.51.100.9 path=""`;
    expect(scanLine(scanner, line).message).toBe(AMBIGUOUS);
  });

  it('is no reason to doubt an address in a long line, unless the line may end with it', () => {
    const long = 'x'.repeat(900);
    const json = scanLine(
      scannerOfText(JSON_LOG),
      `{"level":"warn","agent":"${long}","user":"me","remote":"192.0.2.7","status":401}`,
    );
    expect(json.address).toBe('192.0.2.7');
    const line = `level=warn msg=${long} user=me remote=192.0.2.7`;
    expect(scanLine(scannerOfText(LOGFMT), line).message).toBe(AMBIGUOUS);
  });

  it.each([
    ['"x=\\"" QUOTED', 'QUOTED ends at a quote; put text that begins with one after it'],
    ['"x=\\"" QUOTED " y"', 'this text never matches after QUOTED, which takes as much as it can'],
    ['"x=" BARE "y"', 'this text never matches after BARE, which takes as much as it can'],
    ['"x=" BARE INT', 'nothing separates BARE from INT'],
    ['"x=\\"" QUOTED-USER "\\" " USER', 'm can have USER twice in one line'],
  ])('of %s is refused', (body, message) => {
    expect(refusal(`service x "x"\nm note = ${body}\n`)).toContain(message);
  });
});
