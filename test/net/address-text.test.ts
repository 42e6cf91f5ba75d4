import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../src/net/address-text.ts';
import { parseAddressReference } from '../reference/address-text.ts';
import { anyAddress } from '../reference/arbitraries.ts';

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0', 4, 0, 0, 0, 0],
    ['255.255.255.255', 4, 0xffffffff, 0, 0, 0],
    ['192.0.2.7', 4, 0xc0000207, 0, 0, 0],
    ['::', 6, 0, 0, 0, 0],
    ['::1', 6, 0, 0, 0, 1],
    ['1::', 6, 0x10000, 0, 0, 0],
    ['2001:DB8::00ff', 6, 0x20010db8, 0, 0, 0xff],
    ['1:2:3:4:5:6:7:8', 6, 0x10002, 0x30004, 0x50006, 0x70008],
    ['1:2:3:4:5:6:7::', 6, 0x10002, 0x30004, 0x50006, 0x70000],
    ['::2:3:4:5:6:7:8', 6, 2, 0x30004, 0x50006, 0x70008],
    ['64:ff9b::192.0.2.33', 6, 0x64ff9b, 0, 0, 0xc0000221],
    ['1:2:3:4:5:6:192.0.2.33', 6, 0x10002, 0x30004, 0x50006, 0xc0000221],
    ['::192.0.2.33', 6, 0, 0, 0, 0xc0000221],
    ['::ffff:192.0.2.7', 4, 0xc0000207, 0, 0, 0],
    ['::FFFF:c000:207', 4, 0xc0000207, 0, 0, 0],
    ['0:0:0:0:0:ffff:0:0', 4, 0, 0, 0, 0],
  ])('reads %s', (text, family, a, b, c, d) => {
    expect(parseAddress(text)).toEqual({ family, a, b, c, d });
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.',
    '.1.2.3.4',
    '1..2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.00',
    '1.2.3.256',
    '1.2.3.1000000000000',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4/32',
    '0x1.2.3.4',
    '1.2.3.-4',
    '\uff11.2.3.4',
    ':',
    ':::',
    ':1',
    '1:',
    '1:::2',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '12345::',
    '::g',
    '::1.2.3',
    '::1.2.3.4:5',
    '::01.2.3.4',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1.2.3.4::',
    'fe80::1%em0',
    '[::1]',
    '::1/128',
    'example.com',
    '1'.repeat(100),
  ])('refuses "%s"', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('reads as Node does, whatever the text is', () => {
    const scraps = fc.constantFrom('0', '1', '255', '256', '25', 'ffff', 'F', ':', '::', '.', '/');
    const text = fc.array(scraps, { maxLength: 18 }).map((parts) => parts.join(''));
    const octets = fc
      .array(fc.integer({ min: 0, max: 260 }), { minLength: 4, maxLength: 4 })
      .map((parts) => parts.join('.'));
    const groups = fc
      .array(fc.constantFrom('0', '00', 'ffff', '1', ''), { minLength: 2, maxLength: 9 })
      .map((parts) => parts.join(':'));
    const mixed = fc.tuple(groups, octets).map(([left, right]) => `${left}:${right}`);
    fc.assert(
      fc.property(fc.oneof(text, octets, groups, mixed), (input) => {
        expect(parseAddress(input)).toEqual(parseAddressReference(input));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('formatAddress', () => {
  it.each([
    '0.0.0.0',
    '9.10.99.100',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    '2001:db8::1',
    '2001:db8:0:1:1:1:1:1',
    '2001:0:0:1::1',
    '2001:db8::1:0:0:1',
    '1:0:2:0:3:0:4:0',
    '0:1::',
    '::1:0',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '1000:100:10:1:fff:ff:f:abcd',
  ])('writes %s as RFC 5952 has it', (text) => {
    const address = parseAddress(text);
    expect(address && formatAddress(address)).toBe(text);
  });

  it('writes what is read as the same address', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        const text = formatAddress(address);
        expect(parseAddress(text)).toEqual(address);
        expect(parseAddressReference(text)).toEqual(address);
        expect(text).toMatch(/^[0-9a-f:.]+$/);
      }),
      { numRuns: 1000 },
    );
  });
});
