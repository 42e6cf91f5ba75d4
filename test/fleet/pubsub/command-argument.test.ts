import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  banArgument,
  wordArgument,
  wordPattern,
} from '../../../src/fleet/pubsub/command-argument.ts';
import { hostPrefix } from '../../../src/net/prefix.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { anyAddress, anyPrefix } from '../../reference/arbitraries.ts';

const ANYTHING = wordPattern('[^]*');

describe('a word', () => {
  it('never has a leading dash, a space or a control character, whatever the pattern', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.string().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const word = wordArgument(bytes, ANYTHING);
          if (word === undefined) return;
          expect(word).toMatch(/^[\x21-\x7e]{1,256}$/);
          expect(word.startsWith('-')).toBe(false);
          expect(Buffer.from(word)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  it('matches the pattern as a whole', () => {
    const pattern = wordPattern('web|mail');
    const words = [
      'web',
      'mail',
      'webmail',
      'xweb',
      'web\n',
      'WEB',
      '',
      'web mail',
      'web;id',
      '-web',
    ];
    const accepted = words.filter((word) => wordArgument(Buffer.from(word), pattern) !== undefined);
    expect(accepted).toEqual(['web', 'mail']);
  });

  it('cannot have a pattern that escapes its group', () => {
    expect(() => wordPattern('a)|(?:b')).toThrow(SyntaxError);
  });
});

it('formats the prefix or the address of a ban; a network alone has no address', () => {
  fc.assert(
    fc.property(anyPrefix, anyAddress, (prefix, address) => {
      const verified = { prefix, address: undefined, message: undefined, isSigned: false };
      expect(parsePrefix(banArgument(verified, 'prefix') ?? '')).toEqual(prefix);
      const isHost = prefix.length === (prefix.family === 4 ? 32 : 128);
      expect(banArgument(verified, 'address') === undefined).toBe(!isHost);
      const offender = banArgument({ ...verified, address }, 'address');
      expect(parsePrefix(offender ?? '')).toEqual(hostPrefix(address));
    }),
  );
});
