import {
  LINE_LIMIT_BYTES,
  LOG_END,
  LOG_START,
  memoryBytes,
} from '../../grammar/notation/memory.ts';

export { LINE_LIMIT_BYTES };

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** A chunk is taken in pieces, so that there is room for the line before it. */
const PIECE_BYTES = LOG_END - LOG_START - LINE_LIMIT_BYTES - 1;

/**
 * Takes a line without its end, from bytes[start, end), which are the memory of the scanners.
 * `offset` is where the line began in the stream; `cut`: it was longer than the limit, and the rest
 * is gone. Only valid during the call.
 */
export type LineSink = (
  bytes: Buffer,
  start: number,
  end: number,
  offset: number,
  cut: boolean,
) => void;

/** Passes over lines that the sink need not see. */
export interface LineSkimmer {
  /** From `start` on, as far as it can; `end` is where the bytes end. */
  skim(start: number, end: number): void;
  /** The line that it stopped at, and its newline; -1 where that has not come yet. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** Cuts chunks of a stream into lines, wherever the chunks end. */
export class LineSplitter {
  readonly #sink: LineSink;
  /** None: the sink sees all lines. */
  skimmer: LineSkimmer | undefined;
  /** The beginning of a line whose end has not come yet; one byte more than the limit tells of more. */
  readonly #held = Buffer.alloc(LINE_LIMIT_BYTES + 1);
  #heldLength = 0;
  /** Where the next chunk, and where the held line, begin in the stream. */
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

  /** The stream has ended: its last line may lack a newline. */
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
    // Of a line that is too long already only the end is looked for.
    const rest = held > LINE_LIMIT_BYTES ? afterLine(piece) : piece;
    const dropped = piece.length - rest.length;
    rest.copy(memoryBytes, from);
    const shift = this.#offset + dropped - from;
    const end = from + rest.length;
    let start = LOG_START;
    // The first line may have begun before.
    for (let isFirst = held > 0; ; isFirst = false) {
      let newline: number;
      if (this.skimmer === undefined || isFirst) {
        // What lies behind the end is of earlier lines.
        newline = memoryBytes.indexOf(NEWLINE, start);
        if (newline >= end) newline = -1;
      } else {
        this.skimmer.skim(start, end);
        start = this.skimmer.lineStart;
        newline = this.skimmer.lineEnd;
      }
      if (newline < 0) break;
      this.#emit(start, newline, start < from ? this.#lineOffset : start + shift);
      start = newline + 1;
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

/** What is left from the newline on. */
function afterLine(piece: Buffer): Buffer {
  const newline = piece.indexOf(NEWLINE);
  return newline < 0 ? piece.subarray(piece.length) : piece.subarray(newline);
}
