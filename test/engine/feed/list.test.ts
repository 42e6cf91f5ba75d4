import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFeedList } from '../../../src/engine/feed/list.ts';
import { formatPrefix } from '../../../src/net/prefix-text.ts';

function texts(list: string): string[] {
  return Array.from(readFeedList(list).prefixes, formatPrefix);
}

describe('a list of a feed', () => {
  it.each([
    ['addresses', '5.149.104.7\n2a0e::7\r\n', ['5.149.104.7/32', '2a0e::7/128']],
    ['networks with remarks', '; SBL\n1.10.16.0/20 ; SBL256894\n# end\n', ['1.10.16.0/20']],
    ['columns', '5.149.104.0\t5.149.104.255\t24\t7\tXX\n', ['5.149.104.0/24']],
    ['columns of two addresses that end no prefix', '5.149.104.7 9.9.9.9\n', ['5.149.104.7/32']],
    ['ranges', '5.149.104.6-5.149.104.8\n', ['5.149.104.6/31', '5.149.104.8/32']],
    ['quoted columns', '"5.149.104.7","2026-01-01"\n', ['5.149.104.7/32']],
    [
      'JSON',
      '{"cidr":"1.10.16.0/20","sblid":"SBL256894"}\n{"ip":"5.149.104.7"}\n{"type":"metadata","size":2}\n',
      ['1.10.16.0/20', '5.149.104.7/32'],
    ],
    [
      'JSON with characters that begin comments elsewhere',
      '{"ip":"5.149.104.7","why":"#1; see https://example.net/"}\n{"ip":"2a0e::7"}\n',
      ['5.149.104.7/32', '2a0e::7/128'],
    ],
    ['an array', '["1.10.16.0/20",\n "5.149.104.7"]', ['1.10.16.0/20', '5.149.104.7/32']],
    ['an array of objects', '[{"id":1,"ip":"5.149.104.7"}]', ['5.149.104.7/32']],
    [
      'the ranges of a large network',
      '{"syncToken":"1","prefixes":[{"ip_prefix":"3.5.140.0/22"},{"ipv4Prefix":"8.8.4.0/24"}],"ipv6_prefixes":[{"ipv6_prefix":"2a05:d070:e000::/40"}],"addresses":["23.235.32.0/20"]}',
      ['3.5.140.0/22', '8.8.4.0/24', '23.235.32.0/20', '2a05:d070:e000::/40'],
    ],
  ])('may have %s', (_, list, expected) => {
    expect(texts(list)).toEqual(expected);
    expect(readFeedList(list).bad).toBe(0);
  });

  it('reports lines without a prefix', () => {
    const list = readFeedList('# a\n5.149.104.7\n<html>\n192.030.0.6\n5.149.104.9-5.149.104.8\n');
    expect(list).toMatchObject({ lines: 4, bad: 3, firstBad: { number: 3, text: '<html>' } });
  });

  it('reports array items without a prefix', () => {
    const list = readFeedList('["5.149.104.7", 7, {"name": "x"}, "5.149.104.9"]');
    expect(list).toMatchObject({ lines: 4, bad: 2, firstBad: { number: 2, text: '7' } });
  });

  it('accepts any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readFeedList(text)));
  });
});
