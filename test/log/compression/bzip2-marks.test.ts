import { describe, expect, it } from 'vitest';
import { bitsAt, findMarks } from '../../../src/log/compression/bzip2-marks.ts';

const BLOCK = 0x3141_5926_5359n;
const END = 0x1772_4538_5090n;

/** 40 bytes of ones, with a magic number at a bit. */
function withMagic(magic: bigint, bit: number): Buffer {
  const all = (1n << 320n) - 1n;
  const room = BigInt(320 - 48 - bit);
  const bits = (all ^ (((1n << 48n) - 1n) << room)) | (magic << room);
  return Buffer.from(bits.toString(16).padStart(80, '0'), 'hex');
}

const EVERY_BIT = Array.from({ length: 320 - 55 }, (_, bit) => bit);

describe('findMarks', () => {
  it.each([
    ['block', BLOCK, false],
    ['end', END, true],
  ])('finds the mark of a(n) %s at every bit', (_, magic, isEnd) => {
    for (const bit of EVERY_BIT) {
      expect(findMarks(withMagic(magic, bit), 0, 34)).toEqual([{ bit, isEnd }]);
    }
  });

  it('finds each in just one of two stretches', () => {
    for (const bit of EVERY_BIT) {
      const bytes = withMagic(BLOCK, bit);
      const marks = [...findMarks(bytes, 0, 13), ...findMarks(bytes, 13, 34)];
      expect(marks).toEqual([{ bit, isEnd: false }]);
    }
  });

  it('finds none where a bit differs', () => {
    for (let bit = 0; bit < 48; bit++) {
      expect(findMarks(withMagic(BLOCK ^ (1n << BigInt(bit)), 77), 0, 34)).toEqual([]);
    }
  });
});

describe('bitsAt', () => {
  it('reads up to 32 bits', () => {
    const bytes = Buffer.from('0123456789abcdef', 'hex');
    expect(bitsAt(bytes, 4, 8)).toBe(0x12);
    expect(bitsAt(bytes, 7, 1)).toBe(1);
    expect(bitsAt(bytes, 13, 32)).toBe(0x68ac_f135);
  });
});
