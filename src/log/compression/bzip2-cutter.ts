import { BitWriter } from './bit-writer.ts';
import {
  bitsAt,
  END_BITS,
  END_MAGIC,
  findMarks,
  MAGIC_BITS,
  MAGIC_BYTES,
  type Mark,
} from './bzip2-marks.ts';

const HEADER_BYTES = 4;
/** The longest block: 900,000 codes of 20 bits, and the tables. */
const MOST_BYTES = 2_500_000;

/** More than the streams of most blocks of a log. */
const STREAM_BYTES = 131_072;

/** The bytes cannot be cut; whether that is because they are damaged, others have to tell. */
export class Uncuttable extends Error {}

/**
 * Cuts bzip2 streams into their blocks, each as a stream by itself: blocks of bzip2 depend on
 * nothing before them, they only need another header and end. What comes out has passed every check
 * that bzip2 has if each block does.
 */
export class Bzip2Cutter {
  readonly #behind: Buffer;
  /** What is not done with, and where that ends. */
  #bytes = Buffer.allocUnsafeSlow(2 ** 19);
  #length = 0;
  /** Below this byte every mark is found. */
  #searched = 0;
  /** The level byte of the stream we are in; undefined between streams. */
  #level: number | undefined;
  /** The bit where the next stream or the first block of this one begins. */
  #next = 0;
  /** Where the block begins that we are in; undefined before the first. */
  #block: number | undefined;
  #streamCrc = 0;
  /** What is yielded is here: ever new memory would be given back late. */
  #stream = new BitWriter(STREAM_BYTES);

  /** `behind`: what is put behind every stream. */
  constructor(behind: Buffer) {
    this.#behind = behind;
  }

  /**
   * The blocks that are whole with these bytes, each only valid until the next one.
   * Throws Uncuttable.
   */
  *push(chunk: Buffer): Generator<Buffer> {
    this.#append(chunk);
    const marks = this.#search();
    for (;;) {
      if (this.#level === undefined && !this.#beginStream()) break;
      const [mark] = marks;
      if (mark === undefined) break;
      if (mark.isEnd && mark.bit + END_BITS > this.#length * 8) {
        this.#searched = mark.bit >> 3;
        break;
      }
      marks.shift();
      const stream = this.#endBlock(mark.bit);
      if (stream !== undefined) yield stream;
      if (mark.isEnd) this.#endStream(mark.bit);
      else this.#block = mark.bit;
    }
    this.#forget();
  }

  /** Throws Uncuttable where no stream ends here. */
  finish(): void {
    if (this.#level !== undefined || this.#next !== this.#length * 8) {
      throw new Uncuttable('the bytes do not end with a stream');
    }
  }

  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(length * 2);
      this.#bytes.copy(bytes, 0, 0, this.#length);
      this.#bytes = bytes;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  /** Finds the marks that begin before the last bytes: those are searched with what follows. */
  #search(): Mark[] {
    const start = this.#searched;
    this.#searched = Math.max(start, this.#length - MAGIC_BYTES + 1);
    return findMarks(this.#bytes, start, this.#searched);
  }

  /** False: more bytes are needed. */
  #beginStream(): boolean {
    const start = this.#next / 8;
    if (this.#length < start + HEADER_BYTES) return false;
    const level = bitsAt(this.#bytes, this.#next + 24, 8);
    if (bitsAt(this.#bytes, this.#next, 24) !== 0x425a68 || level < 0x31 || level > 0x39) {
      throw new Uncuttable('there is no stream');
    }
    this.#level = level;
    this.#next += HEADER_BYTES * 8;
    this.#block = undefined;
    this.#streamCrc = 0;
    return true;
  }

  #endBlock(end: number): Buffer | undefined {
    const start = this.#block;
    if (start === undefined) {
      if (end === this.#next) return undefined;
      throw new Uncuttable('a stream begins with no block');
    }
    const crc = bitsAt(this.#bytes, start + MAGIC_BITS, 32);
    this.#streamCrc = (((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ crc) >>> 0;
    const bytes = HEADER_BYTES + Math.ceil((end - start + END_BITS) / 8) + this.#behind.length;
    if (this.#stream.capacity < bytes) this.#stream = new BitWriter(bytes * 2);
    const stream = this.#stream;
    stream.empty();
    stream.put(0x425a68, 24);
    stream.put(this.#level ?? 0, 8);
    stream.copy(this.#bytes, start, end);
    for (const half of END_MAGIC) stream.put(half, 24);
    stream.put(crc, 32);
    stream.align();
    stream.copy(this.#behind, 0, this.#behind.length * 8);
    return stream.bytes;
  }

  #endStream(bit: number): void {
    if (bitsAt(this.#bytes, bit + MAGIC_BITS, 32) !== this.#streamCrc) {
      throw new Uncuttable('the blocks are not those of the stream');
    }
    this.#level = undefined;
    this.#next = Math.ceil((bit + END_BITS) / 8) * 8;
  }

  /** Drops the bytes that are done with. */
  #forget(): void {
    const needed = this.#level === undefined ? this.#next : (this.#block ?? this.#next);
    const bytes = Math.min(needed >> 3, this.#searched);
    if (this.#length - bytes > MOST_BYTES) throw new Uncuttable('a block has no end');
    this.#bytes.copyWithin(0, bytes, this.#length);
    this.#length -= bytes;
    this.#searched -= bytes;
    this.#next -= bytes * 8;
    if (this.#block !== undefined) this.#block -= bytes * 8;
  }
}
