import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Protection, ProtectionReason } from '../../src/blocklist/request.ts';
import { rulesOf } from '../../src/blocklist/rules.ts';
import { McblockError } from '../../src/errors.ts';
import { coalesce } from '../../src/net/coalesce.ts';
import { containsPrefix, hostPrefix, type Prefix } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';
import { addressIn, FAMILIES, prefix } from './arbitraries.ts';

function list(texts: readonly string[]): PrefixList {
  return PrefixList.from(texts.map(parsePrefix));
}

function holes(prefixes: Iterable<Prefix>, reason: ProtectionReason): Protection[] {
  return Array.from(prefixes, (one) => ({ prefix: one, reason }));
}

function rules(active: readonly string[], allowed: readonly string[] = []): string[] {
  const found = rulesOf(list(active), list([]), holes(list(allowed), 'allowed'));
  return [...found].map(formatPrefix);
}

describe('rulesOf', () => {
  it('coalesces siblings', () => {
    expect(rules(['5.149.105.0/24', '5.149.104.0/24'])).toEqual(['5.149.104.0/23']);
    expect(rules(['5.149.105.0/24', '5.149.106.0/24'])).toEqual([
      '5.149.105.0/24',
      '5.149.106.0/24',
    ]);
  });

  it('leaves out the allow-list, and no more', () => {
    expect(rules(['5.149.104.0/22', '5.149.106.0/24'], ['5.149.106.0/24'])).toEqual([
      '5.149.104.0/23',
      '5.149.107.0/24',
    ]);
    expect(rules(['5.149.106.7/32'], ['5.149.106.0/24'])).toEqual([]);
    expect(rules([], ['0.0.0.0/0'])).toEqual([]);
    const last = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128';
    expect(rules([last, '255.255.255.255/32'], ['255.255.255.254/32'])).toEqual([
      '255.255.255.255/32',
      last,
    ]);
  });

  it.each([
    { active: ['0.0.0.0/0'], family: 'IPv4' },
    { active: ['0.0.0.0/1', '128.0.0.0/1', '2001:db8::/32'], family: 'IPv4' },
    { active: ['192.0.2.0/24', '::/0'], family: 'IPv6' },
    { active: ['8000::/1', '::/1'], family: 'IPv6' },
  ])('never blocks every address: $active', ({ active, family }) => {
    const refused = () => rules(active);
    expect(refused).toThrow(McblockError);
    expect(refused).toThrow(`every ${family} address`);
    expect(refused).toThrow(/expire the widest/);
  });

  it('blocks all but the allow-list where that is less than everything', () => {
    expect(rules(['0.0.0.0/0'], ['128.0.0.0/1'])).toEqual(['0.0.0.0/1']);
  });

  it.each(FAMILIES)(
    'blocks exactly what is active and in no hole, with the fewest rules, IPv%i',
    (family) => {
      fc.assert(
        fc.property(
          fc.array(prefix(family, 6), { maxLength: 8 }),
          fc.array(prefix(family, 6), { maxLength: 2 }),
          fc.array(prefix(family, 4), { maxLength: 4 }),
          fc.array(prefix(family, 4), { maxLength: 4 }),
          fc.constantFrom('allowed' as const, 'own' as const),
          fc.constantFrom('login' as const, 'connected' as const),
          (automatic, byHand, always, unlessByHand, reason, otherReason) => {
            const active = PrefixList.from([...automatic, ...byHand]);
            const left = [...holes(always, reason), ...holes(unlessByHand, otherReason)];
            const found = [...rulesOf(active, PrefixList.from(byHand), left)];
            expect([...coalesce(PrefixList.from(found))]).toEqual(found);
            for (let host = 0; host < 64; host++) {
              const one = hostPrefix(addressIn(family, host));
              const isIn = (some: readonly Prefix[]) =>
                some.some((outer) => containsPrefix(outer, one));
              const blocked = isIn(byHand) || (isIn(automatic) && !isIn(unlessByHand));
              expect(isIn(found)).toBe(blocked && !isIn(always));
            }
          },
        ),
        { numRuns: 200 },
      );
    },
  );
});
