import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withEmbedded } from '../../src/blocklist/embedded-holes.ts';
import { automaticPrefix, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { ProtectedSpace } from '../../src/blocklist/protect.ts';
import type { Protection } from '../../src/blocklist/request.ts';
import { rulesOf } from '../../src/blocklist/rules.ts';
import { addressOf } from '../../src/net/address.ts';
import { embeddingsOf } from '../../src/net/embedded.ts';
import { contains, hostPrefix, lastAddress, prefixAround } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';

const NAT64 = [parsePrefix('2001:db8:1::/96'), parsePrefix('2001:db8:2::/48')];
const POLICY = { ...DEFAULT_POLICY, auto: { ...DEFAULT_POLICY.auto, nat64: NAT64 } };

function rules(active: readonly string[], holes: readonly string[]): string[] {
  const list = PrefixList.from(active.map(parsePrefix));
  const allowed = holes.map(
    (hole): Protection => ({ prefix: parsePrefix(hole), reason: 'allowed' }),
  );
  return Array.from(rulesOf(list, new PrefixList(), withEmbedded(allowed, list, [])), formatPrefix);
}

describe('the rules for addresses that embed a protected one', () => {
  it.each([
    ['64:ff9b::cb00:7100/120', '203.0.113.0/25', ['64:ff9b::cb00:7180/121']],
    ['64:ff9b:1:5::cb00:7100/120', '203.0.113.0/25', ['64:ff9b:1:5::cb00:7180/121']],
    ['64:ff9b::cb00:7100/120', '203.0.0.0/16', []],
    ['::ffff:0:cb00:7100/120', '203.0.113.128/25', ['::ffff:0:cb00:7100/121']],
    ['2002:cb00:7107::/48', '203.0.113.7', []],
    ['2002:cb00:7106::/47', '203.0.113.7', ['2002:cb00:7106::/48']],
    ['2001:0:c000:201:0:1234:34ff:8ef8', '203.0.113.0/24', []],
    [
      '2001:0:c000:201:0:1234:34ff:8ef8',
      '203.0.114.0/24',
      ['2001:0:c000:201:0:1234:34ff:8ef8/128'],
    ],
  ])('%s without %s', (active, hole, left) => {
    expect(rules([active], [hole])).toEqual(left);
  });

  it('have a hole for exactly what is protected', () => {
    const word = fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 0xcb007100, max: 0xcb0071ff }));
    const offender = fc.tuple(word, fc.nat(7), fc.nat(0xffffffff)).map(([a, kind, other]) => {
      const embedded = hostPrefix(addressOf(4, a));
      if (kind === 6) return addressOf(6, 0x0064ff9b, 0x00010000 | (other & 0xffff), other, a);
      if (kind === 7) return addressOf(6, 0x20010000, other, other, ~a);
      const all = embeddingsOf(embedded, NAT64);
      const found = all[kind % all.length]!;
      return lastAddress(found);
    });
    const holes = fc.array(fc.tuple(word, fc.integer({ min: 8, max: 32 })), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(offender, { minLength: 1, maxLength: 4 }),
        holes,
        (offenders, around) => {
          const protections = around.map(
            ([a, length]): Protection => ({
              prefix: prefixAround(addressOf(4, a), length),
              reason: 'allowed',
            }),
          );
          const active = PrefixList.from(offenders.map((one) => automaticPrefix(one, POLICY)));
          const found = rulesOf(active, new PrefixList(), withEmbedded(protections, active, NAT64));
          const space = new ProtectedSpace(protections, NAT64);
          for (const prefix of active) {
            for (const address of [prefix, lastAddress(prefix), ...offenders]) {
              if (![...active].some((one) => contains(one, address))) continue;
              const isBlocked = [...found].some((one) => contains(one, address));
              expect(isBlocked).toBe(space.containing(hostPrefix(address)) === undefined);
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
