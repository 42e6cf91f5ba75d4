import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressTable } from '../../../src/log/offences/address-table.ts';
import { addressOf } from '../../../src/net/address.ts';

const word = fc.oneof(
  fc.constantFrom(0, 1, 0xffff, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const address = fc.oneof(
  word.map((a) => addressOf(4, a)),
  fc.tuple(word, word, word, word).map(([a, b, c, d]) => addressOf(6, a, b, c, d)),
);

it('numbers addresses in order of appearance, and returns them', () => {
  fc.assert(
    fc.property(fc.array(address, { maxLength: 200 }), (addresses) => {
      const table = new AddressTable();
      const reference = new Map<string, number>();
      for (const one of addresses) {
        const key = JSON.stringify(one);
        if (!reference.has(key)) reference.set(key, reference.size);
        expect(table.id(one)).toBe(reference.get(key));
      }
      expect(table.size).toBe(reference.size);
      for (const one of addresses) expect(table.address(table.id(one))).toEqual(one);
    }),
  );
});

it('grows', () => {
  const table = new AddressTable();
  const many = Array.from({ length: 50_000 }, (_, i) =>
    i % 2 === 0 ? addressOf(4, i << 8) : addressOf(6, 0x2a0e0000 + i),
  );
  expect(many.map((one) => table.id(one))).toEqual(many.map((_, i) => i));
  expect(many.map((one) => table.id(one))).toEqual(many.map((_, i) => i));
  expect(table.address(49_999)).toEqual(many[49_999]);
});
