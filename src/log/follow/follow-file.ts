import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import type { Seconds } from '../../blocklist/entry.ts';
import { McblockError, reasonOf } from '../../errors.ts';
import { headOf } from '../extent.ts';
import { LINE_LIMIT_BYTES } from '../lines.ts';
import type { FollowedContent } from './follow-content.ts';

const NEWLINE = 0x0a;
/** So much is read at a time. */
export const READ_BYTES = 2 ** 20;

/** Bytes are looked at where they were read; nobody keeps them. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** A file that may grow, held open: whatever its name is by now, it is the same file. */
export class FollowedFile {
  readonly name: string;
  /** What was read of it; undefined until its first line is whole. */
  content: FollowedContent | undefined;
  /** Whether it had been there already when it was first looked for. */
  isOld: boolean;
  /** What came to the log before this file was read, or is being read. */
  isSettled = false;
  readonly #descriptor: number;
  readonly #opened: Stats;
  #headBytes = 0;

  constructor(name: string, descriptor: number, opened: Stats, isOld: boolean) {
    this.name = name;
    this.isOld = isOld;
    this.#descriptor = descriptor;
    this.#opened = opened;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Whether this is the file that the name stands for. While it is open, no other has its inode. */
  isAt(name: string): boolean {
    const stat = statSync(name, { throwIfNoEntry: false });
    return stat !== undefined && areSame(stat, this.#opened);
  }

  isSame(other: FollowedFile): boolean {
    return areSame(other.#opened, this.#opened);
  }

  get size(): number {
    return this.#stat().size;
  }

  /** When it was last written to. */
  get fileTime(): Seconds {
    return Math.floor(this.#stat().mtimeMs / 1000);
  }

  /** How long ago it was last written to, by this host's clock. */
  get quietMilliseconds(): number {
    return Date.now() - this.#stat().mtimeMs;
  }

  /**
   * The next whole lines, as many as are read at a time; a line beyond the limit comes in pieces.
   * Undefined: what was read before is no longer there, the file was truncated. Valid until the
   * next call.
   */
  wholeLines(): Buffer | undefined {
    const chunk = this.#next();
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    const taken = chunk.subarray(0, end > 0 || chunk.length <= LINE_LIMIT_BYTES ? end : undefined);
    // Afterwards, so that what was read is certainly from before it was truncated.
    return this.#isTruncated(taken.length) ? undefined : taken;
  }

  /** Like wholeLines, with a line that has no end yet. */
  allThereIs(): Buffer | undefined {
    const chunk = this.#next();
    return this.#isTruncated(chunk.length) ? undefined : chunk;
  }

  /** Its first bytes, as many as there are up to the limit. Valid until the next call. */
  beginning(limitBytes: number): Buffer {
    return this.#read(0, limitBytes);
  }

  /** All of it up to this byte, chunk after chunk, each valid until the next. */
  async *chunks(end: number): AsyncGenerator<Buffer> {
    for (let start = 0; start < end; ) {
      const chunk = this.#read(start, end - start);
      if (chunk.length === 0) return;
      start += chunk.length;
      yield chunk;
    }
  }

  /** It is to be read from its beginning. `headBytes`: how much of it tells its first line. */
  begin(content: FollowedContent | undefined, headBytes: number): void {
    this.content = content;
    this.#headBytes = headBytes;
  }

  /** Shorter than what was read of it, or another first line. */
  #isTruncated(moreBytes: number): boolean {
    if (this.content === undefined) return false;
    if (this.size < this.content.bytes + moreBytes) return true;
    const beginning = this.#read(0, this.#headBytes, Buffer.alloc(this.#headBytes));
    return !headOf(beginning).equals(this.content.part.head);
  }

  #next(): Buffer {
    return this.#read(this.content?.bytes ?? 0, READ_BYTES);
  }

  #read(start: number, length: number, into = buffer): Buffer {
    try {
      const wanted = Math.min(length, into.length);
      return into.subarray(0, readSync(this.#descriptor, into, 0, wanted, start));
    } catch (cause) {
      throw new McblockError(
        'file',
        `${this.name} cannot be read at byte ${start}: ${reasonOf(cause)}`,
        { cause },
      );
    }
  }

  #stat(): Stats {
    return fstatSync(this.#descriptor);
  }
}

function areSame(p: Stats, q: Stats): boolean {
  return p.ino === q.ino && p.dev === q.dev;
}

/**
 * Opens a file to be followed; undefined where there is none. Throws McblockError('file') for what
 * is no regular file and what may not be read.
 */
export function openFollowed(name: string, isOld: boolean): FollowedFile | undefined {
  let descriptor: number | undefined;
  try {
    // A named pipe would keep us waiting.
    const stat = statSync(name, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (!stat.isFile()) {
      throw new McblockError('file', `${name} is no regular file; only those can be followed`);
    }
    descriptor = openSync(name, 'r');
    return new FollowedFile(name, descriptor, fstatSync(descriptor), isOld);
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    if (cause instanceof McblockError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new McblockError('file', `${name} cannot be opened: ${reasonOf(cause)}`, { cause });
  }
}
