import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Offence } from '../../../src/blocklist/offence.ts';
import { AddressTable } from '../../../src/log/offences/address-table.ts';
import { OffenceTable } from '../../../src/log/offences/offence-table.ts';
import { Clock } from '../../../src/log/time/clock.ts';
import { CivilTime, zoneOffsets } from '../../../src/log/time/zone.ts';
import { type Address, addressOf, compareAddresses } from '../../../src/net/address.ts';
import { contains, type Prefix, prefixAround } from '../../../src/net/prefix.ts';
import { kindOf } from '../../reference/kinds.ts';

const KINDS = [kindOf('sshd', 'failed-login'), kindOf('sshd', 'invalid-user')] as const;
const WORDS = [0, 1, 255, 256, 0x0a00_0001, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** One of them often: some groups have many rows. */
const address: fc.Arbitrary<Address> = fc.oneof(
  fc.constant(addressOf(4, 1)),
  fc.constantFrom(...WORDS).map((a) => addressOf(4, a)),
  fc
    .tuple(fc.constantFrom(...WORDS), fc.constantFrom(...WORDS), fc.constantFrom(...WORDS))
    .map(([a, b, d]) => addressOf(6, a, b, 7, d)),
);

function prefixOf(one: Address): Prefix {
  return prefixAround(one, one.family === 4 ? 24 : 64);
}

describe('OffenceTable', () => {
  it('returns all offences by group, sorted by address, and within a group in the order of the log', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            address,
            fc.nat({ max: 1 }),
            fc.integer({ min: 1, max: 90 }),
            fc.constantFrom(undefined, 0, 65_535),
            fc.constantFrom(undefined, 1, 2 ** 32, 2 ** 53 - 1),
          ),
          { maxLength: 400, size: 'max' },
        ),
        (told) => {
          const addresses = new AddressTable();
          const table = new OffenceTable(addresses, (id) => KINDS[id === 0 ? 0 : 1]);
          const clock = new Clock();
          const expected: Offence[] = told.map(([one, kind, points, port, user], index) => {
            const time = clock.tick(0, 1, index);
            table.note(time);
            const count = index + 1;
            table.push(time, addresses.id(one), kind, points, count, port ?? -1, user ?? 0, index);
            const at = Date.UTC(2026, 0, 1) / 1000 + index;
            const counted = KINDS[kind === 0 ? 0 : 1];
            return { at, address: one, points, count, port, user, kind: counted, key: index };
          });
          const calendar = clock.calendar(new CivilTime(zoneOffsets('UTC')), 0, 2026);

          const spaces: Prefix[] = [];
          const groups = Array.from(
            table.groups(calendar, (one) => {
              spaces.push(prefixOf(one));
              return prefixOf(one);
            }),
            ({ offences }) => Array.from(offences, (offence) => ({ ...offence })),
          );

          expect(spaces).toEqual(spaces.toSorted(compareAddresses));
          expect(groups).toEqual(
            spaces.map((space) => expected.filter((one) => contains(space, one.address))),
          );
        },
      ),
    );
  });
});
