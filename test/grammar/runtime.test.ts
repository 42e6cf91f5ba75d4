import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressAt, endpointAt, intEnd, portEnd, words } from '../../grammar/notation/runtime.ts';
import { readAddress, readEndpoint } from '../twins/interpret-grammar.ts';
import { addressText } from './reader.ts';

/** What `find` finds at the beginning of a text, as the twin says it. */
function found(text: string, find = addressAt): { length: number; address: string } | undefined {
  const bytes = Buffer.from(`5${text}.5`, 'latin1');
  const end = find(bytes, 1, 1 + text.length);
  if (end < 0) return undefined;
  const [a, b, c, d, family] = [...words] as [number, number, number, number, 4 | 6];
  const all = [a, b, c, d].map((word) => word >>> 0) as [number, number, number, number];
  return {
    length: end - 1,
    address: addressText({ family, a: all[0], b: all[1], c: all[2], d: all[3] }),
  };
}

const group = fc.constantFrom('0', '1', 'ffff', 'FFFF', 'db8', '12345', '', '1.2.3.4', '255');
const nearly = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc
    .tuple(fc.array(group, { maxLength: 9 }), fc.constantFrom(':', '.', '::'))
    .map(([groups, joint]) => groups.join(joint)),
  fc.array(group, { maxLength: 9 }).map((groups) => `${groups.join(':')}::1`),
);
const after = fc.constantFrom(
  '',
  ' ',
  ':',
  ': ',
  ':22',
  ']',
  '%em0',
  '%',
  '%em0 x',
  'x',
  '-',
  '.',
  '.5',
);

describe('an address in a line', () => {
  it('is what Node takes for one, as long as it goes on', () => {
    fc.assert(
      fc.property(nearly, after, (address, rest) => {
        expect(found(address + rest)).toEqual(readAddress(address + rest));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
    ['fe80::7%em0', 'fe80::7'],
    ['192.0.2.7:22', '192.0.2.7'],
    ['2001:db8::1: 11: Bye', '2001:db8::1'],
    ['2001:db8::: x', '2001:db8::'],
    [':::', '::'],
  ])('%s is %s', (text, address) => {
    expect(found(text)?.address).toBe(address);
  });

  it.each([
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.4.example.com',
    '1.2.3.4-example.com',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.4x',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    '::1.2.3',
    'fe80::1%',
    `fe80::1%${'x'.repeat(16)}`,
    'dead.beef',
    '',
  ])('%s is none', (text) => {
    expect(found(text)).toBeUndefined();
  });
});

describe('an address and its port in a line', () => {
  const port = fc.oneof(fc.nat(70_000).map(String), fc.constantFrom('', '0', '022', '4a', 'ffff'));
  const form = fc.constantFrom(
    (address: string, number: string) => `${address}:${number}`,
    (address: string, number: string) => `[${address}]:${number}`,
    (address: string, number: string) => `[${address}:${number}`,
    (address: string, number: string) => `${address}%em0:${number}`,
    (address: string) => address,
  );

  it('is what the twin takes for one', () => {
    fc.assert(
      fc.property(nearly, port, form, after, (address, number, write, rest) => {
        const text = write(address, number) + rest;
        expect({ text, ...found(text, endpointAt) }).toEqual({ text, ...readEndpoint(text) });
      }),
      { numRuns: 6000 },
    );
  });

  it.each([
    ['192.0.2.7:40112', '192.0.2.7', 15],
    ['192.0.2.7:0', '192.0.2.7', 11],
    ['[192.0.2.7]:40112', '192.0.2.7', 17],
    ['[2001:db8::7]:40112', '2001:db8::7', 19],
    ['[fe80::7%em0]:22', 'fe80::7', 16],
    ['2001:db8::7:40112', '2001:db8::7', 17],
    ['2001:db8::7:40112: Bye', '2001:db8::7', 17],
    ['2001:db8::7:40112>', '2001:db8::7', 17],
    ['2001:db8::7:1', '2001:db8::7', 13],
    ['2001:db8::7:65535', '2001:db8::7', 17],
    ['1:2:3:4:5:6:7:8:22', '1:2:3:4:5:6:7:8', 18],
    [
      'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255:65535',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      51,
    ],
    [':::1', '::', 4],
    ['2001:db8:::22', '2001:db8::', 13],
    ['::ffff:192.0.2.7:40112', '192.0.2.7', 22],
    ['fe80::7%em0:22', 'fe80::7', 14],
  ])('%s is %s', (text, address, length) => {
    expect(found(text, endpointAt)).toEqual({ address, length });
  });

  it.each([
    '192.0.2.7',
    '192.0.2.7:',
    '192.0.2.7:65536',
    '192.0.2.7:022',
    '192.030.0.6:22',
    '192.0.2.7:22x',
    '192.0.2.7:22.h.example',
    'h.example:22',
    '[2001:db8::7]',
    '[2001:db8::7:22',
    '[2001:db8::7]22',
    '[h.example]:22',
    '2001:db8::7',
    '2001:db8::7:0',
    '2001:db8::7:022',
    '2001:db8::7:65536',
    '2001:db8::7:4a11',
    '2001:db8::7:4711x',
    '2001:db8::7:4711%em0',
    '1:2:3:4:5:6:7:22',
    '::ffff:192.0.2.07:22',
    'fe80::7%:22',
    'fe80::7%em0',
    `fe80::7%${'x'.repeat(16)}:22`,
    ':22',
    '',
  ])('%s is none', (text) => {
    expect(found(text, endpointAt)).toBeUndefined();
  });
});

/** Where a number ends that another digit follows outside the line. */
function ends(find: typeof portEnd, text: string): number {
  return find(Buffer.from(`${text}9`), 0, text.length);
}

describe('numbers in a line', () => {
  it('has a port from 0 to 65535 without leading zeros', () => {
    for (const good of ['0', '22', '65535']) expect(ends(portEnd, good)).toBe(good.length);
    for (const bad of ['', 'x', '00', '022', '65536', '100000'])
      expect(ends(portEnd, bad)).toBe(-1);
    expect(ends(portEnd, '22 ')).toBe(2);
  });

  it('has a number of at most 20 digits', () => {
    expect(ends(intEnd, '007')).toBe(3);
    expect(ends(intEnd, '1'.repeat(20))).toBe(20);
    expect(ends(intEnd, '1'.repeat(21))).toBe(-1);
    expect(ends(intEnd, '')).toBe(-1);
  });
});
