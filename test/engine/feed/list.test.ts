import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangePrefixes, readFeedList } from '../../../src/engine/feed/list.ts';
import { addressOf, compareAddresses } from '../../../src/net/address.ts';
import { parseAddress } from '../../../src/net/address-text.ts';
import { lastAddress } from '../../../src/net/prefix.ts';
import { formatPrefix } from '../../../src/net/prefix-text.ts';

function texts(list: string): string[] {
  return Array.from(readFeedList(list).prefixes, formatPrefix);
}

function range(first: string, last: string): string[] | undefined {
  const [p, q] = [parseAddress(first), parseAddress(last)];
  if (!p || !q) throw new Error('no address');
  return rangePrefixes(p, q)?.map(formatPrefix);
}

describe('a list of a feed', () => {
  it.each([
    ['addresses', '5.149.104.7\n2a0e::7\r\n', ['5.149.104.7/32', '2a0e::7/128']],
    ['networks with remarks', '; SBL\n1.10.16.0/20 ; SBL256894\n# end\n', ['1.10.16.0/20']],
    ['columns', '5.149.104.0\t5.149.104.255\t24\t7\tXX\n', ['5.149.104.0/24']],
    ['ranges', '5.149.104.6-5.149.104.8\n', ['5.149.104.6/31', '5.149.104.8/32']],
    ['quoted columns', '"5.149.104.7","2026-01-01"\n', ['5.149.104.7/32']],
    [
      'JSON',
      '{"cidr":"1.10.16.0/20","sblid":"SBL256894"}\n{"ip":"5.149.104.7"}\n{"type":"metadata","size":2}\n',
      ['1.10.16.0/20', '5.149.104.7/32'],
    ],
  ])('may have %s', (_, list, expected) => {
    expect(texts(list)).toEqual(expected);
    expect(readFeedList(list).bad).toBe(0);
  });

  it('reports lines without a prefix', () => {
    const list = readFeedList('# a\n5.149.104.7\n<html>\n192.030.0.6\n5.149.104.9-5.149.104.8\n');
    expect(list).toMatchObject({ lines: 4, bad: 3, firstBad: { number: 3, text: '<html>' } });
  });

  it('accepts any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readFeedList(text)));
  });
});

describe('rangePrefixes', () => {
  it('covers exactly the range', () => {
    expect(range('0.0.0.0', '255.255.255.255')).toEqual(['0.0.0.0/0']);
    expect(range('255.255.255.255', '255.255.255.255')).toEqual(['255.255.255.255/32']);
    expect(range('::', `${'ffff:'.repeat(7)}ffff`)).toEqual(['::/0']);
    expect(range('5.0.0.1', '5.0.0.0')).toBeUndefined();
    expect(range('5.0.0.1', '::1')).toBeUndefined();
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffff), (start, size) => {
        const first = addressOf(4, start);
        const last = addressOf(4, Math.min(start + size, 0xffffffff));
        const prefixes = rangePrefixes(first, last) ?? [];
        let at = first.a;
        for (const prefix of prefixes) {
          expect(prefix.a).toBe(at);
          at = lastAddress(prefix).a + 1;
        }
        expect(at - 1).toBe(last.a);
        expect(prefixes.length).toBeLessThanOrEqual(62);
      }),
    );
  });

  it('carries over between the words of IPv6', () => {
    const [first, second] = rangePrefixes(
      addressOf(6, 1, 2, 0xffffffff, 0xffffffff),
      addressOf(6, 1, 3, 0, 0),
    ) ?? [undefined, undefined];
    expect(first && compareAddresses(first, addressOf(6, 1, 2, 0xffffffff, 0xffffffff))).toBe(0);
    expect(second && compareAddresses(second, addressOf(6, 1, 3, 0, 0))).toBe(0);
  });
});
