import { setImmediate as nextTurn } from 'node:timers/promises';
import { headOf } from '../checkpoint.ts';
import { MAGIC_BYTES } from '../compression/format.ts';
import { LINE_LIMIT_BYTES } from '../lines.ts';
import { type LogOwner, ownContent } from '../own-file.ts';
import { FollowedContent, type RecordBatch } from './follow-content.ts';
import { type FollowedFile, openFollowed, READ_BYTES } from './follow-file.ts';
import { knownContent } from './follow-known.ts';
import {
  BATCH_BYTES,
  type FollowOptions,
  GRACE_MILLISECONDS,
  isCompressed,
  readRotation,
  unreadRotations,
} from './follow-rotations.ts';

const NEWLINE = 0x0a;
/** How much of a log is examined to find the service that writes it. */
const SAMPLE_BYTES = 65_536;
/** Files are renamed and truncated while they are read, but rarely more than once. */
const MAX_TURNS = 5;

/**
 * A log that is followed across rotation and truncation, as `tail -F` does. Checkpoints tell how far
 * it was read: the next process finds the offset by the digest of what this one read, in the log or
 * in one of its rotations.
 */
export class FollowedLog {
  readonly name: string;
  #options: FollowOptions;
  /** Rotated files that may have unread lines, the oldest first. */
  #leaving: FollowedFile[] = [];
  #current: FollowedFile | undefined;
  /** There may be unread rotations. */
  #isToSearch = true;
  #isFirst = true;
  /** The heads of rotations that were read before. */
  readonly #foundHeads = new Set<string>();

  constructor(name: string, options: FollowOptions) {
    this.name = name;
    this.#options = options;
  }

  /** The file of this name is compressed, and was not read. */
  get isCompressed(): boolean {
    return this.#current !== undefined && isCompressed(this.#current.beginning(MAGIC_BYTES));
  }

  get isThere(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Records what is new; returns early if `isStopped`. If it throws, what was not recorded is read
   * again by the next call.
   */
  async read(record: RecordBatch, isStopped: () => boolean): Promise<void> {
    for (let turn = 1; turn <= MAX_TURNS && !isStopped(); turn++) {
      this.#openCurrent();
      // In this order: if part of a file was recorded, all before it must have been read.
      if (this.#isToSearch) await this.#readRotations(record, isStopped);
      if (!this.#isToSearch) await this.#readFiles(record, isStopped);
      if (!this.#isToSearch) return;
    }
  }

  /** Records how far everything was read. */
  recordOffsets(record: RecordBatch): void {
    for (const file of this.#files()) this.#record(file, record, true);
  }

  /** Continues with other options, reading what was recorded again for its connections. */
  renew(options: FollowOptions): void {
    this.#options = options;
    for (const file of this.#files()) file.begin(undefined, 0);
  }

  close(): void {
    for (const file of this.#files()) file.close();
    this.#leaving = [];
    this.#current = undefined;
  }

  #files(): FollowedFile[] {
    return this.#current === undefined ? this.#leaving : [...this.#leaving, this.#current];
  }

  /** Opens the file of this name if it is another than before, which was then rotated. */
  #openCurrent(): void {
    if (this.#current?.isAt(this.name)) return;
    const file = openFollowed(this.name, this.#isFirst);
    this.#isFirst = false;
    if (file === undefined) {
      if (this.#current === undefined) this.#options.report(`${this.name} does not exist yet`);
      return;
    }
    if (this.#current !== undefined) {
      this.#leaving.push(this.#current);
      // It may have been rotated twice.
      this.#isToSearch = true;
    }
    this.#current = file;
  }

  async #readRotations(record: RecordBatch, isStopped: () => boolean): Promise<void> {
    const leaving = this.#leaving;
    // First the rest of the files before, lest it be found twice.
    for (const file of leaving) {
      if (file.isSettled) await this.#readFile(file, record, isStopped);
    }
    const unread = await unreadRotations(this.name, this.#options, this.#current, leaving, (head) =>
      this.#foundHeads.add(hexOf(head)),
    );
    if (unread === undefined) return;
    this.#isToSearch = false;
    // One that was compressed meanwhile is not found by its inode. It was the log itself later than
    // what is found.
    const others = leaving.filter((file) => !unread.includes(file));
    this.#leaving = [
      ...others.filter((file) => file.isSettled),
      ...unread,
      ...others.filter((file) => !file.isSettled),
    ];
    for (const file of this.#files()) file.isSettled = true;
  }

  async #readFiles(record: RecordBatch, isStopped: () => boolean): Promise<void> {
    for (const file of this.#leaving) {
      if (isCompressed(file.beginning(MAGIC_BYTES))) {
        await readRotation(this.name, file, this.#options, record, isStopped);
        if (!isStopped()) this.#close(file);
      } else {
        await this.#readFile(file, record, isStopped);
        if (!isStopped() && this.#isLeft(file)) await this.#leave(file, record);
      }
      if (isStopped()) return;
    }
    if (this.#current !== undefined) await this.#readFile(this.#current, record, isStopped);
  }

  async #readFile(
    file: FollowedFile,
    record: RecordBatch,
    isStopped: () => boolean,
  ): Promise<void> {
    while (!isStopped()) {
      await this.#checkService(file, record);
      if (file.content === undefined && !(await this.#begin(file, false))) return;
      const lines = file.wholeLines();
      if (lines === undefined) return this.#beginAnew(file, record);
      if (lines.length === 0) return;
      file.content?.take(lines);
      if (!isBehind(file)) this.#record(file, record, false);
      // Lets signals be handled between two batches.
      await nextTurn();
    }
  }

  /** After truncation; what was not read may be in a copy. */
  #beginAnew(file: FollowedFile, record: RecordBatch): void {
    this.#record(file, record, true);
    file.begin(undefined, 0);
    file.isOld = false;
    file.isSettled = false;
    if (file === this.#current) this.#isToSearch = true;
  }

  /**
   * Finds the offset up to which the file was read, once it has a line, or `always`. Returns whether
   * reading has begun.
   */
  async #begin(file: FollowedFile, always: boolean): Promise<boolean> {
    const { known: knownCheckpoints, report } = this.#options;
    const { size } = file;
    const beginning = Buffer.from(file.beginning(LINE_LIMIT_BYTES + 1));
    const lineEnd = beginning.indexOf(NEWLINE);
    if (beginning.length === 0) return false;
    if (isCompressed(beginning)) {
      if (file === this.#current) {
        report(`${file.name}: compressed; cannot be followed`);
      }
      return false;
    }
    if (lineEnd < 0 && beginning.length <= LINE_LIMIT_BYTES && !always) return false;
    const head = headOf(beginning);
    const known = knownCheckpoints(head);
    let newFrom = 0;
    if (known.length > 0) {
      const found = await knownContent(file.chunks(size), () => known);
      newFrom = found.newFrom;
      if (file.isOld && found.isShorter && !this.#foundHeads.has(hexOf(head))) {
        report(`${file.name} is shorter than when it was last read; only new lines are read`);
        newFrom = size;
      }
    }
    const owner = await this.#ownerOf(file);
    const content = new FollowedContent(this.#options, {
      name: this.name,
      head,
      known,
      newFrom,
      owner,
    });
    for await (const chunk of file.chunks(newFrom)) content.take(chunk);
    file.begin(content, lineEnd < 0 ? beginning.length : lineEnd + 1);
    return true;
  }

  /** Returns false if another process recorded part of the file, which is then read again. */
  #record(file: FollowedFile, record: RecordBatch, always: boolean): boolean {
    if (file.content === undefined) return true;
    const fileTime = file.fileTime(this.#options.now());
    let isDone = false;
    try {
      isDone = file.content.record(record, fileTime, always) === 'recorded';
    } finally {
      if (!isDone) file.begin(undefined, 0);
    }
    return isDone;
  }

  /** The first lines may not tell the service that writes the file, but later ones do. */
  async #checkService(file: FollowedFile, record: RecordBatch): Promise<void> {
    const { content } = file;
    if (content === undefined || content.part.owner.isCertain || content.bytes > SAMPLE_BYTES)
      return;
    if (file.size <= content.bytes) return;
    const { service } = await this.#ownerOf(file);
    if (service === content.part.owner.service) return;
    this.#record(file, record, true);
    file.begin(undefined, 0);
  }

  async #ownerOf(file: FollowedFile): Promise<LogOwner> {
    const { service, scanners } = this.#options;
    if (service !== undefined) return { service, isCertain: true };
    const sample = Buffer.from(file.beginning(SAMPLE_BYTES));
    // An incomplete line could be mistaken for another.
    const lines = sample.subarray(0, sample.lastIndexOf(NEWLINE) + 1);
    return ownContent(once(lines), scanners);
  }

  /** It is no longer written to. */
  #isLeft(file: FollowedFile): boolean {
    const isFollowed = this.#current !== undefined && this.#current.size > 0;
    return isFollowed && file.quietMilliseconds > GRACE_MILLISECONDS;
  }

  async #leave(file: FollowedFile, record: RecordBatch): Promise<void> {
    if (file.content !== undefined || (await this.#begin(file, true))) {
      const rest = file.rest();
      // Undefined if it was truncated after it was rotated.
      if (rest !== undefined) file.content?.take(rest);
      file.content?.finish();
      if (!this.#record(file, record, true)) return;
    }
    this.#close(file);
  }

  #close(file: FollowedFile): void {
    this.#leaving = this.#leaving.filter((other) => other !== file);
    file.close();
  }
}

/** Whether so much is unread that recording in small batches would take far longer. */
function isBehind({ content, size }: FollowedFile): boolean {
  if (content === undefined || content.unrecordedBytes >= BATCH_BYTES) return false;
  return size - content.bytes > READ_BYTES;
}

async function* once(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}

function hexOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString('hex');
}
