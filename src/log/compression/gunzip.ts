import { crc32, createInflateRaw } from 'node:zlib';
import type { Chunks } from '../source.ts';
import { damaged, garbageAfter, truncated, type Warn } from './broken.ts';
import { ByteWindow } from './byte-window.ts';

/** A header can hold a name and a comment of any length; gzip writes no longer ones. */
const MAX_HEADER_BYTES = 131_072;
const TRAILER_BYTES = 8;
/** What is inflated at a time, as data grows up to a thousandfold. */
const PIECE_BYTES = 16_384;

/**
 * Decompresses gzip (RFC 1952), of any number of members. The members are separated here, as zlib's
 * Gunzip reports neither the offset of damage nor what follows the last member. Throws
 * McblockError('input').
 */
export async function* gunzip(input: Chunks, name: string, warn: Warn): AsyncGenerator<Buffer> {
  const window = new ByteWindow(input);
  let decompressed = 0;
  const breakage = () => ({ name, format: 'gzip', byte: window.offset, decompressed });
  const atEnd = () => truncated({ ...breakage(), byte: window.end });
  do {
    await window.fill(MAX_HEADER_BYTES);
    const length = headerLength(window.rest);
    if (length === 'none') throw damaged(breakage(), 'the header of a member is wrong');
    if (length === 'early') throw atEnd();
    window.skip(length);
    let sum = 0;
    let size = 0;
    const inflater = new Inflater();
    try {
      for (;;) {
        await window.fill(1);
        if (window.rest.length === 0) throw atEnd();
        const { taken, ended } = await inflater.push(window.rest.subarray(0, PIECE_BYTES));
        window.skip(taken);
        for (const bytes of inflater.takeOutput()) {
          sum = crc32(bytes, sum);
          size += bytes.length;
          decompressed += bytes.length;
          yield bytes;
        }
        if (inflater.error !== undefined) throw damaged(breakage(), inflater.error);
        if (ended) break;
      }
    } finally {
      inflater.close();
    }
    await window.fill(TRAILER_BYTES);
    if (window.rest.length < TRAILER_BYTES) throw atEnd();
    if (window.rest.readUInt32LE(0) !== sum || window.rest.readUInt32LE(4) !== size % 2 ** 32) {
      throw damaged(breakage(), 'a checksum is wrong');
    }
    window.skip(TRAILER_BYTES);
    await window.fill(2);
  } while (window.rest[0] === 0x1f && (window.rest[1] === 0x8b || window.rest.length === 1));
  if (window.rest.length > 0) warn(garbageAfter(name, window.offset));
}

/** The length of a member's header (RFC 1952, 2.3); `early` if the bytes end within it. */
function headerLength(bytes: Uint8Array): number | 'none' | 'early' {
  if (bytes.length < 10) return 'early';
  const flags = bytes[3] ?? 0;
  // 8 is deflate, the only method; the upper three flags are reserved.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || flags > 0x1f) return 'none';
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return bytes.length < MAX_HEADER_BYTES ? 'early' : 'none';
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at <= bytes.length ? at : 'early';
}

/** Node's raw inflate, with what it needs to find the end of a member. */
class Inflater {
  readonly #stream = createInflateRaw({ chunkSize: 65_536 });
  #output: Buffer[] = [];
  #pushed = 0;
  #resume: () => void = () => undefined;
  error: Error | undefined;

  constructor() {
    this.#stream.on('data', (bytes: Buffer) => this.#output.push(bytes));
    this.#stream.on('error', (error) => {
      this.error ??= error;
      this.#resume();
    });
    this.#stream.on('end', () => this.#resume());
  }

  /** `taken` is how many of the bytes belong to the member; `ended`: no later byte does. */
  async push(bytes: Buffer): Promise<{ taken: number; ended: boolean }> {
    const before = this.#stream.bytesWritten;
    // After an error the stream may never call back.
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      this.#stream.write(bytes, () => resolve());
    });
    this.#pushed += bytes.length;
    const ended = this.#stream.bytesWritten < this.#pushed;
    if (ended && this.error === undefined && !this.#stream.readableEnded) {
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
    }
    return { taken: this.#stream.bytesWritten - before, ended };
  }

  takeOutput(): Buffer[] {
    const output = this.#output;
    this.#output = [];
    return output;
  }

  close(): void {
    this.#stream.destroy();
  }
}
