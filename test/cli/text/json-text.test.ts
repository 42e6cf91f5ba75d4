import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../../src/cli/text/json-text.ts';

describe('jsonText', () => {
  it('keeps text of all languages', () => {
    expect(jsonText({ user: 'Büro 東京' })).toBe('{"user":"Büro 東京"}');
  });

  it('escapes control characters', () => {
    expect(jsonText(['\u001b[2J', '\u009b2J', '\u007f', 'a\u202eb', '\u{e0001}'])).toBe(
      String.raw`["\u001b[2J","\u009b2J","\u007f","a\u202eb","\udb40\udc01"]`,
    );
  });

  it('parses to the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        expect(JSON.parse(jsonText([value, text], 2))).toEqual(
          JSON.parse(JSON.stringify([value, text])),
        );
      }),
    );
  });
});
