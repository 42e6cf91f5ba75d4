import { describe, expect, it } from 'vitest';
import { BitWriter } from '../../../src/log/compression/bit-writer.ts';

const bitsOf = (bytes: Buffer): string =>
  [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');

describe('BitWriter', () => {
  it('puts numbers one after the other', () => {
    const writer = new BitWriter(16);
    writer.put(0b101, 3);
    writer.put(0xffff_fffe, 32);
    writer.put(0b01, 1);
    expect(bitsOf(writer.bytes)).toBe(`101${'1'.repeat(31)}01${'0'.repeat(4)}`);
    writer.align();
    writer.put(0x7f, 8);
    expect(writer.bytes.subarray(5)).toEqual(Buffer.of(0x7f));
  });

  it('copies bits from anywhere to anywhere', () => {
    const bytes = Buffer.from(Array.from({ length: 24 }, (_, i) => (i * 151 + 7) & 0xff));
    const all = bitsOf(bytes);
    for (let start = 0; start < 40; start++) {
      for (let end = start; end <= all.length; end++) {
        const writer = new BitWriter(32);
        writer.put(0xa5, 8);
        writer.copy(bytes, start, end);
        writer.put(0b1, 1);
        const bits = `10100101${all.slice(start, end)}1`;
        expect(bitsOf(writer.bytes)).toBe(bits.padEnd(Math.ceil(bits.length / 8) * 8, '0'));
      }
    }
  });
});
