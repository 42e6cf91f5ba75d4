/** Longer lines are cut here; syslogd writes none longer than 8 KiB. */
export const LINE_LIMIT_BYTES = 65_536;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Takes bytes[start, end), a line without its end. `offset` is where the line began in the stream;
 * `cut`: it was longer than the limit, and the rest is gone. Only valid during the call.
 */
export type LineSink = (
  bytes: Buffer,
  start: number,
  end: number,
  offset: number,
  cut: boolean,
) => void;

/** Cuts chunks of a stream into lines, wherever the chunks end. */
export class LineSplitter {
  readonly #sink: LineSink;
  /** The beginning of a line whose end has not come yet. */
  #held = Buffer.alloc(1024);
  #heldLength = 0;
  /** Where the next chunk, and where the held line, begin in the stream. */
  #offset = 0;
  #lineOffset = 0;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let start = 0;
    if (this.#heldLength > 0) {
      const end = chunk.indexOf(NEWLINE);
      this.#hold(chunk, 0, end < 0 ? chunk.length : end);
      if (end >= 0) this.#release();
      start = end < 0 ? chunk.length : end + 1;
    }
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#emit(chunk, start, end, this.#offset + start);
      start = end + 1;
    }
    if (start < chunk.length) {
      if (this.#heldLength === 0) this.#lineOffset = this.#offset + start;
      this.#hold(chunk, start, chunk.length);
    }
    this.#offset += chunk.length;
  }

  /** The stream has ended: its last line may lack a newline. */
  finish(): void {
    if (this.#heldLength > 0) this.#release();
  }

  #emit(bytes: Buffer, start: number, end: number, offset: number): void {
    const cut = end - start > LINE_LIMIT_BYTES;
    let to = cut ? start + LINE_LIMIT_BYTES : end;
    if (!cut && to > start && bytes[to - 1] === RETURN) to--;
    this.#sink(bytes, start, to, offset, cut);
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    // One byte more than the limit, to tell that there was more.
    const taken = Math.min(end - start, LINE_LIMIT_BYTES + 1 - this.#heldLength);
    const length = this.#heldLength + taken;
    if (length > this.#held.length) {
      const grown = Buffer.alloc(Math.min(length * 2, LINE_LIMIT_BYTES + 1));
      this.#held.copy(grown, 0, 0, this.#heldLength);
      this.#held = grown;
    }
    chunk.copy(this.#held, this.#heldLength, start, start + taken);
    this.#heldLength = length;
  }

  #release(): void {
    this.#emit(this.#held, 0, this.#heldLength, this.#lineOffset);
    this.#heldLength = 0;
  }
}
