import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { bunzip2 } from '../../../src/log/compression/bunzip2.ts';
import { Bzip2Cutter, Uncuttable } from '../../../src/log/compression/bzip2-cutter.ts';
import { findProgram } from '../../../src/log/compression/program.ts';
import { memorySource } from '../../../src/log/source.ts';

const hasBzip2 = findProgram('bzip2') !== undefined;
/** Seven blocks of bzip2 -1. */
const LONG = Buffer.from(Array.from({ length: 45_000 }, (_, i) => `line ${i * i}\n`).join(''));
const ZEROS = Buffer.alloc(3_000_000);

function pack(bytes: Buffer, level = '-1'): Buffer {
  return hasBzip2 ? execFileSync('bzip2', ['-c', level], { input: bytes }) : bytes;
}

function cut(bytes: Buffer, chunkBytes: number, behind: Buffer = Buffer.alloc(0)): Buffer[] {
  const cutter = new Bzip2Cutter(behind);
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    for (const part of cutter.push(bytes.subarray(start, start + chunkBytes))) {
      parts.push(Buffer.from(part));
    }
  }
  cutter.finish();
  return parts;
}

const refuse = (text: string): never => expect.fail(text);

async function unpack(part: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bunzip2(memorySource('a part', [part], 0).chunks(), 'a part', refuse)) {
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 0x10;
  return copy;
}

describe.skipIf(!hasBzip2)('Bzip2Cutter (needs bzip2 to make the files)', () => {
  const long = pack(LONG);
  const hello = pack(Buffer.from('hello\n'), '-9');
  const empty = pack(Buffer.alloc(0));

  it.each([7, 977, 5_000, 100_000, 1 << 20])(
    'makes a stream of each block from chunks of %d bytes',
    async (chunkBytes) => {
      const parts = cut(long, chunkBytes);
      expect(parts.length).toBe(7);
      const contents = await Promise.all(parts.map(unpack));
      expect(Buffer.concat(contents).equals(LONG)).toBe(true);
      expect(contents[0]?.length).toBeLessThan(100_001);
    },
  );

  it('goes on from stream to stream', async () => {
    const parts = cut(Buffer.concat([empty, hello, hello, long, empty, hello]), 1000);
    expect(parts.length).toBe(10);
    const content = Buffer.concat(await Promise.all(parts.map(unpack)));
    expect(content.toString()).toBe(`hello\nhello\n${LONG.toString()}hello\n`);
  });

  it('puts behind each what is to be there', async () => {
    const parts = cut(Buffer.concat([hello, long]), 1000, hello);
    const content = Buffer.concat(await Promise.all(parts.map(unpack)));
    expect(content.toString().match(/hello\n/g)?.length).toBe(9);
    expect(content.toString().replaceAll('hello\n', '')).toBe(LONG.toString());
  });

  it('makes nothing of empty streams', () => {
    expect(cut(Buffer.concat([empty, empty]), 5)).toEqual([]);
  });

  it.each([
    ['an end that is missing', long.subarray(0, -1)],
    ['a beginning alone', Buffer.concat([hello, Buffer.from('BZ')])],
    ['text behind the end', Buffer.concat([hello, Buffer.from('hello')])],
    ['a level that there is none', flipped(hello, 3)],
    ['a block that does not begin as one', flipped(hello, 5)],
    ['another checksum of a block', flipped(hello, 11)],
    ['another checksum of all', flipped(hello, hello.length - 2)],
    ['a block that is not there', withoutBlock(long)],
    [
      'a block that is longer than one can be',
      Buffer.concat([long.subarray(0, 1000), ZEROS, long]),
    ],
  ])('does not cut %s', (_, bytes) => {
    expect(() => cut(bytes, 1000)).toThrow(Uncuttable);
  });
});

/** The first of the parts is taken for the whole: the end is that of another stream. */
function withoutBlock(stream: Buffer): Buffer {
  if (!hasBzip2) return stream;
  const [first = stream] = cut(stream, stream.length);
  return Buffer.concat([first.subarray(0, -6), stream.subarray(-6)]);
}
