import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { readPrefixes } from '../../src/net/prefix-reader.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { type PrefixShape, writePrefixes } from '../../src/net/prefix-writer.ts';
import { anyPrefixes } from '../reference/arbitraries.ts';

function read(text: string) {
  const { list, bad, badCount } = readPrefixes(Buffer.from(text));
  return { texts: [...list].map(formatPrefix), bad, badCount };
}

function written(list: PrefixList, shape?: PrefixShape): string {
  return Buffer.concat([...writePrefixes(list, shape)]).toString();
}

describe('readPrefixes', () => {
  it('reads prefixes as people and programs write them', () => {
    const text =
      '# a list\n10/8\n1.2.3.4\r\n\n  5.149.104/22 # why\n192.0.2.0/24 ; SBL1\n\t2001:db8::/32\n' +
      '::ffff:1.2.3.0/120\n0.0.0.0/0\n255.255.255.255/32\n0.0.0.0';
    expect(read(text)).toEqual({
      texts: [
        '10.0.0.0/8',
        '1.2.3.4/32',
        '5.149.104.0/22',
        '192.0.2.0/24',
        '1.2.3.0/24',
        '0.0.0.0/0',
        '255.255.255.255/32',
        '0.0.0.0/32',
        '2001:db8::/32',
      ],
      bad: [],
      badCount: 0,
    });
    expect(read('')).toEqual({ texts: [], bad: [], badCount: 0 });
  });

  it('tells the bad lines by number, with what is wrong', () => {
    const text =
      '10/8\n10.1.2.3/22\nexample.com # no\n1.2.3.4/33\n01.2.3.4\n1.2.3.256/32\n1.2.3.4/\n9.9.9.9\n1.2.3.4/032';
    const { texts, bad, badCount } = read(text);
    expect(texts).toEqual(['10.0.0.0/8', '9.9.9.9/32']);
    expect(badCount).toBe(7);
    expect(bad.map(({ line, text: given }) => [line, given])).toEqual([
      [2, '10.1.2.3/22'],
      [3, 'example.com # no'],
      [4, '1.2.3.4/33'],
      [5, '01.2.3.4'],
      [6, '1.2.3.256/32'],
      [7, '1.2.3.4/'],
      [9, '1.2.3.4/032'],
    ]);
    expect(bad[0]?.problem).toBe('10.1.2.3/22 has host bits set; did you mean 10.1.0.0/22?');
    expect(bad[1]?.problem).toContain('"example.com" is no prefix');
  });

  it('is not flooded by a file that is something else', () => {
    const { list, bad, badCount } = readPrefixes(
      Buffer.from('\xff\0x'.repeat(1000).concat('\n').repeat(500)),
    );
    expect(list.size).toBe(0);
    expect(badCount).toBe(500);
    expect(bad.length).toBe(100);
    expect(bad.every(({ text }) => text.length <= 200)).toBe(true);
  });

  it('reads a line exactly as parsePrefix does', () => {
    const scraps = fc.constantFrom(
      '0',
      '1',
      '9',
      '10',
      '25',
      '255',
      '256',
      '.',
      '.',
      '/',
      ':',
      '32',
    );
    const texts = fc.oneof(
      fc.array(scraps, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
      fc
        .tuple(fc.array(fc.nat({ max: 260 }), { minLength: 4, maxLength: 4 }), fc.nat({ max: 40 }))
        .map(([octets, length]) => `${octets.join('.')}/${length}`),
    );
    fc.assert(
      fc.property(texts, fc.boolean(), (text, newline) => {
        let expected: string[];
        try {
          expected = [formatPrefix(parsePrefix(text))];
        } catch {
          expected = [];
        }
        expect(read(newline ? `${text}\n` : text).texts).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('writePrefixes', () => {
  it('writes each as formatPrefix does, one a line, and readPrefixes reads the same', () => {
    fc.assert(
      fc.property(anyPrefixes, (prefixes) => {
        const list = PrefixList.from(prefixes);
        const text = written(list);
        expect(text).toBe([...list].map((prefix) => `${formatPrefix(prefix)}\n`).join(''));
        expect([...readPrefixes(Buffer.from(text)).list]).toEqual([...list]);
      }),
      { numRuns: 200 },
    );
  });

  it('puts what it is told before and after each', () => {
    const list = PrefixList.from(['10/8', '2001:db8::/32'].map(parsePrefix));
    expect(written(list, { before: '\t', after: ',\n' })).toBe('\t10.0.0.0/8,\n\t2001:db8::/32,\n');
    expect(written(new PrefixList(), { before: '\t', after: ',\n' })).toBe('');
  });

  it('writes the prefixes of one family', () => {
    const list = PrefixList.from(['10/8', '2001:db8::/32', '11/8'].map(parsePrefix));
    expect(written(list, { family: 4 })).toBe('10.0.0.0/8\n11.0.0.0/8\n');
    expect(written(list, { family: 6 })).toBe('2001:db8::/32\n');
    expect(written(PrefixList.from([parsePrefix('10/8')]), { family: 6 })).toBe('');
  });

  it('writes long lists in chunks that stay as they are', () => {
    const list = new PrefixList();
    for (let index = 0; index < 10_000; index++) {
      list.runs[4].push((0xffff0000 + index) >>> 0, 0, 0, 0, 32);
      list.runs[6].push(0xffffffff, 0xffffffff, 0xffffffff, 0xffff0000 + index, 128);
    }
    const chunks = [...writePrefixes(list)];
    expect(chunks.length).toBeGreaterThan(4);
    expect([...readPrefixes(Buffer.concat(chunks)).list]).toEqual([...list]);
  });
});
