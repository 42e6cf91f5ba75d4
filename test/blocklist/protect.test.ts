import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import {
  isTrusted,
  loginProtections,
  ProtectedSpace,
  REASONS_BY_HAND,
} from '../../src/blocklist/protect.ts';
import type { Protection, ProtectionReason } from '../../src/blocklist/request.ts';
import { containsPrefix, hostPrefix, overlaps } from '../../src/net/prefix.ts';
import { parsePrefix } from '../../src/net/prefix-text.ts';
import { slowNarrow } from '../reference/decide.ts';
import { address, FAMILIES, POLICY, prefix, protections } from './arbitraries.ts';

function protection(text: string, reason: ProtectionReason = 'allowed'): Protection {
  return { prefix: parsePrefix(text), reason };
}

describe('ProtectedSpace', () => {
  it('narrows to the widest part around the offender', () => {
    const space = new ProtectedSpace([protection('5.149.104.7')]);
    const narrowed = (text: string) => space.narrow(parsePrefix(text), 24);
    expect(narrowed('5.149.104.200')).toEqual(parsePrefix('5.149.104.128/25'));
    expect(narrowed('5.149.104.100')).toEqual(parsePrefix('5.149.104.64/26'));
    expect(narrowed('5.149.104.6')).toEqual(parsePrefix('5.149.104.6/32'));
    expect(narrowed('5.149.104.7')).toEqual(protection('5.149.104.7'));
    expect(narrowed('5.149.105.7')).toEqual(parsePrefix('5.149.105.0/24'));
    expect(narrowed('2001:db8::1')).toEqual(parsePrefix('2001:d00::/24'));
  });

  it('finds what contains a prefix behind what lies beside it', () => {
    const space = new ProtectedSpace([
      protection('10.0.0.0/24'),
      protection('10/8'),
      protection('10.0.0.1'),
    ]);
    expect(space.overlapping(parsePrefix('10.1/16'))).toEqual(protection('10/8'));
  });

  it('names the allow-list before a login, and a login before private space', () => {
    const all = [
      protection('192.168/16', 'private'),
      protection('192.168.1.1', 'login'),
      protection('192.168.1.0/24', 'allowed'),
    ];
    expect(new ProtectedSpace(all).overlapping(parsePrefix('192.168/16'))).toEqual(all[2]);
    expect(new ProtectedSpace(all.slice(0, 2)).overlapping(parsePrefix('192.168/16'))).toEqual(
      all[1],
    );
  });

  it('finds for some reasons alone', () => {
    const space = new ProtectedSpace([
      protection('10/8', 'private'),
      protection('10.0.0.1', 'own'),
    ]);
    expect(space.overlapping(parsePrefix('10.1/16'), REASONS_BY_HAND)).toBeUndefined();
    expect(space.overlapping(parsePrefix('10.0/16'), REASONS_BY_HAND)?.reason).toBe('own');
  });

  it.each([
    ['2a00::', '2a00:1::', 31],
    ['2a00::', '2a00:0:1::', 47],
    ['2a00::', '2a00:0:0:1::', 63],
    ['2a00::', '2a00:0:0:0:8000::', 64],
    ['2a00::', '2a00::1:0:0', 95],
    ['2a00::', '2a00::1:0', 111],
    ['2a00::', '2a00::1', 127],
  ])('narrows %s beside %s to the one bit after %i', (offender, beside, common) => {
    const space = new ProtectedSpace([protection(beside)]);
    expect(space.narrow(parsePrefix(offender), 0)).toEqual(
      parsePrefix(`${offender}/${common + 1}`),
    );
    const other = new ProtectedSpace([protection(offender)]);
    expect(other.narrow(parsePrefix(beside), 0)).toHaveProperty('length', common + 1);
  });

  it('narrows to the last address there is', () => {
    const space = new ProtectedSpace([
      protection('255.255.255.254'),
      protection('ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe'),
      protection('0.0.0.0'),
    ]);
    const last4 = parsePrefix('255.255.255.255');
    const last6 = parsePrefix('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
    expect(space.narrow(last4, 0)).toEqual(last4);
    expect(space.narrow(last6, 0)).toEqual(last6);
    expect(new ProtectedSpace([]).narrow(last4, 0)).toEqual(parsePrefix('0.0.0.0/0'));
    expect(new ProtectedSpace([protection('0.0.0.0/0')]).narrow(last4, 0)).toHaveProperty('reason');
    expect(new ProtectedSpace([protection('0.0.0.0/0')]).narrow(last6, 0)).toEqual(
      parsePrefix('::/0'),
    );
  });

  it.each(FAMILIES)('agrees with a look at every protection, IPv%i', (family) => {
    const length = family === 4 ? POLICY.auto.length4 : POLICY.auto.length6;
    fc.assert(
      fc.property(
        protections(family),
        protections(family === 4 ? 6 : 4),
        protections(family),
        prefix(family),
        address(family),
        (some, foreign, more, around, offender) => {
          const all = [...some, ...foreign, ...more];
          const space = new ProtectedSpace([...some, ...foreign]).plus(more);
          const inTheWay = all.filter((one) => overlaps(one.prefix, around));
          const found = space.overlapping(around);
          if (inTheWay.length === 0) expect(found).toBeUndefined();
          else expect(inTheWay).toContainEqual(found);

          const narrowed = space.narrow(offender, length);
          if ('reason' in narrowed) {
            expect(all).toContainEqual(narrowed);
            expect(containsPrefix(narrowed.prefix, hostPrefix(offender))).toBe(true);
          }
          expect('reason' in narrowed ? undefined : narrowed).toEqual(
            slowNarrow(all, offender, POLICY),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('logins', () => {
  const address4 = parsePrefix('192.0.2.7');
  const at = 1_700_000_000;

  it('are trusted for 30 days to the second, and before they happen', () => {
    const login = { address: address4, at };
    const isTrustedAfter = (days: number, seconds = 0) =>
      isTrusted(login, at + days * DAY_SECONDS + seconds, DEFAULT_POLICY);
    expect(isTrustedAfter(-400)).toBe(true);
    expect(isTrustedAfter(0)).toBe(true);
    expect(isTrustedAfter(30)).toBe(true);
    expect(isTrustedAfter(30, 1)).toBe(false);
  });

  it('protect their address alone', () => {
    const old = { address: parsePrefix('192.0.2.8'), at: at - 31 * DAY_SECONDS };
    expect(loginProtections([{ address: address4, at }, old], at, DEFAULT_POLICY)).toEqual([
      protection('192.0.2.7', 'login'),
    ]);
  });
});
