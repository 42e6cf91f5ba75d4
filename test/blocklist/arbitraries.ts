import * as fc from 'fast-check';
import { type Entry, type Expiry, neverActive, type Origin } from '../../src/blocklist/entry.ts';
import type { UserHash } from '../../src/blocklist/offence.ts';
import { DAY_SECONDS, DEFAULT_POLICY, type Policy } from '../../src/blocklist/policy.ts';
import type { Protection } from '../../src/blocklist/request.ts';
import type { Login } from '../../src/blocklist/trust.ts';
import {
  type Address,
  addressOf,
  compareAddresses,
  FAMILY_BITS,
  type Family,
} from '../../src/net/address.ts';
import { containsPrefix, type Prefix, prefixAround } from '../../src/net/prefix.ts';

/** A world of 64 addresses, the last ones of their family, so that all happens close together. */
export const FAMILIES: readonly Family[] = [4, 6];

export const POLICY: Policy = {
  ...DEFAULT_POLICY,
  penalty: { firstSeconds: 3 * DAY_SECONDS, longestSeconds: 20 * DAY_SECONDS },
  auto: { length4: 30, length6: 126, nat64: [], proxies: [] },
  persistent: { days: 2 },
  reactivate: { widest4: 27, widest6: 123, points: 10 },
  trust: { days: 20, points: 30 },
  offence: { points: 30, windowSeconds: DAY_SECONDS },
};

export function addressIn(family: Family, host: number): Address {
  const low = (0xffff_ffc0 | host) >>> 0;
  return family === 4
    ? addressOf(4, low)
    : addressOf(6, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff, low);
}

export function address(family: Family): fc.Arbitrary<Address> {
  // Most of them in two automatic prefixes, so that they get into each other's way.
  const host = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 56, max: 63 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 63 }) },
  );
  return host.map((low) => addressIn(family, low));
}

/** From a single address to all 64 and beyond. */
export function prefix(family: Family, widest = 7): fc.Arbitrary<Prefix> {
  return fc
    .tuple(address(family), fc.integer({ min: 0, max: widest }))
    .map(([inside, hostBits]) => prefixAround(inside, FAMILY_BITS[family] - hostBits));
}

/** Quarters of a day, over 40 days. */
export const time: fc.Arbitrary<number> = fc
  .integer({ min: 0, max: 160 })
  .map((quarter) => 1_700_000_000 + (quarter * DAY_SECONDS) / 4);

export function protections(family: Family): fc.Arbitrary<Protection[]> {
  return fc.array(
    fc.record({
      prefix: prefix(family, 3),
      reason: fc.constantFrom(
        'allowed' as const,
        'own' as const,
        'login' as const,
        'private' as const,
      ),
    }),
    { maxLength: 3 },
  );
}

export function logins(family: Family): fc.Arbitrary<Login[]> {
  const login = fc
    .record({
      address: address(family),
      service: fc.constantFrom('sshd', 'dovecot'),
      user,
      first: time,
      quarters: fc.integer({ min: 0, max: 80 }),
      lost: fc.option(time, { nil: undefined, freq: 5 }),
    })
    .map(({ quarters, ...rest }) => ({
      ...rest,
      last: rest.first + (quarters * DAY_SECONDS) / 4,
    }));
  return fc.uniqueArray(login, {
    maxLength: 6,
    comparator: (p, q) =>
      compareAddresses(p.address, q.address) === 0 && p.service === q.service && p.user === q.user,
  });
}

/** Nobody, or one of two. */
export const user: fc.Arbitrary<UserHash> = fc.constantFrom(undefined, 1, 2);

/** Entries with different prefixes; some were never active. */
export function entries(family: Family): fc.Arbitrary<Entry[]> {
  return fc.uniqueArray(entry(family), {
    maxLength: 6,
    comparator: (p, q) => containsPrefix(p.prefix, q.prefix) && containsPrefix(q.prefix, p.prefix),
  });
}

function entry(family: Family): fc.Arbitrary<Entry> {
  return fc
    .record({
      prefix: prefix(family),
      origin: fc.constantFrom<Origin[]>('grok', 'manual', 'bogon', 'import'),
      activations: fc.integer({ min: 0, max: 4 }),
      hits: fc.integer({ min: 0, max: 9 }),
      activatedAt: time,
      lastsQuarters: fc.option(fc.integer({ min: 0, max: 80 })),
      maker: fc.constantFrom(
        { by: '', byAdmin: false },
        { by: 'gate', byAdmin: false },
        { by: 'alice', byAdmin: true },
      ),
      isEnded: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    })
    .map((fields) => {
      const { prefix: around, origin, activations, hits, activatedAt, lastsQuarters } = fields;
      const note = 'from the start';
      if (activations === 0) return neverActive(around, origin, note, fields.maker);
      const expiresAt: Expiry =
        lastsQuarters === null ? 'forever' : activatedAt + (lastsQuarters * DAY_SECONDS) / 4;
      const endedAt = fields.isEnded && expiresAt !== 'forever' ? expiresAt : undefined;
      const seen = {
        firstSeen: activatedAt,
        lastSeen: activatedAt,
        activatedAt,
        expiresAt,
        endedAt,
      };
      const made = { prefix: around, origin, note, ...fields.maker };
      return { ...made, activations, hits, hitDays: [], ...seen };
    });
}
