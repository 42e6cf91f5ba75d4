import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Entry, neverActive } from '../../src/blocklist/entry.ts';
import { DAY_SECONDS, DEFAULT_POLICY } from '../../src/blocklist/policy.ts';
import { type WidenBounds, wideningCandidates } from '../../src/blocklist/widen.ts';
import { addressOf } from '../../src/net/address.ts';
import {
  comparePrefixes,
  containsPrefix,
  type Prefix,
  prefixAround,
} from '../../src/net/prefix.ts';
import { formatPrefix, parsePrefix } from '../../src/net/prefix-text.ts';

const NOW = 20_000 * DAY_SECONDS;
const BOUNDS: WidenBounds = { widest4: 20, widest6: 48, share: 50, minNetworks: 4 };

function entryOf(prefix: Prefix, expiresAt = NOW + DAY_SECONDS, hits = 3): Entry {
  return {
    ...neverActive(prefix, 'grok', ''),
    activations: 1,
    hits,
    firstSeen: NOW - 9,
    lastSeen: NOW - 5,
    activatedAt: NOW - 9,
    expiresAt,
  };
}

function proposed(entries: readonly Entry[], bounds = BOUNDS, family: 4 | 6 = 4) {
  const sorted = entries.toSorted((p, q) => comparePrefixes(p.prefix, q.prefix));
  return wideningCandidates(family, sorted, bounds, DEFAULT_POLICY, NOW);
}

/** The /24s with these third octets. */
function neighbours(...octets: number[]): Entry[] {
  return octets.map((octet) => entryOf(parsePrefix(`5.149.${octet}.0/24`)));
}

describe('wideningCandidates', () => {
  it('proposes the widest prefix of which enough was blocked', () => {
    const [candidate, ...others] = proposed([
      ...neighbours(96, 97, 99, 101, 102, 104, 107),
      entryOf(parsePrefix('5.149.111.0/24'), NOW - 5, 9),
    ]);
    expect(others).toEqual([]);
    expect(candidate).toEqual({
      prefix: parsePrefix('5.149.96.0/20'),
      networks: 16,
      blocked: 8,
      active: 7,
      hits: 30,
      firstSeen: NOW - 9,
      lastSeen: NOW - 5,
      addedAddresses: 8 * 256,
    });
  });

  it('proposes nothing for a few, and nothing wider than allowed', () => {
    expect(proposed(neighbours(96, 97, 98))).toEqual([]);
    const all = neighbours(...Array.from({ length: 256 }, (_, n) => n));
    expect(proposed(all)).toHaveLength(16);
    expect(proposed(all, { ...BOUNDS, widest4: 16 }).map((c) => formatPrefix(c.prefix))).toEqual([
      '5.149.0.0/16',
    ]);
  });

  it('counts automatic entries alone', () => {
    const never = neighbours(96, 97, 98, 99).map((e) => neverActive(e.prefix, 'bogon', ''));
    expect(proposed(never)).toEqual([]);
    const narrow = [0, 64, 128, 192].map((d) => entryOf(parsePrefix(`5.149.96.${d}/26`)));
    expect(proposed(narrow)).toEqual([]);
  });

  it('does the same for IPv6', () => {
    const networks = Array.from({ length: 40_000 }, (_, n) =>
      entryOf(prefixAround(addressOf(6, 0x2a0e0c41, n), 64)),
    );
    expect(proposed(networks, BOUNDS, 6)).toMatchObject([
      { prefix: parsePrefix('2a0e:c41::/48'), blocked: 40_000, networks: 65_536 },
    ]);
  });

  it('agrees with counting each prefix by itself', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 63 }), { maxLength: 64 }),
        fc.constantFrom(25, 50, 75, 100),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 18, max: 23 }),
        (octets, share, minNetworks, widest4) => {
          const entries = neighbours(...octets);
          const slow: string[] = [];
          for (let length = widest4; length < 24; length++) {
            for (let octet = 0; octet < 64; octet += 2 ** (24 - length)) {
              const prefix = prefixAround(addressOf(4, 0x05950000 + octet * 256), length);
              const inside = entries.filter((e) => containsPrefix(prefix, e.prefix)).length;
              const enough = inside >= minNetworks && inside * 100 >= 2 ** (24 - length) * share;
              const isCovered = slow.some((text) => containsPrefix(parsePrefix(text), prefix));
              if (enough && !isCovered) slow.push(formatPrefix(prefix));
            }
          }
          const fast = proposed(entries, { ...BOUNDS, widest4, share, minNetworks });
          expect(fast.map(({ prefix }) => formatPrefix(prefix)).toSorted()).toEqual(
            slow.toSorted(),
          );
        },
      ),
    );
  });
});
