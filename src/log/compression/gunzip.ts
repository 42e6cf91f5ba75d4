import { crc32, createInflateRaw } from 'node:zlib';
import type { Chunks } from '../source.ts';
import { BitWindow } from './bit-window.ts';
import { damaged, garbageAfter, truncated, type Warn } from './broken.ts';

/** Names and comments in a header may be of any length; longer than this is no header of gzip's. */
const HEADER_LIMIT_BYTES = 131_072;
const TRAILER_BYTES = 8;
/** Data grows a thousandfold at most: so much goes in at a time. */
const PIECE_BYTES = 16_384;

/**
 * Decompresses gzip (RFC 1952), of several members too. The members are taken apart here, since
 * zlib's own Gunzip tells neither where one broke nor what followed the last. Throws
 * McblockError('input').
 */
export async function* gunzip(input: Chunks, name: string, warn: Warn): AsyncGenerator<Buffer> {
  const window = new BitWindow(input);
  let decompressed = 0;
  const breakage = () => ({ name, format: 'gzip', byte: window.byte, decompressed });
  const atEnd = () => truncated({ ...breakage(), byte: window.end });
  do {
    await window.fill(HEADER_LIMIT_BYTES);
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
  if (window.rest.length > 0) warn(garbageAfter(name, window.byte));
}

/** RFC 1952, 2.3: how long a member's header is; `early` if the bytes end within it. */
function headerLength(bytes: Uint8Array): number | 'none' | 'early' {
  if (bytes.length < 10) return 'early';
  const flags = bytes[3] ?? 0;
  // 8 is deflate, the only method there is; the upper three flags are reserved.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || flags > 0x1f) return 'none';
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return bytes.length < HEADER_LIMIT_BYTES ? 'early' : 'none';
    at = end + 1;
  }
  if ((flags & 2) !== 0) at += 2;
  return at <= bytes.length ? at : 'early';
}

/** Node's raw inflate, with an end and an account of what it took. */
class Inflater {
  readonly #stream = createInflateRaw({ chunkSize: 65_536 });
  #output: Buffer[] = [];
  #pushed = 0;
  #goOn: () => void = () => undefined;
  error: Error | undefined;

  constructor() {
    this.#stream.on('data', (bytes: Buffer) => this.#output.push(bytes));
    this.#stream.on('error', (error) => {
      this.error ??= error;
      this.#goOn();
    });
    this.#stream.on('end', () => this.#goOn());
  }

  /** How many of the bytes belonged to the member; `ended`: none of those to come will. */
  async push(bytes: Buffer): Promise<{ taken: number; ended: boolean }> {
    const before = this.#stream.bytesWritten;
    // After an error the stream may leave it at that, and never say that it took the bytes.
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
      this.#stream.write(bytes, () => resolve());
    });
    this.#pushed += bytes.length;
    const ended = this.#stream.bytesWritten < this.#pushed;
    if (ended && this.error === undefined && !this.#stream.readableEnded) {
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
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
