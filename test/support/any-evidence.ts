import * as fc from 'fast-check';
import type { Evidence } from '../../src/blocklist/evidence.ts';
import type { Ban } from '../../src/fleet/pubsub/ban.ts';
import { addressOf } from '../../src/net/address.ts';

const SECONDS = fc.integer({ min: 1_700_000_000, max: 1_800_000_000 });
const WORD = fc.stringMatching(/^[a-z][a-z-]{0,20}$/);

/** An arbitrary for each field: a new field of Evidence is a type error here. */
const FIELDS: { readonly [Name in keyof Evidence]-?: fc.Arbitrary<Evidence[Name]> } = {
  address: fc.option(
    fc.oneof(
      fc.nat({ max: 0xffff_ffff }).map((a) => addressOf(4, a)),
      fc.nat({ max: 0xffff_ffff }).map((d) => addressOf(6, 0x2001_0db8, 0, 0, d)),
    ),
    { nil: undefined },
  ),
  service: WORD,
  message: WORD,
  log: fc.constantFrom('', '/var/log/auth.log', '/var/log/maillog'),
  host: fc.constantFrom('', 'gate', 'mail'),
  proxy: fc.constantFrom('', '203.0.113.0/24', '2001:db8::1'),
  rule: fc.constantFrom('', 'root', 'root, office'),
  port: fc.option(fc.nat({ max: 65_535 }), { nil: undefined }),
  count: fc.integer({ min: 1, max: 1_000_000 }),
  firstSeen: SECONDS,
  lastSeen: SECONDS,
};

/** Evidence in which every field takes all kinds of values. */
export function anyEvidence(): fc.Arbitrary<Evidence> {
  return fc.record(FIELDS).map((row) => ({
    ...row,
    firstSeen: Math.min(row.firstSeen, row.lastSeen),
    lastSeen: Math.max(row.firstSeen, row.lastSeen),
  }));
}

/** Evidence as a message has it, without address, log, host and times. */
export function anyBanEvidence(): fc.Arbitrary<Ban['evidence'][number]> {
  return anyEvidence().map((row) => {
    const { address: _, log: __, host: ___, firstSeen: _4, lastSeen: _5, ...evidence } = row;
    return evidence;
  });
}

/** Rows of which many have the same key. */
export function mergeableEvidence(): fc.Arbitrary<Evidence[]> {
  const few = fc.record({
    ...FIELDS,
    address: fc.constantFrom(undefined, addressOf(4, 7), addressOf(6, 0, 0, 0, 8)),
    service: fc.constant('sshd'),
    message: fc.constantFrom('failed-login', 'invalid-user'),
    firstSeen: fc.integer({ min: 1_700_000_000, max: 1_700_000_003 }),
    lastSeen: fc.integer({ min: 1_700_000_003, max: 1_700_000_006 }),
  });
  return fc.array(few, { maxLength: 20 });
}
