import { McblockError } from '../errors.ts';
import type { Warn } from './broken.ts';
import { decompressByProgram } from './by-program.ts';
import { type Decompressor, decompressBzip2 } from './bzip2.ts';
import { type Format, MAGIC_BYTES, recogniseFormat } from './format.ts';
import { gunzip } from './gunzip.ts';
import type { Chunks, Source } from './source.ts';

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
  const [head, input] = await peek(source.chunks(options.onBytes));
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

/** The first bytes, enough to recognise a format by, and all bytes including them. */
async function peek(chunks: Chunks): Promise<readonly [Buffer, Chunks]> {
  const iterator = chunks[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let length = 0;
  while (length < MAGIC_BYTES) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    pieces.push(Buffer.from(value));
    length += value.length;
  }
  const head = Buffer.concat(pieces);
  return [head, joined(head, iterator)];
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const { value, done } = await rest.next();
      if (done === true) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}
