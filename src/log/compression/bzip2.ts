import { McblockError } from '../../errors.ts';
import { findProgram } from '../../process/find-program.ts';
import { ProgramError } from '../../process/program.ts';
import type { Chunks, Source } from '../source.ts';
import { damaged, type Warn } from './broken.ts';
import { bunzip2 } from './bunzip2.ts';
import { runDecompressor } from './external.ts';

/** What decompresses bzip2; `auto` is the fastest available. */
export type Decompressor = 'auto' | 'lbzip2' | 'bzip2' | 'built-in';

/** One thread of lbzip2 is faster than the reader, which further ones would take the processor from. */
const PROGRAMS = [
  { name: 'lbzip2', args: ['-n', '1', '-dc'] },
  { name: 'bzip2', args: ['-dc'] },
] as const;
/** Enough for the end of a stream, at any bit. */
const TAIL_BYTES = 32;
/** A stream ends with this number and its CRC of 32 bits, padded with up to 7 bits. */
const END_MAGIC = 0x1772_4538_5090n;
const MAGIC_MASK = 0xffff_ffff_ffffn;
const CRC_BITS = 32;

/**
 * Decompresses bzip2 with a program if one is installed. A program's status does not always tell
 * that a file is damaged, and its messages do not tell where; so if in doubt the built-in decoder
 * continues where the program stopped. `input` is the source's bytes from the beginning.
 */
export async function* decompressBzip2(
  source: Source,
  input: Chunks,
  decompressor: Decompressor,
  warn: Warn,
): AsyncGenerator<Buffer> {
  const { name, totalBytes } = source;
  const program = programFor(decompressor);
  if (program === undefined) {
    yield* bunzip2(input, name, warn);
    return;
  }
  const tail = { bytes: Buffer.alloc(0) };
  let decompressed = 0;
  let failure: string | undefined;
  try {
    const bytes = watchTail(input, tail);
    for await (const chunk of runDecompressor(program.path, program.args, bytes)) {
      decompressed += chunk.length;
      yield chunk;
    }
    if (endsWithStream(tail.bytes)) return;
  } catch (cause) {
    if (!(cause instanceof ProgramError)) throw cause;
    failure = cause.reason;
  }
  if (totalBytes !== undefined) {
    yield* skip(bunzip2(source.chunks(), name, warn), decompressed);
  } else if (failure !== undefined) {
    throw damaged({ name, format: 'bzip2', byte: undefined, decompressed }, failure);
  } else {
    warn(`${name}: ignored trailing data`);
  }
}

function programFor(decompressor: Decompressor) {
  if (decompressor === 'built-in') return undefined;
  const programs = PROGRAMS.filter(({ name }) => decompressor === 'auto' || name === decompressor);
  for (const { name, args } of programs) {
    const path = findProgram(name);
    if (path !== undefined) return { path, args };
  }
  if (decompressor === 'auto') return undefined;
  throw new McblockError('program', `${decompressor} is not installed`);
}

/** Passes the chunks on and keeps the last bytes. */
async function* watchTail(chunks: Chunks, tail: { bytes: Buffer }): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    const last = Buffer.concat([tail.bytes, chunk.subarray(-TAIL_BYTES)]);
    tail.bytes = last.subarray(-TAIL_BYTES);
    yield chunk;
  }
}

function endsWithStream(tail: Buffer): boolean {
  const bits = BigInt(`0x0${tail.toString('hex')}`);
  return Array.from({ length: 8 }, (_, padding) => bits >> BigInt(CRC_BITS + padding)).some(
    (shifted) => (shifted & MAGIC_MASK) === END_MAGIC,
  );
}

async function* skip(chunks: Chunks, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const chunk of chunks) {
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) yield chunk.subarray(skipped);
  }
}
