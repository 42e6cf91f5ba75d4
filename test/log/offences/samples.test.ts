import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { AddressTable } from '../../../src/log/offences/address-table.ts';
import { Samples } from '../../../src/log/offences/samples.ts';
import { type Address, addressOf } from '../../../src/net/address.ts';
import { contains, type Prefix, prefixAround } from '../../../src/net/prefix.ts';

const WORDS = [0, 1, 256, 257, 0x0a00_0001, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const word = fc.constantFrom(...WORDS);
const address: fc.Arbitrary<Address> = fc.oneof(
  word.map((a) => addressOf(4, a)),
  fc.tuple(word, word, word).map(([a, b, d]) => addressOf(6, a, b, 7, d)),
);
const prefix: fc.Arbitrary<Prefix> = fc
  .tuple(address, fc.integer({ min: 0, max: 128 }))
  .map(([one, length]) => prefixAround(one, one.family === 4 ? length % 33 : length));

const LIMIT = 2;

function networkOf(one: Address): Prefix {
  return prefixAround(one, one.family === 4 ? 24 : 64);
}

it('keeps the first lines of each network and finds them by any prefix', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(address, fc.array(prefix, { maxLength: 2 })), { maxLength: 40 }),
      (told) => {
        const samples = new Samples(LIMIT);
        const addresses = new AddressTable();
        const kept: { readonly number: number; readonly from: Address }[] = [];
        for (const [index, [from, asked]] of told.entries()) {
          const number = index + 1;
          const bytes = Buffer.from(`line ${number}\n`);
          const line = { number, bytes, start: 0, end: bytes.length - 1 };
          samples.add(line, addresses.id(from), addresses);
          const network = networkOf(from);
          if (kept.filter((one) => contains(network, one.from)).length < LIMIT) {
            kept.push({ number, from });
          }
          for (const one of asked) {
            expect(samples.within(one)).toMatchObject(
              kept
                .filter((sample) => contains(one, sample.from))
                .map((sample) => ({ number: sample.number, text: `line ${sample.number}` })),
            );
          }
        }
      },
    ),
  );
});
