import type { Chunks } from '../source.ts';

/** A part of a stream that can be looked at before it is consumed. */
export class ByteWindow {
  readonly #input: AsyncIterator<Buffer>;
  #bytes = Buffer.alloc(0);
  /** Offset of the next byte, in the window and in the stream. */
  #next = 0;
  #offset = 0;
  #hasEnded = false;

  constructor(input: Chunks) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Offset of the next byte in the stream. */
  get offset(): number {
    return this.#offset;
  }

  /** Offset of the end of the buffered bytes in the stream. */
  get end(): number {
    return this.#offset + this.rest.length;
  }

  /** The buffered bytes that were not consumed; valid until the next fill. */
  get rest(): Buffer {
    return this.#bytes.subarray(this.#next);
  }

  skip(bytes: number): void {
    this.#next += bytes;
    this.#offset += bytes;
  }

  /** Buffers at least so many bytes, or all that are left. */
  async fill(wanted: number): Promise<void> {
    if (this.rest.length >= wanted || this.#hasEnded) return;
    const pieces = [Buffer.from(this.rest)];
    let length = this.rest.length;
    while (length <= wanted) {
      const { value, done } = await this.#input.next();
      if (done === true) {
        this.#hasEnded = true;
        break;
      }
      pieces.push(Buffer.from(value));
      length += value.length;
    }
    this.#bytes = Buffer.concat(pieces);
    this.#next = 0;
  }
}
