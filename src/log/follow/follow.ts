import { setImmediate as nextTurn } from 'node:timers/promises';
import { MAGIC_BYTES } from '../compression/format.ts';
import { headOf } from '../extent.ts';
import { LINE_LIMIT_BYTES } from '../lines.ts';
import { ownContent } from '../own-file.ts';
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
/** Whose own file a log is can be told from so much of it at most. */
const SAMPLE_BYTES = 65_536;
/** Rotations get other names while they are looked for, and logs are truncated; seldom twice. */
const TURNS = 5;

/**
 * A log that is followed across rotation and truncation, as `tail -F` does. How far it was read is
 * told by extents: whatever comes of this process, the next one finds its place by the digest of
 * what it read, in the log or in one of its rotations.
 */
export class FollowedLog {
  readonly name: string;
  #options: FollowOptions;
  /** Rotated, but perhaps not to its end; the oldest first. */
  #leaving: FollowedFile[] = [];
  #current: FollowedFile | undefined;
  /** There may be rotations that were not read. */
  #isToSearch = true;
  #isFirst = true;
  /** The first lines of rotations that were read before. */
  readonly #foundHeads = new Set<string>();

  constructor(name: string, options: FollowOptions) {
    this.name = name;
    this.#options = options;
  }

  /** What lies there under this name is compressed, and was not read. */
  get isCompressed(): boolean {
    return this.#current !== undefined && isCompressed(this.#current.beginning(MAGIC_BYTES));
  }

  get isThere(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Records what is new now; ends early where `isStopped`. Whatever it throws, what was not
   * recorded is read again at the next call.
   */
  async read(record: RecordBatch, isStopped: () => boolean): Promise<void> {
    for (let turn = 1; turn <= TURNS && !isStopped(); turn++) {
      this.#openCurrent();
      // Strictly in this order: where something of a file was recorded, all before it was read.
      if (this.#isToSearch) await this.#readRotations(record, isStopped);
      if (!this.#isToSearch) await this.#readFiles(record, isStopped);
      if (!this.#isToSearch) return;
    }
  }

  /** Records how far everything was read. */
  recordPlaces(record: RecordBatch): void {
    for (const file of this.#files()) this.#record(file, record, true);
  }

  /** Goes on with other options: what was recorded is read again, to know its connections. */
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

  /** The file of that name; one that has it no longer was rotated. */
  #openCurrent(): void {
    if (this.#current?.isAt(this.name)) return;
    const file = openFollowed(this.name, this.#isFirst);
    this.#isFirst = false;
    if (file === undefined) {
      if (this.#current === undefined) this.#options.report(`${this.name} is not there yet`);
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
    // What is left of those before comes first, so that it is not found twice.
    for (const file of leaving) {
      if (file.isSettled) await this.#readFile(file, record, isStopped);
    }
    const unread = await unreadRotations(this.name, this.#options, this.#current, leaving, (head) =>
      this.#foundHeads.add(hexOf(head)),
    );
    if (unread === undefined) return;
    this.#isToSearch = false;
    this.#leaving = [...leaving.filter((file) => !unread.includes(file)), ...unread];
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
      // Signals are heard between two batches.
      await nextTurn();
    }
  }

  /** It was truncated: what was copied before has what we did not see. */
  #beginAnew(file: FollowedFile, record: RecordBatch): void {
    this.#record(file, record, true);
    file.begin(undefined, 0);
    file.isOld = false;
    file.isSettled = false;
    if (file === this.#current) this.#isToSearch = true;
  }

  /**
   * Finds the place from which the file was not read, once it has a line, or `always`. Whether it
   * has begun.
   */
  async #begin(file: FollowedFile, always: boolean): Promise<boolean> {
    const { known: knownExtents, report } = this.#options;
    const { size } = file;
    const beginning = Buffer.from(file.beginning(LINE_LIMIT_BYTES + 1));
    const lineEnd = beginning.indexOf(NEWLINE);
    if (beginning.length === 0) return false;
    if (isCompressed(beginning)) {
      if (file === this.#current) {
        report(`${file.name} is compressed; only plain logs can be followed`);
      }
      return false;
    }
    if (lineEnd < 0 && beginning.length <= LINE_LIMIT_BYTES && !always) return false;
    const head = headOf(beginning);
    const known = knownExtents(head);
    let newFrom = 0;
    if (known.length > 0) {
      const found = await knownContent(file.chunks(size), () => known);
      newFrom = found.newFrom;
      if (file.isOld && found.isShorter && !this.#foundHeads.has(hexOf(head))) {
        report(
          `${file.name} is shorter than it was when it was read last; what comes is read, what is there is not read again`,
        );
        newFrom = size;
      }
    }
    const service = await this.#serviceOf(file);
    const content = new FollowedContent(this.#options, {
      name: this.name,
      head,
      known,
      newFrom,
      service,
    });
    for await (const chunk of file.chunks(newFrom)) content.take(chunk);
    file.begin(content, lineEnd < 0 ? beginning.length : lineEnd + 1);
    return true;
  }

  /** Whether it is recorded, or waits to be. If not, the file is read again from what is known. */
  #record(file: FollowedFile, record: RecordBatch, always: boolean): boolean {
    if (file.content === undefined) return true;
    const fileTime = Math.min(file.fileTime, this.#options.now());
    let isDone = false;
    try {
      isDone = file.content.record(record, fileTime, always) === 'recorded';
    } finally {
      if (!isDone) file.begin(undefined, 0);
    }
    return isDone;
  }

  /** The first lines may not tell yet whose own file it is, and the next ones do. */
  async #checkService(file: FollowedFile, record: RecordBatch): Promise<void> {
    const { content } = file;
    if (content === undefined || content.bytes > SAMPLE_BYTES) return;
    if (file.size <= content.bytes) return;
    const service = await this.#serviceOf(file);
    if (service === content.part.service) return;
    this.#record(file, record, true);
    file.begin(undefined, 0);
  }

  async #serviceOf(file: FollowedFile): Promise<string | undefined> {
    const { service, scanners } = this.#options;
    if (service !== undefined) return service;
    const sample = Buffer.from(file.beginning(SAMPLE_BYTES));
    // Half a line could be taken for another.
    const lines = sample.subarray(0, sample.lastIndexOf(NEWLINE) + 1);
    const services = new Set(scanners.map((scanner) => scanner.service));
    return (await ownContent(once(lines), services)).service;
  }

  /** Nobody writes to it any more. */
  #isLeft(file: FollowedFile): boolean {
    const isFollowed = this.#current !== undefined && this.#current.size > 0;
    return isFollowed && file.quietMilliseconds > GRACE_MILLISECONDS;
  }

  async #leave(file: FollowedFile, record: RecordBatch): Promise<void> {
    if (file.content !== undefined || (await this.#begin(file, true))) {
      const rest = file.allThereIs();
      // What was truncated after it was rotated has no end to read.
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

/** Whether there is so much more to read that recording it bit by bit would take far longer. */
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
