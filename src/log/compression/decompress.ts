import { McblockError } from '../../errors.ts';
import type { Chunks, Source } from '../source.ts';
import type { Warn } from './broken.ts';
import { decompressByProgram } from './by-program.ts';
import { type Decompressor, decompressBzip2 } from './bzip2.ts';
import { type Format, MAGIC_BYTES, recogniseFormat } from './format.ts';
import { gunzip } from './gunzip.ts';
import { peek } from './peek.ts';

/** A log of 4 GiB has some forty million lines. */
export const DEFAULT_SIZE_LIMIT_BYTES = 4 * 2 ** 30;

export interface DecompressOptions {
  readonly decompressor: Decompressor;
  /** More than that is not decompressed: a small file can hold endless zeros. */
  readonly sizeLimitBytes: number;
  /** Hears how many bytes of the file have been read, compressed as they are. */
  readonly onBytes: (bytes: number) => void;
  readonly warn: Warn;
}

/**
 * The content of a log, decompressed as its first bytes ask for. Throws McblockError('input') where
 * the compressed data is damaged, ends too early or is too much.
 */
export async function* decompress(
  source: Source,
  options: DecompressOptions,
): AsyncGenerator<Buffer> {
  const [head, input] = await peek(source.chunks(options.onBytes), MAGIC_BYTES);
  const format = recogniseFormat(head);
  if (format.name === 'plain') {
    yield* input;
    return;
  }
  let bytes = 0;
  for await (const chunk of decompressed(format.name, source, input, options)) {
    bytes += chunk.length;
    if (bytes > options.sizeLimitBytes) {
      throw new McblockError(
        'input',
        `${source.name} holds more than ${options.sizeLimitBytes} bytes when it is decompressed; raise the limit if it is what it should be`,
      );
    }
    yield chunk;
  }
}

function decompressed(
  format: Exclude<Format['name'], 'plain'>,
  source: Source,
  input: Chunks,
  { decompressor, warn }: DecompressOptions,
): Chunks {
  const byFormat = {
    bzip2: () => decompressBzip2(source, input, decompressor, warn),
    gzip: () => gunzip(input, source.name, warn),
    xz: () => decompressByProgram('xz', input, source.name, warn),
    zstd: () => decompressByProgram('zstd', input, source.name, warn),
  };
  return byFormat[format]();
}
