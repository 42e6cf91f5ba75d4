import { createHash } from 'node:crypto';
import type { Seconds } from '../../blocklist/entry.ts';
import type { ContentDigest, Extent } from '../extent.ts';
import type { ReadOptions } from '../read-options.ts';
import { FollowedLines, type LinesTold } from './follow-lines.ts';

/** Without an event, it is recorded this often how far a log was read: reading it again is cheap. */
const UNEVENTFUL_BYTES = 4 * 2 ** 20;

/** What came to a log since the last batch, whole lines, to be recorded in one transaction. */
export interface Batch extends LinesTold {
  readonly name: string;
  /** The log from its beginning to the end of these lines. */
  readonly content: ContentDigest;
  /** The extents that are known of it: those from before it was opened, and of the first batch. */
  readonly known: readonly Extent[];
  /** The digest up to the end of the batch before, if it was not the first: this one takes its place. */
  readonly instead: Uint8Array | undefined;
  /** How many lines were read since it was opened. */
  readonly lineCount: number;
}

/**
 * `changed`: another process recorded something of the same log, so that it is not known what of
 * the batch is new; nothing was recorded.
 */
export type Recorded = 'recorded' | 'changed';

/** Stores a batch, whole or not at all; throws where it cannot. */
export type RecordBatch = (batch: Batch) => Recorded;

export interface FollowedPart {
  readonly name: string;
  /** Of the first line: see ContentDigest. */
  readonly head: Uint8Array;
  readonly known: readonly Extent[];
  /** So many bytes were counted at another time. */
  readonly newFrom: number;
  readonly service: string | undefined;
}

/** What was read of a log, from its first byte: its digest so far, and what its lines told. */
export class FollowedContent {
  readonly part: FollowedPart;
  readonly #lines: FollowedLines;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #recordedBytes: number;
  #instead: Uint8Array | undefined;
  #first: Extent | undefined;

  constructor(options: ReadOptions, part: FollowedPart) {
    this.part = part;
    this.#recordedBytes = part.newFrom;
    this.#lines = new FollowedLines(options, part.service, part.name, part.newFrom);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How much of it no batch has yet. */
  get unrecordedBytes(): number {
    return Math.max(0, this.#bytes - this.#recordedBytes);
  }

  /** The next bytes; where a batch is to follow they end with a line. */
  take(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    this.#lines.push(chunk);
  }

  finish(): void {
    this.#lines.finish();
  }

  /**
   * Records what is new, if it tells of something, is much, or `always`. `fileTime`: when the log
   * was last written to.
   */
  record(record: RecordBatch, fileTime: Seconds, always: boolean): Recorded {
    const isNew = this.#lines.isEventful || this.unrecordedBytes > (always ? 0 : UNEVENTFUL_BYTES);
    if (!isNew) return 'recorded';
    const { name, head } = this.part;
    const known = this.#first === undefined ? this.part.known : [...this.part.known, this.#first];
    const content = { bytes: this.#bytes, digest: this.#hash.copy().digest(), head };
    const { groups, logins, span } = this.#lines.take(fileTime);
    const [instead, lineCount] = [this.#instead, this.#lines.count];
    const recorded = record({ name, content, known, instead, lineCount, groups, logins, span });
    if (recorded === 'recorded') {
      // How it began stays known, so that a copy can be told that was made before the last lines.
      if (this.#first === undefined && this.part.newFrom === 0) this.#first = content;
      else this.#instead = content.digest;
      this.#recordedBytes = this.#bytes;
    }
    return recorded;
  }
}
