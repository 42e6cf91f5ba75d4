import { McblockError } from '../../errors.ts';
import type { Chunks, Source } from '../source.ts';
import type { Warn } from './broken.ts';
import { type Decompressor, decompressBzip2 } from './bzip2.ts';
import { decompressExternally } from './external.ts';
import { type Format, MAGIC_BYTES, recogniseFormat } from './format.ts';
import { gunzip } from './gunzip.ts';
import { peek } from './peek.ts';

/** 4 GiB, or about forty million lines. */
export const DEFAULT_SIZE_LIMIT_BYTES = 4 * 2 ** 30;

export interface DecompressOptions {
  readonly decompressor: Decompressor;
  /** Where decompression stops, as a small file can hold endless zeros. */
  readonly sizeLimitBytes: number;
  /** Called with the number of compressed bytes read so far. */
  readonly onBytes: (bytes: number) => void;
  readonly warn: Warn;
}

/**
 * The content of a log, decompressed by the format that its first bytes tell. Throws
 * McblockError('input') if the data is damaged, truncated or exceeds the limit.
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
        `${source.name} holds more than ${options.sizeLimitBytes} bytes when decompressed; raise the limit if that is right`,
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
    xz: () => decompressExternally('xz', input, source.name, warn),
    zstd: () => decompressExternally('zstd', input, source.name, warn),
  };
  return byFormat[format]();
}
