import { expect, it } from 'vitest';
import { ProtectedSpace } from '../../../src/blocklist/protect.ts';
import { sift } from '../../../src/engine/firewall/pf-request.ts';
import { PrefixList } from '../../../src/net/prefix-list.ts';
import { parsePrefix } from '../../../src/net/prefix-text.ts';

it('separates prefixes that may be blocked from protected and very wide ones', () => {
  const office = { prefix: parsePrefix('198.51.100.0/24'), reason: 'allowed' } as const;
  const texts = ['5.149.104.0/24', '198.51.100.7', '0.0.0.0/1', '240.0.0.0/4', '2001:db8::/32'];
  const requested = PrefixList.from(texts.map((text) => parsePrefix(text)));
  const { list, refused } = sift(requested, new ProtectedSpace([office]));
  expect([...list]).toEqual(['5.149.104.0/24', '240.0.0.0/4', '2001:db8::/32'].map(parsePrefix));
  expect(refused).toEqual([
    { prefix: parsePrefix('198.51.100.7'), reason: office },
    { prefix: parsePrefix('0.0.0.0/1'), reason: 'too wide' },
  ]);
});
