import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { banArgument, wordArgument, wordPattern } from '../../../src/fleet/pubsub/carried.ts';
import { hostPrefix } from '../../../src/net/prefix.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';
import { anyAddress, anyPrefix } from '../../reference/arbitraries.ts';

const ANYTHING = wordPattern('[^]*');

describe('a word', () => {
  it('never begins with a dash, nor has it spaces or control characters, whatever the pattern', () => {
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

  it('is one of the pattern from its first letter to its last', () => {
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
    const taken = words.filter((word) => wordArgument(Buffer.from(word), pattern) !== undefined);
    expect(taken).toEqual(['web', 'mail']);
  });

  it('has a pattern that closes no bracket of ours', () => {
    expect(() => wordPattern('a)|(?:b')).toThrow(SyntaxError);
  });
});

it('writes a ban anew: a network is no address', () => {
  fc.assert(
    fc.property(anyPrefix, anyAddress, (prefix, address) => {
      const heard = { prefix, address: undefined, message: undefined, isSigned: false };
      expect(parsePrefix(banArgument(heard, 'prefix') ?? '')).toEqual(prefix);
      const isHost = prefix.length === (prefix.family === 4 ? 32 : 128);
      expect(banArgument(heard, 'address') === undefined).toBe(!isHost);
      const offender = banArgument({ ...heard, address }, 'address');
      expect(parsePrefix(offender ?? '')).toEqual(hostPrefix(address));
    }),
  );
});
