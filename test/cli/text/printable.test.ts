import { describe, expect, it } from 'vitest';
import { printable } from '../../../src/cli/text/printable.ts';

describe('printable', () => {
  it('keeps text of all languages', () => {
    expect(printable('Büro 東京 (main)')).toBe('Büro 東京 (main)');
  });

  it('escapes control characters', () => {
    expect(printable('\u001b[2J\r\n\u0007')).toBe('\\x1b[2J\\x0d\\x0a\\x07');
    expect(printable('a\u202eb\u2066')).toBe('a\\u{202e}b\\u{2066}');
  });
});
