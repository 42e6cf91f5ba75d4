import type { Readable } from 'node:stream';
import { descriptorOf, idle, readNow, sleep } from './nonblocking.ts';

const BUFFER_BYTES = 262_144;
const GATHERED_BYTES = 32_768;
/** What to find at once: many writes of a program, and no pipe that is full before. */
const FEW_BYTES = 32_768;
const MANY_BYTES = 65_536;
const FIRST_WAIT_MS = 0.25;
const SHORTEST_WAIT_MS = 0.1;
const LONGEST_WAIT_MS = 4;
/** Where the longest wait brings less, it is the pipe that is too small to be waited for. */
const WORTHWHILE_BYTES = 16_384;

/**
 * What a program writes, in pieces that are only valid until the next one.
 *
 * Programs write a little at a time (bzip2: 4 KiB). Whoever waits for that is woken as often, which
 * takes the program longer than to write. So nobody waits for it here: it is looked after every now
 * and then, and what has come till then is read at once, past the stream, into the same memory.
 */
export async function* outputOf(stream: Readable): AsyncGenerator<Buffer> {
  const output = new ProgramOutput(stream);
  let most = 0;
  let wait = FIRST_WAIT_MS;
  try {
    while (wait < LONGEST_WAIT_MS || most >= WORTHWHILE_BYTES) {
      const piece = output.take();
      if (piece === undefined) {
        if (output.hasEnded) return;
        await idle(wait);
        continue;
      }
      yield piece;
      const { length } = piece;
      most = Math.max(most, length);
      if (length < FEW_BYTES) wait = Math.min(wait * 1.5, LONGEST_WAIT_MS);
      if (length > MANY_BYTES) wait = Math.max(wait / 1.5, SHORTEST_WAIT_MS);
      else sleep(wait);
    }
    output.release();
    yield* gathered(stream);
  } finally {
    stream.destroy();
  }
}

/** What a program writes, as far as it has come. */
class ProgramOutput {
  readonly #stream: Readable;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #hasEnded = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    // With a listener nothing but read() takes from the stream: Node would empty it at the end.
    stream.on('readable', ignore);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What is there, at most 256 KiB and only valid until the next time; undefined for nothing. */
  take(): Buffer | undefined {
    // The stream reads too whenever the event loop turns; that came before what is still to come.
    const early: unknown = this.#stream.read();
    if (Buffer.isBuffer(early)) return early;
    const descriptor = descriptorOf(this.#stream);
    if (descriptor === undefined) {
      this.#hasEnded = this.#stream.readableEnded || this.#stream.destroyed;
      return undefined;
    }
    const length = readNow(descriptor, this.#buffer);
    if (length === undefined) return undefined;
    if (length > 0) return this.#buffer.subarray(0, length);
    this.#hasEnded = true;
    this.#stream.destroy();
    return undefined;
  }

  /** Leaves the rest to the stream. */
  release(): void {
    this.#stream.off('readable', ignore);
  }
}

function ignore(): void {}

/** Small pieces are put together: to go through ever new memory takes twice as long. */
async function* gathered(stream: Readable): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(GATHERED_BYTES);
  let length = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    for (let start = 0; start < chunk.length; ) {
      const taken = chunk.copy(buffer, length, start);
      length += taken;
      start += taken;
      if (length < buffer.length) continue;
      yield buffer;
      length = 0;
    }
  }
  if (length > 0) yield buffer.subarray(0, length);
}
