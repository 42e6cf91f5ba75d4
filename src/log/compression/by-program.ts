import { McblockError } from '../../errors.ts';
import type { Chunks } from '../source.ts';
import { damaged, type Warn } from './broken.ts';
import { findProgram, type Outcome, runDecompressor } from './program.ts';

/** The programs, and what keeps them from taking all memory that a hostile file asks for. */
const PROGRAMS = {
  xz: ['-dc', '--memlimit-decompress=256MiB'],
  zstd: ['-dc', '--memory=256MB'],
} as const;

/**
 * Decompresses with the program of that name, which must be on the system. Throws
 * McblockError('program') where it is not, McblockError('input') where the data is broken.
 */
export async function* decompressByProgram(
  format: keyof typeof PROGRAMS,
  input: Chunks,
  name: string,
  warn: Warn,
): AsyncGenerator<Buffer> {
  const path = findProgram(format);
  if (path === undefined) {
    throw new McblockError(
      'program',
      `${name} is compressed with ${format}, which is not on this system; install it, or decompress the log yourself and pipe it in`,
    );
  }
  const outcome: Outcome = { failure: undefined, said: '', tail: Buffer.alloc(0) };
  let decompressed = 0;
  for await (const chunk of runDecompressor(path, PROGRAMS[format], input, outcome)) {
    decompressed += chunk.length;
    yield chunk;
  }
  if (outcome.failure !== undefined) {
    throw damaged({ name, format, byte: undefined, decompressed }, withoutName(outcome.failure));
  }
  if (outcome.said !== '') warn(`${name}: ${withoutName(outcome.said)}`);
}

/** Programs begin what they say with what they read, which is no name here. */
function withoutName(said: string): string {
  return said.replace(/^.*stdin[^:]*: /, '');
}
