import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { McblockError } from '../../src/errors.ts';
import { formatPrefix, parsePrefix, shortPrefix } from '../../src/net/prefix-text.ts';
import { anyPrefix } from '../reference/arbitraries.ts';

describe('parsePrefix', () => {
  it.each([
    ['5.149.104.0/22', '5.149.104.0/22', '5.149.104/22'],
    ['5.149.104/22', '5.149.104.0/22', '5.149.104/22'],
    ['10/8', '10.0.0.0/8', '10/8'],
    ['10.0/8', '10.0.0.0/8', '10/8'],
    ['10/24', '10.0.0.0/24', '10.0.0/24'],
    ['10.0/16', '10.0.0.0/16', '10.0/16'],
    ['172.16/12', '172.16.0.0/12', '172.16/12'],
    ['0/0', '0.0.0.0/0', '0/0'],
    ['128/1', '128.0.0.0/1', '128/1'],
    ['1.2.3.4', '1.2.3.4/32', '1.2.3.4'],
    ['1.2.3.4/32', '1.2.3.4/32', '1.2.3.4'],
    ['1.2.3.128/25', '1.2.3.128/25', '1.2.3.128/25'],
    ['255.255.255.255', '255.255.255.255/32', '255.255.255.255'],
    ['::/0', '::/0', '::/0'],
    ['2001:db8::/32', '2001:db8::/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128', '2001:db8::1/128'],
    ['::ffff:1.2.3.4', '1.2.3.4/32', '1.2.3.4'],
    ['::ffff:1.2.3.0/120', '1.2.3.0/24', '1.2.3/24'],
    ['::ffff:0:0/96', '0.0.0.0/0', '0/0'],
    ['::fffe:0:0/95', '::fffe:0:0/95', '::fffe:0:0/95'],
  ])('reads %s as %s, in short %s', (text, whole, short) => {
    expect(formatPrefix(parsePrefix(text))).toBe(whole);
    expect(shortPrefix(parsePrefix(text))).toBe(short);
  });

  it.each([
    ['5.149.104', '5.149.104 is a short form and needs its length, as in 5.149.104/24'],
    ['10', '10 is a short form and needs its length, as in 10/8'],
    ['10.1.2.3/22', '10.1.2.3/22 has host bits set; did you mean 10.1.0.0/22?'],
    ['5.149.105/22', '5.149.105/22 has host bits set; did you mean 5.149.104.0/22?'],
    ['1.2.3.4/0', '1.2.3.4/0 has host bits set; did you mean 0.0.0.0/0?'],
    ['2001:db8::1/32', '2001:db8::1/32 has host bits set; did you mean 2001:db8::/32?'],
    ['8000::/0', '8000::/0 has host bits set; did you mean ::/0?'],
    ['::ffff:1.2.3.4/120', '::ffff:1.2.3.4/120 has host bits set; did you mean 1.2.3.0/24?'],
    ['::ffff:1.2.3.4/90', '::ffff:1.2.3.4/90 has host bits set; did you mean ::ffc0:0:0/90?'],
    ['10.0.0.0/33', '10.0.0.0/33 has no valid length; after the slash, use a number from 0 to 32'],
    ['10/08', '10/08 has no valid length; after the slash, use a number from 0 to 32'],
    ['10.0.0.0/255.0.0.0', 'has no valid length'],
    ['10/', 'has no valid length'],
    ['10/8/8', 'has no valid length'],
    ['10/4294967304', 'has no valid length'],
    ['::/129', '::/129 has no valid length; after the slash, use a number from 0 to 128'],
    ['010.1.2.3', '010.1.2.3 has an octet with a leading zero'],
    ['10.00/16', 'has an octet with a leading zero'],
    ['1.2.3.256', '1.2.3.256 has an octet over 255'],
    ['4294967296/8', 'has an octet over 255'],
    ['', '"" is no prefix; write it like 5.149.104.0/22, 10/8, 1.2.3.4 or 2001:db8::/32'],
    ['/8', '"/8" is no prefix'],
    ['10./8', '"10./8" is no prefix'],
    ['1.2.3.4.5', '"1.2.3.4.5" is no prefix'],
    [' 10/8', '" 10/8" is no prefix'],
    ['fe80::1%em0', '"fe80::1%em0" is no prefix'],
    ['2001:db8/32', '"2001:db8/32" is no prefix'],
    ['example.com', '"example.com" is no prefix'],
    ['\u001b[31m', '"?[31m" is no prefix'],
    ['010/\u001b[31m', '010/?[31m has an octet with a leading zero'],
    ['1.2.3.\uff14', 'is no prefix'],
    ['x'.repeat(1000), `"${'x'.repeat(60)}..." is no prefix`],
  ])('says what is wrong with %j', (text, message) => {
    let error: unknown;
    try {
      parsePrefix(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(McblockError);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining(message) });
  });

  it('reads what is written, whole and short', () => {
    fc.assert(
      fc.property(anyPrefix, (prefix) => {
        expect(parsePrefix(formatPrefix(prefix))).toEqual(prefix);
        expect(parsePrefix(shortPrefix(prefix))).toEqual(prefix);
      }),
      { numRuns: 1000 },
    );
  });
});
