import type { Chunks } from '../source.ts';
import { BitWindow, EndOfInput } from './bit-window.ts';
import { damaged, garbageAfter, truncated, type Warn } from './broken.ts';

/** No block is longer when compressed: 50 × 32,767 symbols of 20 bits, and its tables. */
const BLOCK_LIMIT_BYTES = 4_300_000;
/** How much of a block is written before the first byte of it goes on. */
const OUTPUT_START_BYTES = 1_000_000;

/**
 * Decompresses bzip2 without another program, block by block, with the decoder of unbzip2-stream:
 * that one checks the CRC of every block and of every stream. What it leaves open is done here: the
 * end of the file, what follows a stream, and where something broke. Throws McblockError('input').
 */
export async function* bunzip2(input: Chunks, name: string, warn: Warn): AsyncGenerator<Buffer> {
  const { default: decoder } = await import('unbzip2-stream/lib/bzip2.js');
  const window = new BitWindow(input);
  const output = new Output();
  let decompressed = 0;
  /** Whatever the decoder throws, the file is at fault. */
  function decode<T>(step: () => T): T {
    const start = window.byte;
    try {
      return step();
    } catch (cause) {
      const early = cause instanceof EndOfInput;
      const byte = early ? window.end : start;
      const breakage = { name, format: 'bzip2', byte, decompressed };
      throw early ? truncated(breakage) : damaged(breakage, checkThatFailed(cause));
    }
  }
  await window.fill(4);
  do {
    const size = decode(() => decoder.header(window.take)) * 100_000;
    const block = new Int32Array(size);
    let crc: number | null = 0;
    while (crc !== null) {
      await window.fill(BLOCK_LIMIT_BYTES);
      const before: number = crc;
      output.clear();
      crc = decode(() => decoder.decompress(window.take, output.put, block, size, before));
      const bytes = output.bytes;
      decompressed += bytes.length;
      if (bytes.length > 0) yield bytes;
    }
    await window.fill(4);
  } while (startsStream(window.rest));
  if (window.rest.length > 0) warn(garbageAfter(name, window.byte));
}

/** Whether the bytes are the beginning of a stream, or of one that is cut off there. */
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

/** The decoder's own words are jokes for the most part. */
function checkThatFailed(cause: unknown): string {
  return cause instanceof Error && cause.message.includes('crc32')
    ? 'a checksum is wrong'
    : 'a block cannot be decoded';
}

/** Bytes that come one by one. */
class Output {
  #bytes = Buffer.allocUnsafe(OUTPUT_START_BYTES);
  #length = 0;

  /** A block of repetitions can grow to fifty times its length, and no further. */
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
