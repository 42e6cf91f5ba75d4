import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINES, PORT } from '../../grammar/fields/memory-map.ts';
import { type FieldEnd, fields, wholeAddress } from '../../grammar/notation/fields.ts';
import { LOG_END, memory, memoryBytes, words } from '../../grammar/notation/memory.ts';
import {
  bareLength,
  intLength,
  lengthBeforeFullStop,
  nameAndPortLengths,
  nameLengths,
  portLength,
  quotedLength,
  readAddress,
  readDottedEndpoint,
  readEndpoint,
  wordLength,
} from '../reference/read-fields.ts';
import { addressText } from './reader.ts';

const {
  addressAt,
  bareEnd,
  beforeFullStop,
  dottedEndpointAt,
  endpointAt,
  intEnd,
  nameAndPortEnd,
  nameEnd,
  pastColon,
  portEnd,
  quotedEnd,
  wordEnd,
} = fields();

/** How long the field is that a text begins with, between bytes that would go on with it. */
function lengthOf(find: FieldEnd, text: string, around = '5'): number | undefined {
  const start = LINES + around.length;
  memoryBytes.write(`${around}${text}${around}`, LINES, 'latin1');
  const end = find(start, start + text.length);
  return end < 0 ? undefined : end - start;
}

/** What `find` finds at the beginning of a text, as the reference says it. */
function found(text: string, find = addressAt, around = '5') {
  const length = lengthOf(find, text, around);
  if (length === undefined) return undefined;
  const [a, b, c, d, family] = [...words] as [number, number, number, number, 4 | 6];
  const all = [a, b, c, d].map((word) => word >>> 0) as [number, number, number, number];
  return { length, address: addressText({ family, a: all[0], b: all[1], c: all[2], d: all[3] }) };
}

/** The port found last. */
const port = new Int32Array(memory.buffer, PORT, 1);

const group = fc.constantFrom(
  '0',
  '1',
  'ffff',
  'FFFF',
  'db8',
  '12345',
  '1001',
  '',
  '1.2.3.4',
  '255',
);
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
/** What stands before and behind a line is nothing to it. */
const around = fc.constantFrom('5', '.5', ':', '::5', '.5.5.5', ']:5', '%em0', ' ', 'x');

describe('an address in a line', () => {
  it('is what Node accepts, as far as it extends', () => {
    fc.assert(
      fc.property(nearly, after, around, (address, rest, other) => {
        const text = address + rest;
        expect({ text, ...found(text, addressAt, other) }).toEqual({ text, ...readAddress(text) });
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
    '1.2.3.1001',
    '1001.2.3.4',
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
  const numbers = fc.oneof(
    fc.nat(70_000).map(String),
    fc.constantFrom('', '0', '022', '4a', 'ffff'),
  );
  const form = fc.constantFrom(
    (address: string, number: string) => `${address}:${number}`,
    (address: string, number: string) => `[${address}]:${number}`,
    (address: string, number: string) => `[${address}:${number}`,
    (address: string, number: string) => `${address}%em0:${number}`,
    (address: string, number: string) => `${address}.${number}`,
    (address: string) => address,
  );

  it('is what the reference accepts', () => {
    fc.assert(
      fc.property(nearly, numbers, form, after, around, (address, digits, write, rest, other) => {
        const text = write(address, digits) + rest;
        const came = found(text, endpointAt, other);
        const withPort = came && { ...came, port: port[0] };
        expect({ text, ...withPort }).toEqual({ text, ...readEndpoint(text) });
        const dotted = found(text, dottedEndpointAt, other);
        const withDottedPort = dotted && { ...dotted, port: port[0] };
        expect({ text, ...withDottedPort }).toEqual({ text, ...readDottedEndpoint(text) });
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
    ['2001:db8::7:0', '2001:db8::7', 13],
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

  it.each([
    ['192.0.2.7.40112 10.0.0.1.1080', '192.0.2.7', 15],
    ['192.0.2.7.40112: Bye', '192.0.2.7', 15],
    ['192.0.2.7.40112.', '192.0.2.7', 15],
    ['2001:db8::7.40112', '2001:db8::7', 17],
    ['::ffff:192.0.2.7.22', '192.0.2.7', 19],
    ['::.1', '::', 4],
  ])('%s is %s with a dot before the port', (text, address, length) => {
    expect(found(text, dottedEndpointAt)).toEqual({ address, length });
  });

  it.each([
    '192.0.2.7',
    '192.0.2.7.',
    '192.0.2.7.65536',
    '192.0.2.7.022',
    '192.0.2.7.22.h.example',
    '192.0.2.7:22',
    '192.030.0.6.22',
    'h.example.22',
    '2001:db8::7',
    '2001:db8::7:22',
    '2001:db8::7.22x',
    'fe80::7%em0.22',
    '::ffff:192.0.2.7',
    '.22',
    '',
  ])('%s is none with a dot before the port', (text) => {
    expect(found(text, dottedEndpointAt)).toBeUndefined();
  });
});

describe('numbers in a line', () => {
  it('has a port from 0 to 65535 without leading zeros', () => {
    for (const good of ['0', '22', '65535']) expect(lengthOf(portEnd, good)).toBe(good.length);
    for (const bad of ['', 'x', '00', '022', '65536', '100000'])
      expect(lengthOf(portEnd, bad)).toBeUndefined();
    expect(lengthOf(portEnd, '22 ')).toBe(2);
  });

  it('has a number of at most 20 digits', () => {
    expect(lengthOf(intEnd, '007')).toBe(3);
    expect(lengthOf(intEnd, '1'.repeat(20))).toBe(20);
    expect(lengthOf(intEnd, '1'.repeat(21))).toBeUndefined();
    expect(lengthOf(intEnd, '')).toBeUndefined();
  });
});

const SIGNS = '0123456789:.%[]abfFGx-_ \x00/@`{\x80\xff"\\'.split('');

/** Pieces of all that a field is made of, in any order. */
const rubbish = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...SIGNS) },
      fc.constantFrom('255', '256', '1.2.3.4', '::', 'ffff', ']:', '65535', '65536', 'host'),
      fc.constantFrom('0'.repeat(19), 'x'.repeat(16), 'n'.repeat(253)),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

describe('any field in any text', () => {
  it.each<[string, FieldEnd, (text: string) => number | undefined]>([
    ['name', nameEnd, (text) => nameLengths(text)[0]],
    ['name before a full stop', beforeFullStop, lengthBeforeFullStop],
    ['name and port', nameAndPortEnd, (text) => nameAndPortLengths(text)[0]],
    ['colon', pastColon, (text) => (text.startsWith(':') ? 1 : undefined)],
    ['port', portEnd, portLength],
    ['number', intEnd, intLength],
    ['word', wordEnd, wordLength],
    ['quoted text', quotedEnd, quotedLength],
    ['bare word', bareEnd, bareLength],
    ['address', addressAt, (text) => readAddress(text)?.length],
    ['address, dot and port', dottedEndpointAt, (text) => readDottedEndpoint(text)?.length],
    ['address and port', endpointAt, (text) => readEndpoint(text)?.length],
  ])('is as long as the reference says: %s', (_, find, reference) => {
    fc.assert(
      fc.property(rubbish, around, (text, other) => {
        expect({ text, length: lengthOf(find, text, other) }).toEqual({
          text,
          length: reference(text),
        });
      }),
      { numRuns: 3000 },
    );
  });

  it('ends at the end of the memory for lines', () => {
    for (const text of ['192.0.2.7', '2001:db8::7', '22', '007', 'a-word', '']) {
      memoryBytes.write(text, LOG_END - text.length, 'latin1');
      const { hash: _, ...finders } = fields();
      const ends = Object.values(finders).map((find) => find(LOG_END - text.length, LOG_END));
      expect(Math.max(...ends)).toBe(LOG_END);
    }
  });
});

function whole(text: string) {
  return wholeAddress(Buffer.from(text));
}

describe('bytes that are not in the memory', () => {
  it('are an address as a whole, or not one', () => {
    expect(whole('192.0.2.7')).toEqual({ family: 4, a: 0xc000_0207, b: 0, c: 0, d: 0 });
    expect(whole('2001:db8::7')).toEqual({ family: 6, a: 0x2001_0db8, b: 0, c: 0, d: 7 });
    expect(whole('::ffff:192.0.2.7')).toEqual(whole('192.0.2.7'));
    expect(whole(`${'ffff:'.repeat(6)}255.255.255.255%${'x'.repeat(15)}`)?.family).toBe(6);
    for (const none of ['', '192.0.2.7 ', '192.0.2', 'x', '1'.repeat(5_000_000)]) {
      expect(whole(none)).toBeUndefined();
    }
  });
});
