import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PatternFinder } from '../../../src/log/requests/pattern-finder.ts';
import { PLAIN } from '../../../src/log/requests/request-text.ts';

it('finds the first rule with a pattern in the text, as a plain search does', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '\0', 'x'), maxLength: 30 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), text, fc.nat(3), (words, line, refused) => {
      // The boundary stands before and after the text.
      const bounded = words.map((word, index) => [`\0${word}`, `${word}\0`, word][index % 3]!);
      const patterns = bounded.map((word, rule) => ({ bytes: Buffer.from(word), rule }));
      const finder = new PatternFinder(patterns, PLAIN);
      const bytes = Buffer.from(`ab${line}ab`);
      const accepts = (rule: number) => rule !== refused;
      const found = finder.find(bytes, 2, bytes.length - 2, words.length, accepts);
      const seen = `\0${line.toLowerCase().replaceAll('\0', 'x')}\0`;
      const expected = bounded.findIndex((word, rule) => accepts(rule) && seen.includes(word));
      expect(found).toBe(expected < 0 ? words.length : expected);
    }),
  );
});
