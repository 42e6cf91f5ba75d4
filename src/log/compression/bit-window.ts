import type { Chunks } from '../source.ts';

/** The reader wanted more bits than the file has. */
export class EndOfInput extends Error {}

/** A stretch of a stream that can be read bit by bit, from the highest of each byte down. */
export class BitWindow {
  readonly #input: AsyncIterator<Buffer>;
  #bytes = Buffer.alloc(0);
  /** Where the window begins in the stream. */
  #base = 0;
  /** The next bit, counted from the beginning of the window; and all there are. */
  #bit = 0;
  #bits = 0;
  #ended = false;

  constructor(input: Chunks) {
    this.#input = input[Symbol.asyncIterator]();
  }

  /** Where the next bit lies in the stream. */
  get byte(): number {
    return this.#base + (this.#bit >> 3);
  }

  /** Where the bytes at hand end in the stream. */
  get end(): number {
    return this.#base + this.#bytes.length;
  }

  /** The bytes that are at hand, from the next on. */
  get rest(): Buffer {
    return this.#bytes.subarray((this.#bit + 7) >> 3);
  }

  skip(bytes: number): void {
    this.#bit += bytes * 8;
  }

  /** Has at least so many bytes at hand, or all that are left. */
  async fill(wanted: number): Promise<void> {
    if (this.rest.length >= wanted || this.#ended) return;
    const pieces = [Buffer.from(this.#bytes.subarray(this.#bit >> 3))];
    let length = pieces[0]?.length ?? 0;
    while (length <= wanted) {
      const { value, done } = await this.#input.next();
      if (done === true) {
        this.#ended = true;
        break;
      }
      pieces.push(Buffer.from(value));
      length += value.length;
    }
    this.#base += this.#bit >> 3;
    this.#bit &= 7;
    this.#bytes = Buffer.concat(pieces);
    this.#bits = this.#bytes.length * 8;
  }

  /** The next 1 to 32 bits as a number; null goes on to the next whole byte. */
  readonly take = (count: number | null): number => {
    if (count === null) {
      this.#bit = (this.#bit + 7) & ~7;
      return 0;
    }
    const bytes = this.#bytes;
    let at = this.#bit;
    if (at + count > this.#bits) throw new EndOfInput('the data ends too early');
    this.#bit = at + count;
    if (count === 1) return ((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
    let value = 0;
    for (let left = count; left > 0; ) {
      const room = 8 - (at & 7);
      const taken = Math.min(room, left);
      const part = ((bytes[at >> 3] ?? 0) >> (room - taken)) & ((1 << taken) - 1);
      value = (value << taken) | part;
      left -= taken;
      at += taken;
    }
    return value;
  };
}
