import { execFileSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bunzip2Parts } from '../../../src/log/compression/bunzip2-parts.ts';
import { Uncuttable } from '../../../src/log/compression/bzip2-cutter.ts';
import { findProgram } from '../../../src/log/compression/program.ts';
import { type Chunks, memorySource } from '../../../src/log/source.ts';

const path = findProgram('bzip2');

function pack(bytes: Buffer, level = '-1'): Buffer {
  return path === undefined
    ? bytes
    : execFileSync(path, ['-c', level], { input: bytes, maxBuffer: 2 ** 24 });
}

async function unpack(
  input: Chunks,
  program = path,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of bunzip2Parts(program ?? '', input)) {
    pieces.push(Buffer.from(piece));
    await between();
  }
  return Buffer.concat(pieces);
}

const chunksOf = (...chunks: Buffer[]): Chunks => memorySource('a log', chunks, 0).chunks();

async function* broken(start: Buffer): AsyncGenerator<Buffer> {
  yield start;
  throw await Promise.resolve(new RangeError('the disk is gone'));
}

const lines = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, i) => `line ${i * i}\n`).join(''));

describe.skipIf(path === undefined)('bunzip2Parts (needs bzip2)', () => {
  const long = lines(100_000);
  const packed = pack(long);

  it('gives the blocks in their order', async () => {
    expect((await unpack(chunksOf(packed))).equals(long)).toBe(true);
  });

  it('gives all although the programs end while others are at work', async () => {
    const longer = lines(300_000);
    const content = await unpack(chunksOf(pack(longer, '-9')), path, () => setTimeout(20));
    expect(content.equals(longer)).toBe(true);
  });

  it('goes on where many streams are less than a program reads at once', async () => {
    const small = Array.from({ length: 3000 }, (_, i) => `${i % 10}`);
    const streams = Array.from({ length: 10 }, (_, i) => pack(Buffer.from(`${i}`)));
    const input = Buffer.concat(small.map((digit) => streams[Number(digit)] ?? packed));
    expect((await unpack(chunksOf(input))).toString()).toBe(small.join(''));
  });

  it('goes on where a block is more than a pipe holds, and more than the memory to begin with', async () => {
    const noise = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => Math.sin(i) * 1e9));
    const zeros = Buffer.alloc(6_000_000);
    const input = chunksOf(pack(noise, '-9'), pack(zeros, '-9'), pack(noise, '-9'));
    expect((await unpack(input)).equals(Buffer.concat([noise, zeros, noise]))).toBe(true);
  });

  it('makes nothing of an empty stream', async () => {
    expect((await unpack(chunksOf(pack(Buffer.alloc(0))))).length).toBe(0);
  });

  it('does not hold a block that is hundreds of times what a log has', async () => {
    const input = chunksOf(pack(Buffer.alloc(40_000_000), '-9'));
    await expect(unpack(input)).rejects.toThrow(Uncuttable);
  });

  it('gives nothing of a block that is damaged', async () => {
    const damaged = Buffer.from(packed);
    damaged[packed.length >> 1]! ^= 1;
    const pieces: Buffer[] = [];
    const reading = (async () => {
      for await (const piece of bunzip2Parts(path ?? '', chunksOf(damaged))) {
        pieces.push(Buffer.from(piece));
      }
    })();
    await expect(reading).rejects.toThrow(Uncuttable);
    const content = Buffer.concat(pieces);
    expect(long.subarray(0, content.length).equals(content)).toBe(true);
  });

  it.each(['/bin/true', '/bin/false', '/bin/cat', '/nowhere/bzip2'])(
    'says so where the program is no bzip2 (%s)',
    async (program) => {
      await expect(unpack(chunksOf(packed), program)).rejects.toThrow(Uncuttable);
    },
  );

  it('throws what reading the input throws', async () => {
    const half = packed.subarray(0, packed.length >> 1);
    await expect(unpack(broken(half))).rejects.toThrow('the disk is gone');
  });
});
