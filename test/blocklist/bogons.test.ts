import { describe, expect, it } from 'vitest';
import { bogonEntries, privateSpace } from '../../src/blocklist/bogons.ts';
import { isActive } from '../../src/blocklist/entry.ts';
import { isRuleTooWide } from '../../src/blocklist/rules.ts';
import { coalesce } from '../../src/net/coalesce.ts';
import { contains, overlaps, prefixAround } from '../../src/net/prefix.ts';
import { PrefixList } from '../../src/net/prefix-list.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';

const bogons = bogonEntries();

function isBogon(address: string): boolean {
  return bogons.some(({ prefix }) => contains(prefix, parsePrefix(address)));
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

describe('bogonEntries', () => {
  it('are bogons that were never active, each named, none twice', () => {
    expect(new Set(bogons.map(({ prefix }) => formatPrefix(prefix))).size).toBe(bogons.length);
    for (const entry of bogons) {
      expect(entry).toMatchObject({ origin: 'bogon', activations: 0, hits: 0, expiresAt: 0 });
      expect(entry.activatedAt).toBeUndefined();
      expect(isActive(entry, 1_700_000_000)).toBe(false);
      expect(entry.note).toMatch(/^\S.* \(RFC \d+\)$/);
      expect(entry.prefix).toEqual(prefixAround(entry.prefix, entry.prefix.length));
      expect(entry.prefix.length).toBeGreaterThanOrEqual(4);
    }
  });

  it.each(
    words(`
      0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 169.254.1.1
      172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.0.0.11 192.0.0.170 192.0.0.171
      192.0.0.255 192.0.2.1 192.88.99.2 192.168.0.1 198.18.0.1 198.19.255.255 198.51.100.1
      203.0.113.255 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 64:ff9b:1::1
      100::1 100:0:0:1::1 2001:2::1 2001:1ff::1 2001:db8::1 3fff::1 3fff:fff::1 5f00::1 fc00::1
      fd00::1 fe80::1 febf::1 ff02::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff
    `),
  )('%s is one', (address) => {
    expect(isBogon(address)).toBe(true);
  });

  it.each(
    // From 192.0.0.9 on: globally reachable by the registry.
    words(`
      9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.0.1.0
      192.0.3.0 192.169.0.0 198.17.255.255 198.20.0.0 1.0.0.0 126.255.255.255 128.0.0.0
      223.255.255.255 192.0.0.9 192.0.0.10 192.31.196.1 192.52.193.1 192.88.99.1 192.175.48.1
      64:ff9b::192.0.2.1 2001::1 2001:1::1 2001:1::2 2001:1::3 2001:3::1 2001:4:112::1
      2001:20::1 2001:2f::1 2001:30::1 2001:3f::1 2001:200::1 2002::1 2620:4f:8000::1
      3fff:1000::1 4000::1 5eff::1 5f01::1 2000::1 ::2 101::1 100:0:0:2::1 2001:db9::1 fbff::1
      fe7f::1 fec0::1
    `),
  )('%s is none', (address) => {
    expect(isBogon(address)).toBe(false);
  });
});

it('bogons make no rule that needs --force, even together', () => {
  const all = bogons.map(({ prefix }) => prefix);
  for (const prefix of [...all, ...coalesce(PrefixList.from(all))]) {
    expect([formatPrefix(prefix), isRuleTooWide(prefix)]).toEqual([expect.anything(), false]);
  }
  expect(isRuleTooWide(parsePrefix('192.0.0.0/2'))).toBe(true);
  expect(isRuleTooWide(parsePrefix('f000::/4'))).toBe(true);
});

describe('privateSpace', () => {
  it('protects this host, its link and its private networks', () => {
    const space = privateSpace();
    expect(space.map(({ prefix }) => formatPrefix(prefix))).toEqual([
      '0.0.0.0/32',
      '10.0.0.0/8',
      '127.0.0.0/8',
      '169.254.0.0/16',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '::/128',
      '::1/128',
      'fc00::/7',
      'fe80::/10',
    ]);
    expect(new Set(space.map(({ reason }) => reason))).toEqual(new Set(['private']));
    // All of it lies in bogons: what is private there is never active from the start.
    for (const { prefix } of space) {
      expect(bogons.some((bogon) => overlaps(bogon.prefix, prefix))).toBe(true);
    }
  });
});
