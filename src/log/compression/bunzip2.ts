import type bitIterator from 'unbzip2-stream/lib/bit_iterator.js';
import type { BitIterator } from 'unbzip2-stream/lib/bit_iterator.js';
import type { Chunks } from '../source.ts';
import { damaged, garbageAfter, truncated, type Warn } from './broken.ts';

/** No compressed block is longer: 50 × 32,767 symbols of 20 bits, and its tables. */
const MAX_BLOCK_BYTES = 4_300_000;
const HEADER_BYTES = 4;
/** Initial size of the buffer for a decompressed block. */
const OUTPUT_BYTES = 1_000_000;

/**
 * Decompresses bzip2 in this process, block by block, with the decoder of unbzip2-stream, which
 * checks the CRC of every block and stream. This function adds the rest: the end of the file, what
 * follows a stream, and the offset of damage. Throws McblockError('input').
 */
export async function* bunzip2(input: Chunks, name: string, warn: Warn): AsyncGenerator<Buffer> {
  const [{ default: decoder }, { default: iterate }] = await Promise.all([
    import('unbzip2-stream/lib/bzip2.js'),
    import('unbzip2-stream/lib/bit_iterator.js'),
  ]);
  const reader = new BitReader(input, iterate);
  const output = new Output();
  let decompressed = 0;
  const decode = <T>(offset: number, step: () => T): T => {
    try {
      return step();
    } catch (cause) {
      const isEarly = cause instanceof EndOfInput;
      const byte = isEarly ? reader.end : offset;
      const breakage = { name, format: 'bzip2', byte, decompressed };
      throw isEarly ? truncated(breakage) : damaged(breakage, reasonFor(cause));
    }
  };
  for (let isFirst = true; ; isFirst = false) {
    const start = reader.offset;
    const header = await reader.bytes(HEADER_BYTES);
    if (!isFirst && !startsStream(header)) {
      if (header.length > 0) warn(garbageAfter(name, start));
      return;
    }
    const size = decode(start, () => {
      if (header.length < HEADER_BYTES) throw new EndOfInput();
      return decoder.header(iterate(() => header)) * 100_000;
    });
    const block = new Int32Array(size);
    let crc: number | null = 0;
    while (crc !== null) {
      await reader.fill(MAX_BLOCK_BYTES);
      const before: number = crc;
      output.clear();
      crc = decode(reader.offset, () =>
        decoder.decompress(reader.bits, output.put, block, size, before),
      );
      const bytes = output.bytes;
      decompressed += bytes.length;
      if (bytes.length > 0) yield bytes;
    }
  }
}

/** Whether a stream begins with these bytes, or with more if the file ends within its header. */
function startsStream(bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  const level = bytes[3];
  return (
    bytes[0] === 0x42 &&
    (bytes[1] === 0x5a || bytes.length < 2) &&
    (bytes[2] === 0x68 || bytes.length < 3) &&
    (level === undefined || (level >= 0x31 && level <= 0x39))
  );
}

/** The decoder's own messages are mostly jokes. */
function reasonFor(cause: unknown): string {
  return cause instanceof Error && cause.message.includes('crc32')
    ? 'a checksum is wrong'
    : 'a block cannot be decoded';
}

/** The decoder needs more bits than the file has. */
class EndOfInput extends Error {}

/** Feeds the decoder, which cannot wait for input, from a stream. */
class BitReader {
  readonly bits: BitIterator;
  readonly #input: AsyncIterator<Buffer>;
  readonly #queue: Uint8Array[] = [new Uint8Array(0)];
  #end = 0;
  #hasEnded = false;

  constructor(input: Chunks, iterate: typeof bitIterator) {
    this.#input = input[Symbol.asyncIterator]();
    this.bits = iterate(() => {
      const next = this.#queue.shift();
      if (next === undefined) throw new EndOfInput();
      return next;
    });
  }

  /** Offset in the stream of the next byte that was not begun. */
  get offset(): number {
    return this.bits.bytesRead;
  }

  /** Offset of the end of what was buffered. */
  get end(): number {
    return this.#end;
  }

  /** Buffers at least so many bytes, or all that are left. */
  async fill(wanted: number): Promise<void> {
    while (this.#end - this.offset < wanted && !this.#hasEnded) {
      const { value, done } = await this.#input.next();
      if (done === true) {
        this.#hasEnded = true;
        return;
      }
      this.#queue.push(Buffer.from(value));
      this.#end += value.length;
    }
  }

  /** Consumes so many whole bytes, or all that are left. */
  async bytes(count: number): Promise<Uint8Array> {
    await this.fill(count);
    const length = Math.min(count, this.#end - this.offset);
    return Uint8Array.from({ length }, () => this.bits(8));
  }
}

/** Collects the bytes of a block. */
class Output {
  #bytes = Buffer.allocUnsafe(OUTPUT_BYTES);
  #length = 0;

  /** A block can decompress to at most fifty times its size. */
  readonly put = (byte: number): void => {
    if (this.#length === this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#length * 2);
    }
    this.#bytes[this.#length++] = byte;
  };

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }
}
