import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MILLISECONDS = 250;
const READ_BYTES = 65_536;

/** Which file, and how much of it was read: `INODE:BYTES`. */
const CURSOR = /^(\d+):(\d+)$/;

/**
 * A log of pflogd(8), followed as it grows, until it is replaced. It is read from its beginning, where
 * its format is; `newFrom` is what was not counted before.
 */
export class PflogFile {
  readonly newFrom: number;
  readonly #name: string;
  readonly #fd: number;
  readonly #inode: number;
  readonly #stop = new AbortController();
  #bytes = 0;
  #isReplaced = false;
  #isEnded = false;

  /** Throws as openSync does. */
  constructor(name: string, cursor: string | undefined) {
    this.#name = name;
    this.#fd = openSync(name, 'r');
    const { ino, size } = fstatSync(this.#fd);
    this.#inode = ino;
    const [, inode, bytes] = CURSOR.exec(cursor ?? '') ?? [];
    this.newFrom = Number(inode) === ino && Number(bytes) <= size ? Number(bytes) : 0;
  }

  get cursor(): string {
    return `${this.#inode}:${Math.max(this.#bytes, this.newFrom)}`;
  }

  get hasMore(): boolean {
    return fstatSync(this.#fd).size > this.#bytes;
  }

  /** Another file has its name now, or it was truncated; all of this one was read. */
  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    try {
      while (!this.#isEnded) {
        // In this order: what was written before the file was renamed is read.
        const isReplaced = this.#isOther();
        const buffer = Buffer.alloc(READ_BYTES);
        const read = readSync(this.#fd, buffer, 0, READ_BYTES, this.#bytes);
        this.#bytes += read;
        if (read > 0) yield buffer.subarray(0, read);
        else if (isReplaced) {
          this.#isReplaced = true;
          return;
        } else await pause(POLL_MILLISECONDS, undefined, this.#stop).catch(() => undefined);
      }
    } finally {
      closeSync(this.#fd);
    }
  }

  end(): void {
    this.#isEnded = true;
    this.#stop.abort();
  }

  #isOther(): boolean {
    if (fstatSync(this.#fd).size < this.#bytes) return true;
    try {
      return statSync(this.#name).ino !== this.#inode;
    } catch {
      // It is being rotated.
      return false;
    }
  }
}
