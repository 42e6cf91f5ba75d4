import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { McblockError } from '../../errors.ts';
import type { Chunks, Source } from '../source.ts';
import { damaged, type Warn } from './broken.ts';
import { bunzip2 } from './bunzip2.ts';
import { bunzip2Parts } from './bunzip2-parts.ts';
import { Uncuttable } from './bzip2-cutter.ts';
import { END_BITS, END_MAGIC, isMagic } from './bzip2-marks.ts';
import { findProgram, type Outcome, runDecompressor } from './program.ts';

/** What decompresses bzip2: `auto` is the quickest there is. */
export type Decompressor = 'auto' | 'lbzip2' | 'bzip2' | 'built-in';

const PROGRAMS = ['lbzip2', 'bzip2'] as const;
/** Less is decompressed before a second program would have begun. */
const IN_PARTS_FROM_BYTES = 2 ** 20;

/**
 * Decompresses bzip2 with a program of the system where there is one. What such a program makes of
 * a file that is not as it should be is not always told by how it ends, nor does it say where the
 * file broke; so the decoder of ours has the last word then, and goes on where the program stopped.
 * `input` is the source's bytes from the beginning.
 */
export async function* decompressBzip2(
  source: Source,
  input: Chunks,
  decompressor: Decompressor,
  warn: Warn,
): AsyncGenerator<Buffer> {
  const path = programFor(decompressor);
  if (path === undefined) {
    yield* bunzip2(input, source.name, warn);
    return;
  }
  const { name, totalBytes } = source;
  let decompressed = 0;
  const isInParts = (totalBytes ?? 0) >= IN_PARTS_FROM_BYTES && canBeInParts(path);
  const outcome: Outcome = { failure: undefined, said: '', tail: Buffer.alloc(0) };
  try {
    const chunks = isInParts
      ? bunzip2Parts(path, input)
      : runDecompressor(path, ['-dc'], input, outcome);
    for await (const chunk of chunks) {
      decompressed += chunk.length;
      yield chunk;
    }
    if (isInParts || (outcome.failure === undefined && endsWithStream(outcome.tail))) return;
  } catch (cause) {
    if (!(cause instanceof Uncuttable)) throw cause;
  }
  if (totalBytes !== undefined) {
    yield* after(bunzip2(source.chunks(), name, warn), decompressed);
  } else if (outcome.failure !== undefined) {
    throw damaged({ name, format: 'bzip2', byte: undefined, decompressed }, outcome.failure);
  } else {
    warn(`${name}: what follows the compressed data is ignored`);
  }
}

/** lbzip2 uses all cores by itself. */
function canBeInParts(path: string): boolean {
  return basename(path) === 'bzip2' && availableParallelism() > 1;
}

function programFor(decompressor: Decompressor): string | undefined {
  if (decompressor === 'built-in') return undefined;
  const names = decompressor === 'auto' ? PROGRAMS : [decompressor];
  const path = names.map(findProgram).find((found) => found !== undefined);
  if (path === undefined && decompressor !== 'auto') {
    throw new McblockError('program', `there is no ${decompressor} on this system; install it`);
  }
  return path;
}

/** A stream ends with a magic number and its CRC, and up to 7 bits to spare. */
function endsWithStream(tail: Buffer): boolean {
  const last = tail.length * 8 - END_BITS;
  return Array.from({ length: 8 }, (_, spare) => last - spare).some(
    (bit) => bit >= 0 && isMagic(tail, bit, END_MAGIC),
  );
}

/** What comes after the first so many bytes. */
async function* after(chunks: Chunks, bytes: number): AsyncGenerator<Buffer> {
  let toSkip = bytes;
  for await (const chunk of chunks) {
    const skipped = Math.min(toSkip, chunk.length);
    toSkip -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
