import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, compareAddresses } from '../../src/net/address.ts';
import { parseAddress } from '../../src/net/address-text.ts';
import { lastAddress } from '../../src/net/prefix.ts';
import { formatPrefix } from '../../src/net/prefix-text.ts';
import { rangePrefixes } from '../../src/net/range.ts';

function range(first: string, last: string): string[] | undefined {
  const [p, q] = [parseAddress(first), parseAddress(last)];
  if (!p || !q) throw new Error('no address');
  return rangePrefixes(p, q)?.map(formatPrefix);
}

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
