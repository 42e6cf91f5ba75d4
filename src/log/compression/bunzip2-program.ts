import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Uncuttable } from './bzip2-cutter.ts';
import { descriptorOf, readNow, stopReading, writeNow } from './nonblocking.ts';
import { PROGRAM_ENVIRONMENT } from './program.ts';

/** A block of a log is 900 KB when it is decompressed, the first of the next may be there too. */
const LEAST_BYTES = 1_310_720;
/** A hostile one is 45 MB. */
const MOST_BYTES = 16_777_216;
/** Less room than that is not worth a read. */
const READ_BYTES = 131_072;

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * A bzip2 that is given parts, behind each of which is the marker, and the content of those. As the
 * marker comes after a part only if all of its checksums are right, nothing is given out before.
 *
 * bzip2 keeps up to 9 KB for itself, of what it reads and what it writes: so it has to be given as
 * much as it takes, and never has to wait for what it wrote to be taken.
 */
export class Bunzip2Program {
  readonly #marker: Buffer;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  /** What it has not yet taken, which is in the same memory each time. */
  #input: Buffer = NOTHING;
  #inputMemory: Buffer = NOTHING;
  #hasEnded = false;
  /** What came of the next part, and maybe more: from start to length. */
  #bytes = Buffer.allocUnsafeSlow(LEAST_BYTES);
  #start = 0;
  #length = 0;
  /** Where the next part ends. Undefined: not before `searched`. */
  #end: number | undefined;
  #searched = 0;

  constructor(path: string, marker: Buffer) {
    this.#marker = marker;
    this.#child = spawn(path, ['-dc'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: PROGRAM_ENVIRONMENT,
    });
    // What is missing then tells.
    this.#child.on('error', () => undefined);
    this.#child.stdin.on('error', () => undefined);
    stopReading(this.#child.stdout);
  }

  /** It has taken all it was given. */
  get isHungry(): boolean {
    return this.#input.length === 0;
  }

  /** Only where it is hungry; the part need not be valid any longer afterwards. */
  give(part: Buffer): void {
    this.#input = part;
    this.#write();
    const { length } = this.#input;
    if (length > this.#inputMemory.length)
      this.#inputMemory = Buffer.allocUnsafeSlow(part.length * 2);
    this.#input.copy(this.#inputMemory);
    this.#input = this.#inputMemory.subarray(0, length);
  }

  /** There is nothing more to be given. */
  finish(): void {
    this.#child.stdin.destroy();
  }

  /** Passes on what it was given and reads what has come; how many bytes that was. */
  turn(): number {
    if (this.#hasEnded || !this.#makeRoom()) return 0;
    const length = readNow(this.#outputDescriptor(), this.#bytes, this.#length);
    if (length === undefined) {
      // As long as something comes it has enough to do.
      if (this.#input.length > 0) this.#write();
      return 0;
    }
    if (length === 0) this.#hasEnded = true;
    this.#length += length;
    return length;
  }

  /**
   * The next so many bytes of the next part, only valid until the next turn; undefined as long as
   * that part is not whole, none at its end. Throws Uncuttable where it will never be.
   */
  take(most: number): Buffer | undefined {
    this.#end ??= this.#search();
    if (this.#end === undefined) {
      if (this.#hasEnded) throw new Uncuttable('a part is not what it should be');
      return undefined;
    }
    const piece = this.#bytes.subarray(this.#start, Math.min(this.#start + most, this.#end));
    this.#start += piece.length;
    if (piece.length > 0) return piece;
    this.#start += this.#marker.length;
    this.#searched = this.#start;
    this.#end = undefined;
    return piece;
  }

  stop(): void {
    this.#child.kill();
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
  }

  #search(): number | undefined {
    const end = this.#bytes.subarray(0, this.#length).indexOf(this.#marker, this.#searched);
    if (end >= 0) return end;
    this.#searched = Math.max(this.#start, this.#length - this.#marker.length + 1);
    return undefined;
  }

  #write(): void {
    const descriptor = descriptorOf(this.#child.stdin);
    if (descriptor === undefined) throw new Uncuttable('there is no program');
    try {
      this.#input = this.#input.subarray(writeNow(descriptor, this.#input) ?? 0);
    } catch {
      // It gave up; what is missing tells.
      this.#input = NOTHING;
    }
  }

  #outputDescriptor(): number {
    const descriptor = descriptorOf(this.#child.stdout);
    if (descriptor === undefined) throw new Uncuttable('there is no program');
    return descriptor;
  }

  /** False: first the next part has to be taken. */
  #makeRoom(): boolean {
    if (this.#bytes.length - this.#length >= READ_BYTES) return true;
    const { length } = this.#bytes;
    const used = this.#length - this.#start;
    const bytes = length - used >= READ_BYTES ? this.#bytes : undefined;
    this.#end ??= this.#search();
    if (bytes === undefined && this.#end !== undefined) return false;
    if (bytes === undefined && length >= MOST_BYTES) throw new Uncuttable('a part is too great');
    const to = bytes ?? Buffer.allocUnsafeSlow(length * 2);
    this.#bytes.copy(to, 0, this.#start, this.#length);
    this.#bytes = to;
    this.#length = used;
    this.#searched -= this.#start;
    if (this.#end !== undefined) this.#end -= this.#start;
    this.#start = 0;
    return true;
  }
}
