import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import type { Seconds } from '../../blocklist/entry.ts';
import { errorOf, McblockError, reasonOf } from '../../errors.ts';
import { headOf } from '../checkpoint.ts';
import { LINE_LIMIT_BYTES } from '../lines.ts';
import { fileTimeOf } from '../source.ts';
import type { FollowedContent } from './follow-content.ts';
import { isTrustedLink } from './trusted-file.ts';

const NEWLINE = 0x0a;
/** How much is read at a time. */
export const READ_BYTES = 2 ** 20;

/** Shared by all files: nobody keeps what is read. */
const buffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** A file that may grow. It is held open, so that renaming does not matter. */
export class FollowedFile {
  readonly name: string;
  /** Undefined until the first line is complete. */
  content: FollowedContent | undefined;
  /** The file existed when it was first looked for. */
  isOld: boolean;
  /** The files before this one were read, or are being read. */
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

  /** Whether the name still refers to this file. While it is open, no other has its inode. */
  isAt(name: string): boolean {
    try {
      const stat = statSync(name, { throwIfNoEntry: false });
      return stat !== undefined && areSame(stat, this.#opened);
    } catch {
      // Opening it says why it cannot be found.
      return false;
    }
  }

  isSame(other: FollowedFile): boolean {
    return areSame(other.#opened, this.#opened);
  }

  get size(): number {
    return this.#stat().size;
  }

  /** When it was last written to, at the latest now. */
  fileTime(now: Seconds): Seconds {
    return Math.min(fileTimeOf(this.#stat(), now), now);
  }

  /** Time since it was last written to, by the clock of this host. */
  get quietMilliseconds(): number {
    return Date.now() - this.#stat().mtimeMs;
  }

  /**
   * The next whole lines; a line beyond the limit comes in pieces. Undefined if the file was
   * truncated. Valid until the next call.
   */
  wholeLines(): Buffer | undefined {
    const chunk = this.#next();
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    const taken = chunk.subarray(0, end > 0 || chunk.length <= LINE_LIMIT_BYTES ? end : undefined);
    // Checked after reading, which then was before any truncation.
    return this.#isTruncated(taken.length) ? undefined : taken;
  }

  /** As wholeLines, and the incomplete line after them. */
  rest(): Buffer | undefined {
    const chunk = this.#next();
    return this.#isTruncated(chunk.length) ? undefined : chunk;
  }

  /** The first bytes, up to the limit. Valid until the next call. */
  beginning(limitBytes: number): Buffer {
    return this.#read(0, limitBytes);
  }

  /** What follows this offset, at most 1 MiB. Valid until the next call. */
  tail(start: number): Buffer {
    return this.#read(start, READ_BYTES);
  }

  /** The file up to this offset, in chunks that are valid until the next. */
  async *chunks(end: number): AsyncGenerator<Buffer> {
    for (let start = 0; start < end; ) {
      const chunk = this.#read(start, end - start);
      if (chunk.length === 0) return;
      start += chunk.length;
      yield chunk;
    }
  }

  /** Starts reading from the beginning. `headBytes` is the length of the first line. */
  begin(content: FollowedContent | undefined, headBytes: number): void {
    this.content = content;
    this.#headBytes = headBytes;
  }

  /** It is shorter than what was read, or has another first line. */
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
      throw new McblockError('file', `${this.name}: ${reasonOf(cause)} (at byte ${start})`, {
        cause,
      });
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
 * Opens a file to be followed; undefined if it does not exist. Throws McblockError('file') if it is
 * not a regular file or cannot be read.
 */
export function openFollowed(name: string, isOld: boolean): FollowedFile | undefined {
  let descriptor: number | undefined;
  try {
    const link = lstatSync(name, { throwIfNoEntry: false });
    const stat = link && statSync(name, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (link?.isSymbolicLink() && !isTrustedLink(link)) {
      throw new McblockError('file', `${name}: symbolic link of another user; not followed`);
    }
    checkRegular(name, stat);
    // It may be a pipe or a link by now; opening a pipe would block.
    const noFollow = link?.isSymbolicLink() ? 0 : constants.O_NOFOLLOW;
    descriptor = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK | noFollow);
    const opened = fstatSync(descriptor);
    checkRegular(name, opened);
    return new FollowedFile(name, descriptor, opened, isOld);
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    if (cause instanceof McblockError) throw cause;
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw errorOf('file', name, cause);
  }
}

function checkRegular(name: string, stat: Stats): void {
  if (stat.isFile()) return;
  throw new McblockError('file', `${name} is not a regular file; only those can be followed`);
}
