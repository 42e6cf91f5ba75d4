import {
  LINE_LIMIT_BYTES,
  LOG_END,
  LOG_START,
  memoryBytes,
} from '../../grammar/notation/memory.ts';

export { LINE_LIMIT_BYTES };

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Chunks are taken in pieces, so that the line before fits too. */
const PIECE_BYTES = LOG_END - LOG_START - LINE_LIMIT_BYTES - 1;

/**
 * Takes a line without its newline, from bytes[start, end), which are in the memory of the scanners
 * and valid only during the call. `offset` is that of the line in the stream; `cut` tells that the
 * line was longer than the limit and the rest is lost.
 */
export type LineSink = (
  bytes: Buffer,
  start: number,
  end: number,
  offset: number,
  cut: boolean,
) => void;

/** Splits a stream into lines, however it is chunked. */
export class LineSplitter {
  readonly #sink: LineSink;
  /** The beginning of a line that has not ended; one byte more than the limit shows a longer one. */
  readonly #held = Buffer.alloc(LINE_LIMIT_BYTES + 1);
  #heldLength = 0;
  /** Offsets in the stream of the next chunk and of the held line. */
  #offset = 0;
  #lineOffset = 0;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
      this.#take(chunk.subarray(start, start + PIECE_BYTES));
    }
  }

  /** Ends the stream, whose last line may lack a newline. */
  finish(): void {
    if (this.#heldLength === 0) return;
    this.#held.copy(memoryBytes, LOG_START, 0, this.#heldLength);
    this.#emit(LOG_START, LOG_START + this.#heldLength, this.#lineOffset);
    this.#heldLength = 0;
  }

  #take(piece: Buffer): void {
    const held = this.#heldLength;
    const from = LOG_START + held;
    this.#held.copy(memoryBytes, LOG_START, 0, held);
    // Of a line that is already too long only the end is needed.
    const rest = held > LINE_LIMIT_BYTES ? afterLine(piece) : piece;
    const dropped = piece.length - rest.length;
    rest.copy(memoryBytes, from);
    const shift = this.#offset + dropped - from;
    const end = from + rest.length;
    let start = LOG_START;
    // The held line has no newline.
    let newline = newlineAt(from, end);
    while (newline >= 0) {
      this.#emit(start, newline, start < from ? this.#lineOffset : start + shift);
      start = newline + 1;
      newline = newlineAt(start, end);
    }
    if (start >= from) this.#lineOffset = start + shift;
    const length = Math.min(end - start, LINE_LIMIT_BYTES + 1);
    memoryBytes.copy(this.#held, 0, start, start + length);
    this.#heldLength = length;
    this.#offset += piece.length;
  }

  #emit(start: number, end: number, offset: number): void {
    const cut = end - start > LINE_LIMIT_BYTES;
    let to = cut ? start + LINE_LIMIT_BYTES : end;
    if (!cut && to > start && memoryBytes[to - 1] === RETURN) to--;
    this.#sink(memoryBytes, start, to, offset, cut);
  }
}

/** The first newline of the memory between the offsets, or -1. */
function newlineAt(start: number, end: number): number {
  // Behind the end lie older lines.
  const newline = memoryBytes.indexOf(NEWLINE, start);
  return newline < end ? newline : -1;
}

/** What is left from the newline on. */
function afterLine(piece: Buffer): Buffer {
  const newline = piece.indexOf(NEWLINE);
  return newline < 0 ? piece.subarray(piece.length) : piece.subarray(newline);
}
