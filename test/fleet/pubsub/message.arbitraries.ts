import * as fc from 'fast-check';
import type { Ban, BanMessage } from '../../../src/fleet/pubsub/ban.ts';
import { hostPrefix, prefixAround } from '../../../src/net/prefix.ts';
import { anyAddress, anyPrefix } from '../../reference/arbitraries.ts';
import { anyBanEvidence } from '../../support/any-evidence.ts';

export const NOW = 1_790_000_000;

const words = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));

const anyBan: fc.Arbitrary<Ban> = fc
  .record({
    target: fc.oneof(
      anyPrefix.map((prefix) => ({ prefix, address: undefined })),
      fc.tuple(anyAddress, fc.integer({ min: 1, max: 32 })).map(([address, length]) => ({
        prefix: prefixAround(address, length),
        address: hostPrefix(address),
      })),
    ),
    expiresAt: fc.oneof(
      fc.constant('forever' as const),
      fc.integer({ min: NOW + 1, max: NOW + 1e9 }),
    ),
    origin: fc.constantFrom('grok', 'manual', 'pf', 'fleet', 'import'),
    evidence: fc.array(anyBanEvidence(), { maxLength: 16 }),
    note: words,
  })
  .map(({ target, ...rest }) => ({ ...rest, ...plain(target) }));

/** Valid messages, with any prefix but /0. */
export const anyMessage: fc.Arbitrary<BanMessage> = fc.record({
  ban: anyBan.filter(({ prefix }) => prefix.length > 0),
  sender: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,20}$/),
  channel: fc.constant('mcblock'),
  number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  at: fc.integer({ min: NOW - 300, max: NOW + 60 }),
});

function plain({ prefix, address }: { prefix: Ban['prefix']; address: Ban['prefix'] | undefined }) {
  if (address === undefined) return { prefix, address };
  const { family, a, b, c, d } = address;
  return { prefix, address: { family, a, b, c, d } };
}
